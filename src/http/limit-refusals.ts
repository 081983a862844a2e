import type { FastifyRequest, onRequestAsyncHookHandler, onSendAsyncHookHandler } from "fastify";
import type { Caller } from "../cancellation/model/caller.js";
import { answerRefusal, Refusal } from "./refusal.js";

/**
 * Requests that are refused for what they are: not to be parsed, not valid, beyond a limit. Reading one costs as much as answering
 * another, and only what is answered has a cost that could be charged.
 */
export interface RefusalParts {
  /** In how many seconds a caller's requests are read again; null while they are. */
  readonly barredFor: (caller: Caller) => Promise<number | null>;
  readonly countRefusal: (caller: Caller) => Promise<void>;
  /** Told of each request that is not read. */
  readonly onBarred: () => void;
}

/** Every request to cancel that the documents of this project have is shorter. */
const SHORT_REQUEST_BYTES = 8_000;

/** Reads nothing more of a caller of whom so much was refused. The first hook comes before a body is read, the second has counted before its caller can ask again. */
export function limitRefusals(
  callerOf: (request: FastifyRequest) => Caller | undefined,
  { barredFor, countRefusal, onBarred }: RefusalParts,
): { readonly refuseBarred: onRequestAsyncHookHandler; readonly count: onSendAsyncHookHandler } {
  return {
    async refuseBarred(request, reply) {
      const caller = callerOf(request);
      const retryAfterSeconds = caller === undefined ? null : await barredFor(caller);
      if (retryAfterSeconds === null) return undefined;
      onBarred();
      const message = `Too many requests of this caller were refused: nothing more is read for ${retryAfterSeconds} s. This call did nothing; an earlier one with the same idempotency key may have.`;
      return answerRefusal(reply, new Refusal(429, "RATE_LIMITED", message, retryAfterSeconds));
    },
    async count(request, { statusCode }) {
      const caller = callerOf(request);
      if (caller !== undefined && isCounted(request, statusCode)) await countRefusal(caller);
    },
  };
}

function isCounted(request: FastifyRequest, status: number): boolean {
  // What comes too often has a limit of its own, by store, and costs little to read unless it is long.
  if (status === 429) return bytesOf(request) > SHORT_REQUEST_BYTES;
  return status >= 400 && status < 500;
}

function bytesOf({ url, headers }: FastifyRequest): number {
  // How long a body in chunks was, is not kept.
  if (headers["transfer-encoding"] !== undefined) return Number.POSITIVE_INFINITY;
  return url.length + Number(headers["content-length"] ?? 0);
}
