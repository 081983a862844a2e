import type { FastifyInstance, FastifyRequest } from "fastify";

/** Serves an HTML page at `/`, made for the address it was asked at. */
export function addPage(app: FastifyInstance, htmlFor: (graphqlEndpoint: string) => string): void {
  app.get("/", (request, reply) => reply.type("text/html; charset=utf-8").send(htmlFor(endpointOf(request))));
}

function endpointOf(request: FastifyRequest): string {
  return `${request.protocol}://${request.host}/graphql`;
}
