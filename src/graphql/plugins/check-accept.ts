import type { preHandlerHookHandler } from "fastify";
import Negotiator from "negotiator";

const JSON_TYPES = ["application/json", "application/graphql-response+json"];

/** Refuses a caller who takes no JSON before anything is done for it: Apollo Server would cancel first, and then not say how it went. */
export const checkAccept: preHandlerHookHandler = (request, reply, done) => {
  const { accept } = request.headers;
  // A GET changes nothing, and an address in a browser is answered as it always was.
  if (request.method !== "POST" || accept === undefined || takesJson(accept)) done();
  else {
    const message = `Answers are ${JSON_TYPES.join(" or ")}, which the Accept header of this request leaves out.`;
    void reply.code(406).send({ errors: [{ message, extensions: { code: "BAD_REQUEST" } }] });
  }
};

function takesJson(accept: string): boolean {
  return new Negotiator({ headers: { accept } }).mediaType([...JSON_TYPES]) !== undefined;
}
