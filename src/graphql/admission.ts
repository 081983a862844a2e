import type { FastifyRequest, onRequestAsyncHookHandler, onRequestHookHandler } from "fastify";
import type { Authenticate, IdentifiedCaller } from "../cancellation/caller.js";

/** Who is let in. */
export interface Admission {
  /** Answer for whoever is not, before anything of a request is read. */
  readonly hooks: (onRequestHookHandler | onRequestAsyncHookHandler)[];
  callerOf(request: FastifyRequest): IdentifiedCaller;
  /** The same again, for whoever stays. */
  readonly authenticate: Authenticate;
}
