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

/** A subject: 1 to 255 characters (the bound of OpenID Connect), no control characters, not only blanks. */
export const SUBJECT = /^(?=.*\S)[^\p{Cc}\p{Cs}]{1,255}$/u;

/** More programs than call at the same time. A forgotten token has its signature checked once more. */
const MAX_TOKENS = 1_000;

/** The callers of checked tokens, so that a signature is checked once and not at every request. */
class ProvenTokens {
  /** By digest: a memory dump shows no token. */
  readonly #callers = new LRUCache<string, { readonly caller: IdentifiedCaller; readonly sinceMs: number }>({
    max: MAX_TOKENS,
  });

  /** Null for a token that must be checked. */
  callerOf(token: string, nowMs: number): IdentifiedCaller | null {
    const proven = this.#callers.get(digest(token));
    if (proven === undefined) return null;
    const { caller, sinceMs } = proven;
    // A clock that was set back may now be before the token's start.
    const isValid = sinceMs <= nowMs && caller.provenUntil !== null && nowMs < caller.provenUntil.getTime();
    return isValid ? caller : null;
  }

  keep(token: string, caller: IdentifiedCaller, nowMs: number): void {
    this.#callers.set(digest(token), { caller, sinceMs: nowMs });
  }

  /** Call this when the keys may have changed. */
  forget(): void {
    this.#callers.clear();
  }
}

function digest(token: string): string {
  return hash("sha256", token, "base64");
}

export interface Authenticator {
  readonly authenticate: Authenticate;
  /** Fetches the key server's keys again, so that withdrawn keys are refused. Never rejects. */
  readonly refreshKeys: () => Promise<void>;
}

export interface AuthenticatorDependencies {
  readonly clock: Clock;
  /** For one fetch of the key server's keys. */
  readonly keyServerTimeoutMs: number;
  /** Called once when the key server begins to fail, and once when it answers again. */
  readonly onKeyServerDown: (error: unknown) => void;
  readonly onKeyServerUp: () => void;
  /** Called with the malformed keys in the key server's set, whenever these change. */
  readonly onKeysSkipped: (skipped: readonly SkippedKey[]) => void;
}

/** RFC 6750: the scheme in any case, and one blank or more. */
const BEARER = /^Bearer +([\w.-]+)$/iu;
/** An access token has 1 to 2 kB. Checking a longer one is not worth the work. */
const MAX_TOKEN_LENGTH = 8 * 1024;
/** How much the clocks of two servers may differ. */
const CLOCK_TOLERANCE_SECONDS = 5;

/** Faults of a token. Every other error is the key server's fault or ours. */
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

/** @throws Error when the public key cannot be read or used. */
export function createAuthenticator(
  settings: AuthSettings,
  allStoreIds: readonly string[],
  dependencies: AuthenticatorDependencies,
): Authenticator {
  if (settings.kind === "off") {
    const anybody = { subject: null, scopes: SCOPES, storeIds: allStoreIds, provenUntil: null };
    return { authenticate: () => Promise.resolve(anybody), refreshKeys: () => Promise.resolve() };
  }
  const { issuer, audience } = settings;
  const proven = new ProvenTokens();
  let fetches = 0;
  const onFetched = (): void => {
    fetches += 1;
    proven.forget();
  };
  const { keyOf, algorithms, refresh } = keysOf(settings, dependencies, onFetched);
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
      const nowMs = dependencies.clock.wallMs();
      const known = proven.callerOf(token, nowMs);
      if (known !== null) return known;
      try {
        const fetchesBefore = fetches;
        const { payload } = await jwtVerify(token, keyOf, { ...options, currentDate: new Date(nowMs) });
        const caller = toCaller(payload, allStoreIds);
        // If keys were fetched meanwhile, it may no longer be valid.
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
  dependencies: AuthenticatorDependencies,
  onFetched: () => void,
): Keys {
  if (settings.kind === "jwks") {
    const server = createKeyServer({
      url: settings.url,
      timeoutMs: dependencies.keyServerTimeoutMs,
      monotonicMs: () => dependencies.clock.monotonicMs(),
      onFetched,
      onDown: dependencies.onKeyServerDown,
      onUp: dependencies.onKeyServerUp,
      onSkipped: dependencies.onKeysSkipped,
    });
    // jose searches the key set by the token's algorithm.
    return { ...server, algorithms: PUBLIC_KEY_ALGORITHMS };
  }
  const key = createPublicKey(settings.pem);
  return { keyOf: () => key, algorithms: algorithmsOf(key), refresh: () => Promise.resolve() };
}

/**
 * The `scope` claim (RFC 8693: words separated by blanks) lists what a caller may do, the `stores` claim for which stores. Without
 * them, it is nothing, for no store.
 */
function toCaller(
  { sub, scope, stores, exp = 0 }: JWTPayload,
  allStoreIds: readonly string[],
): IdentifiedCaller | null {
  // The subject is stored with every cancel, so a token without one is not valid.
  if (typeof sub !== "string" || !SUBJECT.test(sub)) return null;
  const claimed: readonly unknown[] = Array.isArray(stores) ? stores : [];
  const granted = typeof scope === "string" ? scope.split(" ") : [];
  return {
    subject: sub,
    scopes: SCOPES.filter((known) => granted.includes(known)),
    storeIds: allStoreIds.filter((id) => claimed.includes(id)),
    provenUntil: new Date((exp + CLOCK_TOLERANCE_SECONDS) * 1_000),
  };
}
