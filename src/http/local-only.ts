import type { FastifyInstance } from "fastify";

const BODY = {
  errors: [
    {
      message:
        "Without authentication this service is for this machine only. Ask it by 127.0.0.1 or localhost.",
      extensions: { code: "BAD_REQUEST" },
    },
  ],
};

/**
 * Refuses requests that name another host. Any page in a browser on this machine can have its own name point to 127.0.0.1 (DNS
 * rebinding), and is then of the same origin: neither CORS nor the prevention of CSRF stops it.
 */
export function serveLocalOnly(app: FastifyInstance, isLoopback: (host: string) => boolean): void {
  app.addHook("onRequest", (request, reply, done) => {
    if (isLoopback(request.hostname.toLowerCase())) done();
    else void reply.code(421).send(BODY);
  });
}
