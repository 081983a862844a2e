import type { FastifyRequest, RouteShorthandOptions } from "fastify";
import type { Caller } from "../cancellation/model/caller.js";

/** Who is let in. */
export interface Admission {
  /** For every route that needs a caller. They answer for whoever is not let in, before anything of a request is read. */
  readonly hooks: Pick<RouteShorthandOptions, "onRequest" | "onSend">;
  callerOf(request: FastifyRequest): Caller;
  /**
   * For whoever stays: `onEnd` is called once, when the token of a request is no longer valid.
   * @returns what stops it.
   */
  watchToken(request: FastifyRequest, onEnd: () => void): () => void;
}
