import { createPublicKey, hash, type JsonWebKey, type KeyObject } from "node:crypto";
import {
  createRemoteJWKSet,
  customFetch,
  errors,
  type FetchImplementation,
  type JWTPayload,
  jwtVerify,
  type JWTVerifyGetKey,
} from "jose";
import { LRUCache } from "lru-cache";
import {
  type Authenticate,
  type AuthSettings,
  type IdentifiedCaller,
  KeysUnavailableError,
  MAX_TOKEN_LENGTH,
  SCOPES,
} from "../cancellation/model/caller.js";

/** A subject: 1 to 255 characters (the bound of OpenID Connect), no control characters, not only blanks. */
export const SUBJECT = /^(?=.*\S)[^\p{Cc}\p{Cs}]{1,255}$/u;

/** RFC 6750: the scheme in any case, and one blank or more. */
const BEARER = /^Bearer +([\w.-]+)$/iu;
/** How much the clocks of two servers may differ. */
const CLOCK_TOLERANCE_SECONDS = 5;
/** More programs than call at the same time. A forgotten token has its signature checked once more. */
const MAX_TOKENS = 1_000;
/** A key server answers within a second. Only callers with an unknown key wait for it. */
const KEY_SERVER_TIMEOUT_MS = 3_000;
/**
 * A token with an unknown key has the set fetched at most this often: short enough that nobody notices a rotation, long enough that
 * made-up key ids are no burden to the key server.
 */
const COOLDOWN_MS = 5_000;

const RSA = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];
const ED25519 = ["EdDSA", "Ed25519"];
const CURVES: Readonly<Record<string, string>> = {
  prime256v1: "ES256",
  secp384r1: "ES384",
  secp521r1: "ES512",
};
/** Public-key signatures only: a shared secret could be mistaken for a public key (RS/HS confusion). */
const PUBLIC_KEY_ALGORITHMS = [...RSA, ...Object.values(CURVES), ...ED25519];
/** Required by RFC 7518. jose would refuse a shorter key too, but at every request instead of at start. */
const MIN_RSA_BITS = 2048;

export interface Authenticator {
  readonly authenticate: Authenticate;
  /** Fetches the key server's keys again, so that withdrawn keys are refused. Never rejects. */
  readonly refreshKeys: () => Promise<void>;
  /** Whether a token can be checked: false until the key server has answered for the first time. */
  readonly hasKeys: () => boolean;
}

export interface KeyServerEvents {
  /** Called once when the key server begins to fail, and once when it answers again. */
  readonly onDown: (error: unknown) => void;
  readonly onUp: () => void;
  /** Called when the set holds keys that cannot be used, and not again while they are the same. `null` stands for one without a key id. */
  readonly onKeysSkipped: (kids: readonly (string | null)[]) => void;
}

/** @throws Error when the public key cannot be read or used. */
export function createAuthenticator(
  settings: AuthSettings,
  allStoreIds: readonly string[],
  events: KeyServerEvents,
  keyServerTimeoutMs = KEY_SERVER_TIMEOUT_MS,
): Authenticator {
  if (settings.kind === "off") {
    const anybody = { subject: null, scopes: SCOPES, storeIds: allStoreIds, provenUntil: null };
    return {
      authenticate: () => Promise.resolve(anybody),
      refreshKeys: () => Promise.resolve(),
      hasKeys: () => true,
    };
  }
  const { keyOf, algorithms, reload, hasKeys } =
    settings.kind === "jwks"
      ? keyServer(settings.url, keyServerTimeoutMs, events)
      : publicKey(createPublicKey(settings.pem));
  const options = {
    issuer: settings.issuer,
    audience: settings.audience,
    algorithms,
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
    requiredClaims: ["exp", "sub"],
  };
  /** Each signature is checked once and not at every request. By digest: a memory dump shows no token. */
  const proven = new LRUCache<string, { readonly caller: IdentifiedCaller; readonly sinceMs: number }>({
    max: MAX_TOKENS,
  });
  let refreshes = 0;

  return {
    hasKeys,
    async refreshKeys() {
      await reload();
      refreshes += 1;
      proven.clear();
    },
    async authenticate(authorization) {
      const token = BEARER.exec(authorization ?? "")?.[1];
      if (token === undefined || token.length > MAX_TOKEN_LENGTH) return null;
      const digest = hash("sha256", token, "base64");
      const nowMs = Date.now();
      const known = proven.get(digest);
      if (known !== undefined && isValidAt(nowMs, known)) return known.caller;
      const refreshesBefore = refreshes;
      try {
        const { payload } = await jwtVerify(token, keyOf, options);
        const caller = toCaller(payload, allStoreIds);
        // If keys were fetched meanwhile, its key may have been withdrawn.
        if (caller !== null && refreshes === refreshesBefore) proven.set(digest, { caller, sinceMs: nowMs });
        return caller;
      } catch (error) {
        if (error instanceof errors.JOSEError) return null;
        throw error;
      }
    },
  };
}

