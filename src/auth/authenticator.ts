import { createPublicKey } from "node:crypto";
import { createRemoteJWKSet, errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from "jose";
import type { Caller } from "../cancellation/caller.js";

export type AuthSettings =
  | { readonly kind: "off" }
  | { readonly kind: "jwks"; readonly url: URL; readonly issuer: string; readonly audience: string }
  | { readonly kind: "publicKey"; readonly pem: string; readonly issuer: string; readonly audience: string };

/** Who calls, or null when the token does not prove it. */
export type Authenticate = (authorization: string | undefined) => Promise<Caller | null>;

/** Public-key signatures only: a shared secret could be mistaken for a public key (RS/HS confusion). */
const ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"];
/** Clocks of two servers differ by this much without a fault. */
const CLOCK_TOLERANCE_SECONDS = 5;

/** @throws when the public key cannot be read. */
export function createAuthenticator(settings: AuthSettings, allStoreIds: readonly string[]): Authenticate {
  if (settings.kind === "off") {
    const everybody: Caller = { subject: null, storeIds: allStoreIds };
    return () => Promise.resolve(everybody);
  }
  const { issuer, audience } = settings;
  const options = {
    issuer,
    audience,
    algorithms: ALGORITHMS,
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
    requiredClaims: ["exp", "sub"],
  };
  const key = keyOf(settings);
  return async (authorization) => {
    const token = /^Bearer ([\w.-]+)$/iu.exec(authorization ?? "")?.[1];
    if (token === undefined) return null;
    try {
      const { payload } = await jwtVerify(token, key, options);
      return toCaller(payload, allStoreIds);
    } catch (error) {
      // The key server's own troubles are not the caller's.
      if (error instanceof errors.JOSEError && !(error instanceof errors.JWKSTimeout)) return null;
      throw error;
    }
  };
}

function keyOf(settings: Exclude<AuthSettings, { kind: "off" }>): JWTVerifyGetKey {
  if (settings.kind === "jwks") return createRemoteJWKSet(settings.url);
  const key = createPublicKey(settings.pem);
  return () => key;
}

/** The `stores` claim lists the stores a caller may act for; without it there are none. */
function toCaller({ sub, stores }: JWTPayload, allStoreIds: readonly string[]): Caller {
  const claimed: readonly unknown[] = Array.isArray(stores) ? stores : [];
  return { subject: sub ?? null, storeIds: allStoreIds.filter((id) => claimed.includes(id)) };
}
