/**
 * What a caller may do.
 * - `cancellations:write`: cancel payments.
 * - `cancellations:read`: read the history.
 * - `cancellations:resolve`: look up and resolve UNKNOWN cancellations. This shows the record, so it needs `cancellations:read` too.
 */
export const SCOPES = ["cancellations:write", "cancellations:read", "cancellations:resolve"] as const;
export type Scope = (typeof SCOPES)[number];

/** An export needs the same scope as reading the history page by page. */
export const EXPORT_SCOPE: Scope = "cancellations:read";

/** Of a token, in characters. One of Microsoft Entra with 200 groups has 11 kB; checking a longer one is not worth the work. */
export const MAX_TOKEN_LENGTH = 16 * 1024;

/** Who is calling, what they may do, and for which stores. */
export interface Caller {
  /** The subject of the caller's token; null when authentication is off. */
  readonly subject: string | null;
  readonly scopes: readonly Scope[];
  /** The stores this caller may act for. Other stores do not exist for the caller. */
  readonly storeIds: readonly string[];
}

/** The caller, and when its token expires; null: never. */
export interface IdentifiedCaller extends Caller {
  readonly provenUntil: Date | null;
}

/**
 * The caller named by an Authorization header; null without a valid token. Rejects with a KeysUnavailableError while the keys
 * that would decide cannot be fetched.
 */
export type Authenticate = (authorization: string | undefined) => Promise<IdentifiedCaller | null>;

/** Lets callers in. `Request` is a request of the HTTP server; `Hooks` are options of its routes. */
export interface Admission<Request, Hooks> {
  /** For every route that needs a caller. They refuse before they read the body, so a flood of refused requests costs little. */
  readonly hooks: Hooks;
  /** The caller of a request that the hooks let in. */
  callerOf(request: Request): Caller;
  /**
   * Calls `onEnd` once, when the token of a request is no longer valid.
   * @returns stops watching.
   */
  watchToken(request: Request, onEnd: () => void): () => void;
}

/** Takes points from what a bucket may spend in a minute. The minute begins with the first of them. */
export type TakePoints = (bucket: string, points: number) => Promise<PointsTaken>;

export type PointsTaken =
  { readonly allowed: true } | { readonly allowed: false; readonly retryAfterSeconds: number };

/** Charges a bucket for what has been done already, also beyond what the minute has. */
export type ChargePenalty = (bucket: string, points: number) => Promise<void>;

/** How callers' tokens are checked. */
export type AuthSettings =
  | { readonly kind: "off" }
  | { readonly kind: "jwks"; readonly url: URL; readonly issuer: string; readonly audience: string }
  | { readonly kind: "publicKey"; readonly pem: string; readonly issuer: string; readonly audience: string };

/** A token cannot be checked now, because its key cannot be fetched. Not the caller's fault; trying again may help. */
export class KeysUnavailableError extends Error {
  override readonly name = "KeysUnavailableError";

  constructor(url: URL, cause: unknown) {
    super(`fetching the keys that check callers' tokens from ${url.origin}${url.pathname} failed`, { cause });
  }
}

/** An operation that clients may ask for, by its id or by exactly this text. */
export interface PersistedOperation {
  readonly id: string;
  readonly name: string;
  readonly body: string;
}
