import type { FastifyRequest, onRequestAsyncHookHandler, onRequestHookHandler } from "fastify";
import type { Caller } from "../cancellation/caller.js";

/** Who is let in. */
export interface Admission {
  /** Answer for whoever is not, before anything of a request is read. */
  readonly hooks: (onRequestHookHandler | onRequestAsyncHookHandler)[];
  callerOf(request: FastifyRequest): Caller;
  /**
   * For whoever stays: `onEnd` is called once, when the token of a request is no longer valid.
   * @returns what stops it.
   */
  watchToken(request: FastifyRequest, onEnd: () => void): () => void;
}
