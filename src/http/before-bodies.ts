import type { IncomingMessage } from "node:http";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

/**
 * Answers 404, or 405 where the address has other methods, before a body is read: Fastify would parse it first, for anybody. Its hook
 * is the last before the parser, so that whatever else refuses a request, or gives an answer its headers, has come before.
 */
export function refuseUnknownRoutes(app: FastifyInstance): void {
  const methods = new Map<string, Set<string>>();
  app.addHook("onRoute", ({ url, method }) => {
    const known = methods.get(url) ?? new Set();
    for (const each of [method].flat()) known.add(each);
    methods.set(url, known);
  });

  function refuse({ url }: FastifyRequest, reply: FastifyReply): FastifyReply {
    const known = methods.get(url.split("?")[0] ?? url);
    if (known === undefined)
      return reply.code(404).send(errorBody("NOT_FOUND", "There is nothing here. The API is at /graphql."));
    const allowed = [...known].sort().join(", ");
    return reply
      .code(405)
      .header("allow", allowed)
      .send(errorBody("BAD_REQUEST", `This address takes ${allowed}.`));
  }

  app.addHook("preParsing", (request, reply, _payload, done) => {
    if (request.is404) void refuse(request, reply);
    else done();
  });
}

/**
 * Whether a body is still to come when a request is answered. Node would read and drop all of it for the sake of the next request on
 * the connection; it does not when the answer says that the connection ends.
 */
export function hasUnreadBody({ headers, complete }: IncomingMessage): boolean {
  const isAnnounced = headers["transfer-encoding"] !== undefined || Number(headers["content-length"]) > 0;
  return isAnnounced && !complete;
}

function errorBody(code: string, message: string): object {
  return { errors: [{ message, extensions: { code } }] };
}
