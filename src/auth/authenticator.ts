import { createPublicKey, hash } from "node:crypto";
import { errors, type JWTPayload, jwtVerify, type JWTVerifyGetKey } from "jose";
import { LRUCache } from "lru-cache";
import { createKeyServer } from "./key-server.js";
import { algorithmsOf, PUBLIC_KEY_ALGORITHMS, type SkippedKey } from "./usable-keys.js";
import type { Clock } from "../cancellation/cancel/cancel-payment.js";
import {
  type Authenticate,
  type AuthSettings,
  type IdentifiedCaller,
  SCOPES,
} from "../cancellation/model/caller.js";

/** 1 to 255 characters, as OpenID Connect bounds it, none of them a control character, and not only blanks. */
export const NAMES_SOMEBODY = /^(?=.*\S)[^\p{Cc}\p{Cs}]{1,255}$/u;

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

export interface Authenticator {
  readonly authenticate: Authenticate;
  /** Fetches the key server's keys anew, so that those it no longer lists are refused. Never rejects. */
  readonly refreshKeys: () => Promise<void>;
}

export interface AuthenticatorParts {
  readonly clock: Clock;
  /** Of one fetch of the key server's keys. */
  readonly keyServerTimeoutMs: number;
  /** Told once when the key server begins to fail, and once when it answers again. */
  readonly onKeyServerDown: (error: unknown) => void;
  readonly onKeyServerUp: () => void;
  /** Told of malformed keys that the key server lists, whenever they are others than before. */
  readonly onKeysSkipped: (skipped: readonly SkippedKey[]) => void;
}

/** RFC 6750: the scheme in whatever case, and one blank or more. */
const BEARER = /^Bearer +([\w.-]+)$/iu;
/** An access token has 1 to 2 kB, and the whole header of a request 16. What is longer is not worth the arithmetic. */
const MAX_TOKEN_LENGTH = 8 * 1024;
/** Clocks of two servers differ by this much without a fault. */
const CLOCK_TOLERANCE_SECONDS = 5;

/** What a token can have wrong with it; everything else that goes wrong is the key server's trouble or ours. */
const TOKEN_ERRORS = [
  errors.JWTExpired,
  errors.JWTClaimValidationFailed,
  errors.JWTInvalid,
  errors.JWSInvalid,
  errors.JWSSignatureVerificationFailed,
  errors.JOSEAlgNotAllowed,
  errors.JOSENotSupported,
  errors.JWKSNoMatchingKey,
  errors.JWKSMultipleMatchingKeys,
];

/**
 * The answer of `authenticate` is null for a token that proves nothing; it rejects with a KeysUnavailableError when that cannot be
 * told.
 * @throws when the public key cannot be read or is of no use.
 */
export function createAuthenticator(
  settings: AuthSettings,
  allStoreIds: readonly string[],
  parts: AuthenticatorParts,
): Authenticator {
  if (settings.kind === "off") {
    const everybody = { subject: null, scopes: SCOPES, storeIds: allStoreIds, provenUntil: null };
    return { authenticate: () => Promise.resolve(everybody), refreshKeys: () => Promise.resolve() };
  }
  const { issuer, audience } = settings;
  const proven = new ProvenTokens();
  let fetches = 0;
  const onFetched = (): void => {
    fetches += 1;
    proven.forget();
  };
  const { keyOf, algorithms, refresh } = keysOf(settings, parts, onFetched);
  const options = {
    issuer,
    audience,
    algorithms: [...algorithms],
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
    requiredClaims: ["exp", "sub"],
  };
  return {
    refreshKeys: refresh,
    async authenticate(authorization) {
      const token = BEARER.exec(authorization ?? "")?.[1];
      if (token === undefined || token.length > MAX_TOKEN_LENGTH) return null;
      const nowMs = parts.clock.wallMs();
      const known = proven.callerOf(token, nowMs);
      if (known !== null) return known;
      try {
        const fetchesBefore = fetches;
        const { payload } = await jwtVerify(token, keyOf, { ...options, currentDate: new Date(nowMs) });
        const caller = toCaller(payload, allStoreIds);
        // With keys that were fetched meanwhile, it may not be valid any more.
        if (caller !== null && fetches === fetchesBefore) proven.keep(token, caller, nowMs);
        return caller;
      } catch (error) {
        if (TOKEN_ERRORS.some((kind) => error instanceof kind)) return null;
        throw error;
      }
    },
  };
}

interface Keys {
  readonly keyOf: JWTVerifyGetKey;
  readonly algorithms: readonly string[];
  readonly refresh: () => Promise<void>;
}

function keysOf(
  settings: Exclude<AuthSettings, { kind: "off" }>,
  parts: AuthenticatorParts,
  onFetched: () => void,
): Keys {
  if (settings.kind === "jwks") {
    const server = createKeyServer({
      url: settings.url,
      timeoutMs: parts.keyServerTimeoutMs,
      monotonicMs: () => parts.clock.monotonicMs(),
      onFetched,
      onDown: parts.onKeyServerDown,
      onUp: parts.onKeyServerUp,
      onSkipped: parts.onKeysSkipped,
    });
    // A key set names its keys' kinds, and is searched by the token's algorithm.
    return { ...server, algorithms: PUBLIC_KEY_ALGORITHMS };
  }
  const key = createPublicKey(settings.pem);
  return { keyOf: () => key, algorithms: algorithmsOf(key), refresh: () => Promise.resolve() };
}

/**
 * The `scope` claim (RFC 8693: words with blanks between) says what a caller may do, `stores` for which stores; without them it is
 * nothing, and for none.
 */
function toCaller(
  { sub, scope, stores, exp = 0 }: JWTPayload,
  allStoreIds: readonly string[],
): IdentifiedCaller | null {
  // Who asked for a cancel is kept with it: a token that does not say it, in a text, proves nothing.
  if (typeof sub !== "string" || !NAMES_SOMEBODY.test(sub)) return null;
  const claimed: readonly unknown[] = Array.isArray(stores) ? stores : [];
  const granted = typeof scope === "string" ? scope.split(" ") : [];
  return {
    subject: sub,
    scopes: SCOPES.filter((known) => granted.includes(known)),
    storeIds: allStoreIds.filter((id) => claimed.includes(id)),
    provenUntil: new Date((exp + CLOCK_TOLERANCE_SECONDS) * 1_000),
  };
}
