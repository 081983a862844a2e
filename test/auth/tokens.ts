import { createHmac, createSign, type KeyObject } from "node:crypto";
import {
  createAuthenticator,
  type Authenticator,
  type AuthenticatorDependencies,
} from "../../src/auth/authenticator.js";
import { AUDIENCE, ISSUER } from "../helpers/identity.js";

export const STORES = ["KR01", "KR02", "US01"];

const DEPENDENCIES: AuthenticatorDependencies = {
  clock: { monotonicMs: () => performance.now(), wallMs: () => Date.now() },
  keyServerTimeoutMs: 3_000,
  onKeyServerDown: () => undefined,
  onKeyServerUp: () => undefined,
  onKeysSkipped: () => undefined,
};

export function withKeyServer(
  url: string,
  dependencies: Partial<AuthenticatorDependencies> = {},
): Authenticator {
  const settings = { kind: "jwks", url: new URL(url), issuer: ISSUER, audience: AUDIENCE } as const;
  return createAuthenticator(settings, STORES, { ...DEPENDENCIES, ...dependencies });
}

export function withPublicKey(
  key: KeyObject,
  dependencies: Partial<AuthenticatorDependencies> = {},
): Authenticator {
  const pem = key.export({ type: "spki", format: "pem" }).toString();
  const settings = { kind: "publicKey", pem, issuer: ISSUER, audience: AUDIENCE } as const;
  return createAuthenticator(settings, STORES, { ...DEPENDENCIES, ...dependencies });
}

export function switchedOff(): Authenticator {
  return createAuthenticator({ kind: "off" }, STORES, DEPENDENCIES);
}

export function encoded(value: unknown): string {
  return Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
}

export type Signature = (input: string) => Buffer;

/** A token with whatever header and payload, and the signature that this makes of them. */
export function forged(header: unknown, payload: unknown, signature: Signature): string {
  const input = `${encoded(header)}.${encoded(payload)}`;
  return `${input}.${signature(input).toString("base64url")}`;
}

export const rs256 =
  (key: KeyObject): Signature =>
  (input) =>
    createSign("RSA-SHA256").update(input).sign(key);

export const hs256 =
  (secret: string | Buffer): Signature =>
  (input) =>
    createHmac("sha256", secret).update(input).digest();

export const unsigned: Signature = () => Buffer.alloc(0);
