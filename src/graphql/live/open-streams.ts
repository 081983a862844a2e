import type { FastifyInstance, FastifyReply } from "fastify";

/** A reader who is well takes the end of a stream at once; one who is not would hold up a stop. */
const CUT_AFTER_MS = 1_000;

export interface OpenStreams {
  /** What ends it; that happens by itself when its caller hangs up, and when the server stops. */
  add(reply: FastifyReply): AbortController;
}

/** All requests for streams of one server. */
export function openStreams(app: FastifyInstance): OpenStreams {
  const open = new Map<FastifyReply, AbortController>();
  let isStopping = false;
  app.addHook("preClose", (done) => {
    isStopping = true;
    for (const ending of open.values()) ending.abort();
    const timer = setTimeout(() => {
      for (const reply of open.keys()) reply.raw.destroy();
    }, CUT_AFTER_MS);
    app.server.once("close", () => clearTimeout(timer));
    done();
  });
  return {
    add(reply) {
      const ending = new AbortController();
      if (isStopping) ending.abort();
      open.set(reply, ending);
      reply.raw.once("close", () => {
        open.delete(reply);
        ending.abort();
      });
      return ending;
    },
  };
}
