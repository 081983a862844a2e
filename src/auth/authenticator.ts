import { createPublicKey } from "node:crypto";
import { createRemoteJWKSet, errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from "jose";
import { SCOPES, type Caller } from "../cancellation/caller.js";
import { algorithmsOf, PUBLIC_KEY_ALGORITHMS } from "./algorithms.js";

export type AuthSettings =
  | { readonly kind: "off" }
  | { readonly kind: "jwks"; readonly url: URL; readonly issuer: string; readonly audience: string }
  | { readonly kind: "publicKey"; readonly pem: string; readonly issuer: string; readonly audience: string };

/** Who calls, or null when the token does not prove it. */
export type Authenticate = (authorization: string | undefined) => Promise<Caller | null>;

/** 1 to 255 characters, as OpenID Connect bounds it, none of them a control character, and not only blanks. */
const NAMES_SOMEBODY = /^(?=.*\S)[^\p{Cc}\p{Cs}]{1,255}$/u;
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
 * The answer of `authenticate` is null for a token that proves nothing; it rejects when the key server fails.
 * @throws when the public key cannot be read or is of no use.
 */
export function createAuthenticator(settings: AuthSettings, allStoreIds: readonly string[]): Authenticate {
  if (settings.kind === "off") {
    const everybody: Caller = { subject: null, scopes: SCOPES, storeIds: allStoreIds };
    return () => Promise.resolve(everybody);
  }
  const { issuer, audience } = settings;
  const { getKey, algorithms } = keyOf(settings);
  const options = {
    issuer,
    audience,
    algorithms: [...algorithms],
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
    requiredClaims: ["exp", "sub"],
  };
  return async (authorization) => {
    const token = /^Bearer ([\w.-]+)$/iu.exec(authorization ?? "")?.[1];
    if (token === undefined) return null;
    try {
      const { payload } = await jwtVerify(token, getKey, options);
      return toCaller(payload, allStoreIds);
    } catch (error) {
      if (TOKEN_ERRORS.some((kind) => error instanceof kind)) return null;
      throw error;
    }
  };
}

interface Key {
  readonly getKey: JWTVerifyGetKey;
  readonly algorithms: readonly string[];
}

function keyOf(settings: Exclude<AuthSettings, { kind: "off" }>): Key {
  // A key set names its keys' kinds, and is searched by the token's algorithm.
  if (settings.kind === "jwks")
    return { getKey: createRemoteJWKSet(settings.url), algorithms: PUBLIC_KEY_ALGORITHMS };
  const key = createPublicKey(settings.pem);
  return { getKey: () => key, algorithms: algorithmsOf(key) };
}

/**
 * The `scope` claim (RFC 8693: words with blanks between) says what a caller may do, `stores` for which stores; without them it is
 * nothing, and for none.
 */
function toCaller({ sub, scope, stores }: JWTPayload, allStoreIds: readonly string[]): Caller | null {
  // Who asked for a cancel is kept with it: a token that does not say it, in a text, proves nothing.
  if (typeof sub !== "string" || !NAMES_SOMEBODY.test(sub)) return null;
  const claimed: readonly unknown[] = Array.isArray(stores) ? stores : [];
  const granted = typeof scope === "string" ? scope.split(" ") : [];
  return {
    subject: sub,
    scopes: SCOPES.filter((known) => granted.includes(known)),
    storeIds: allStoreIds.filter((id) => claimed.includes(id)),
  };
}
