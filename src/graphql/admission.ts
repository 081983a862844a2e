import type { FastifyRequest, onRequestAsyncHookHandler, onRequestHookHandler } from "fastify";
import type { Caller } from "../cancellation/caller.js";

/** Who calls, and until when it is proven; null: without end. */
export interface IdentifiedCaller extends Caller {
  readonly provenUntil: Date | null;
}

/** Who calls, from the Authorization header; null when nobody has proven to be. Rejects while that cannot be told. */
export type Authenticate = (authorization: string | undefined) => Promise<IdentifiedCaller | null>;

/** Who is let in. */
export interface Admission {
  /** Answer for whoever is not, before anything of a request is read. */
  readonly hooks: (onRequestHookHandler | onRequestAsyncHookHandler)[];
  callerOf(request: FastifyRequest): IdentifiedCaller;
  /** The same again, for whoever stays. */
  readonly authenticate: Authenticate;
}