/** A clock that was set back may now be before the token's start. */
function isValidAt(
  nowMs: number,
  { caller, sinceMs }: { caller: IdentifiedCaller; sinceMs: number },
): boolean {
  return sinceMs <= nowMs && caller.provenUntil !== null && nowMs < caller.provenUntil.getTime();
}

interface Keys {
  readonly keyOf: JWTVerifyGetKey;
  readonly algorithms: string[];
  /** Never rejects. */
  readonly reload: () => Promise<void>;
  readonly hasKeys: () => boolean;
}

function publicKey(key: KeyObject): Keys {
  return {
    keyOf: () => key,
    algorithms: algorithmsOf(key),
    reload: () => Promise.resolve(),
    hasKeys: () => true,
  };
}

/** @throws Error for a key that can check no token. */
function algorithmsOf(key: KeyObject): string[] {
  const { modulusLength = 0, namedCurve = "" } = key.asymmetricKeyDetails ?? {};
  const curve = CURVES[namedCurve];
  if (key.asymmetricKeyType === "rsa" && modulusLength >= MIN_RSA_BITS) return RSA;
  if (key.asymmetricKeyType === "ec" && curve !== undefined) return [curve];
  if (key.asymmetricKeyType === "ed25519") return ED25519;
  throw new Error(
    `AUTH_PUBLIC_KEY: expected an RSA key of at least ${MIN_RSA_BITS} bits, one on P-256, P-384 or P-521, or an Ed25519 key, ` +
      `found ${key.asymmetricKeyType ?? "another"} ${namedCurve || (modulusLength > 0 ? `of ${modulusLength} bits` : "")}`.trimEnd(),
  );
}

/** jose picks the key by the token's algorithm and key id, and shares one fetch among concurrent callers. */
function keyServer(url: URL, timeoutMs: number, { onDown, onUp, onKeysSkipped }: KeyServerEvents): Keys {
  let isDown = false;
  let skippedBefore = "[]";
  const fetchKeySet: FetchImplementation = async (address, options) => {
    try {
      const response = await fetch(address, options);
      if (response.status !== 200)
        throw new Error(`fetching a key set: expected HTTP status 200, found ${response.status}`);
      const { keys } = (await response.json()) as { keys: readonly unknown[] };
      const usable = keys.filter(isUsable);
      const skipped = keys.filter((key) => !usable.includes(key)).map(kidOf);
      const found = JSON.stringify(skipped);
      if (skipped.length > 0 && found !== skippedBefore) onKeysSkipped(skipped);
      skippedBefore = found;
      if (isDown) onUp();
      isDown = false;
      return Response.json({ keys: usable });
    } catch (cause) {
      if (!isDown) onDown(cause);
      isDown = true;
      throw new KeysUnavailableError(url, cause);
    }
  };
  const keyOf = createRemoteJWKSet(url, {
    // The last keys stay in use however long the key server is away: nobody whose key is known waits for it.
    cacheMaxAge: Infinity,
    cooldownDuration: COOLDOWN_MS,
    timeoutDuration: timeoutMs,
    [customFetch]: fetchKeySet,
  });
  return {
    keyOf,
    algorithms: PUBLIC_KEY_ALGORITHMS,
    reload: () => keyOf.reload().catch(() => undefined),
    hasKeys: () => keyOf.jwks() !== undefined,
  };
}

/** RFC 7517, section 5: the other keys of a set stay in use. With one of these left in, jose may refuse the whole set. */
function isUsable(key: unknown): boolean {
  if (typeof key !== "object" || key === null) return false;
  // What only a symmetric key (`k`) or a private one (`d`) has: a key set is public.
  if ("k" in key || "d" in key) return false;
  if ("use" in key && key.use === "enc") return true;
  try {
    algorithmsOf(createPublicKey({ key: key as JsonWebKey, format: "jwk" }));
    return true;
  } catch {
    return false;
  }
}

function kidOf(key: unknown): string | null {
  const kid = (key as { kid?: unknown } | null)?.kid;
  return typeof kid === "string" ? kid : null;
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
  // A claim with one value is a text at many issuers.
  const claimed: readonly unknown[] = Array.isArray(stores) ? stores : [stores];
  const granted = typeof scope === "string" ? scope.split(" ") : [];
  return {
    subject: sub,
    scopes: SCOPES.filter((known) => granted.includes(known)),
    storeIds: allStoreIds.filter((id) => claimed.includes(id)),
    provenUntil: new Date((exp + CLOCK_TOLERANCE_SECONDS) * 1_000),
  };
}
