import { createHmac, createSign, type KeyObject } from "node:crypto";
import {
  createAuthenticator,
  type Authenticator,
  type KeyServerEvents,
} from "../../src/auth/authenticator.js";
import { AUDIENCE, ISSUER } from "../helpers/identity.js";

export const STORES = ["KR01", "KR02", "US01"];
const UNHEARD: KeyServerEvents = {
  onDown: () => undefined,
  onUp: () => undefined,
  onKeysSkipped: () => undefined,
};

export function withKeyServer(url: string, events = UNHEARD, timeoutMs?: number): Authenticator {
  const settings = { kind: "jwks", url: new URL(url), issuer: ISSUER, audience: AUDIENCE } as const;
  return createAuthenticator(settings, STORES, events, timeoutMs);
}

export function withPublicKey(key: KeyObject): Authenticator {
  const pem = key.export({ type: "spki", format: "pem" }).toString();
  return createAuthenticator({ kind: "publicKey", pem, issuer: ISSUER, audience: AUDIENCE }, STORES, UNHEARD);
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
