import type { FastifyRequest, RouteShorthandOptions } from "fastify";
import type { Authenticate, IdentifiedCaller } from "../cancellation/caller.js";

/** Who is let in. */
export interface Admission {
  /** For every route that needs a caller. They answer for whoever is not let in, before anything of a request is read. */
  readonly hooks: Pick<RouteShorthandOptions, "onRequest" | "onSend">;
  callerOf(request: FastifyRequest): IdentifiedCaller;
  /** The same again, for whoever stays. */
  readonly authenticate: Authenticate;
}
