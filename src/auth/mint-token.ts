import type { KeyObject } from "node:crypto";
import { SignJWT } from "jose";
import type { Scope } from "../cancellation/model/caller.js";

/** What a development token says of its bearer. */
export interface TokenClaims {
  readonly issuer: string;
  readonly audience: string;
  readonly subject: string;
  readonly scopes: readonly Scope[];
  readonly storeIds: readonly string[];
  readonly issuedAtMs: number;
  readonly lifetimeSeconds: number;
}

/** A signed token as a real issuer's would be. @param privateKey on P-256. */
export function mintToken(privateKey: KeyObject, claims: TokenClaims): Promise<string> {
  const issuedAt = Math.floor(claims.issuedAtMs / 1_000);
  return new SignJWT({ scope: claims.scopes.join(" "), stores: claims.storeIds })
    .setProtectedHeader({ alg: "ES256", typ: "at+jwt" })
    .setIssuer(claims.issuer)
    .setAudience(claims.audience)
    .setSubject(claims.subject)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + claims.lifetimeSeconds)
    .sign(privateKey);
}
