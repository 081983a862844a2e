import type { preHandlerHookHandler } from "fastify";
import Negotiator from "negotiator";

const EVENTS = "text/event-stream";

/** Refuses a caller who takes no event stream before anything is followed for it. */
export const checkTakesEvents: preHandlerHookHandler = (request, reply, done) => {
  const { accept = EVENTS } = request.headers;
  if (new Negotiator({ headers: { accept } }).mediaType([EVENTS]) !== undefined) done();
  else {
    const message = `The answer is a ${EVENTS}, which the Accept header of this request leaves out.`;
    void reply.code(406).send({ errors: [{ message, extensions: { code: "BAD_REQUEST" } }] });
  }
};
