import { hash } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { IdentifiedCaller } from "../cancellation/model/caller.js";

/** Programs that call at the same time; of whoever else comes, the signature is checked once more. */
const MAX_TOKENS = 1_000;

/**
 * Whose tokens have been checked, so that a signature is checked once and not at every request. For as long as the token is valid, and
 * the keys are those it was checked with.
 */
export class ProvenTokens {
  /** By digest: nobody finds a token here. */
  readonly #callers = new LRUCache<string, { readonly caller: IdentifiedCaller; readonly sinceMs: number }>({
    max: MAX_TOKENS,
  });

  /** Null for a token that has to be checked. */
  callerOf(token: string, nowMs: number): IdentifiedCaller | null {
    const proven = this.#callers.get(digest(token));
    if (proven === undefined) return null;
    const { caller, sinceMs } = proven;
    // A clock that was put back may have gone behind the beginning of the token.
    const isValid = sinceMs <= nowMs && caller.provenUntil !== null && nowMs < caller.provenUntil.getTime();
    return isValid ? caller : null;
  }

  keep(token: string, caller: IdentifiedCaller, nowMs: number): void {
    this.#callers.set(digest(token), { caller, sinceMs: nowMs });
  }

  /** The keys may be others now. */
  forget(): void {
    this.#callers.clear();
  }
}

function digest(token: string): string {
  return hash("sha256", token, "base64");
}
