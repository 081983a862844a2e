import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, SignJWT, type JWTPayload } from "jose";
import { SCOPES } from "../../src/cancellation/caller.js";

export const ISSUER = "https://id.example.com/";
export const AUDIENCE = "cancel-facade";

/** Claims of any type, also wrong ones. */
type Claims = Readonly<Record<string, unknown>>;

/** Whoever issues the callers' tokens: a key pair, and a server that publishes the public one. */
export interface Identity {
  readonly jwksUrl: string;
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
  readonly publicPem: string;
  /** What the key server answers from now on, instead of its keys. */
  answer(status: number, body: string): void;
  /** A signed token of user-1 that runs for an hour and has every scope; undefined takes a claim out. */
  token(claims?: Claims, header?: object): Promise<string>;
  close(): Promise<void>;
}

export async function startIdentity(): Promise<Identity> {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const keys = [{ ...(await exportJWK(publicKey)), kid: "key-1", use: "sig" }];
  let [status, body] = [200, JSON.stringify({ keys })];
  const server = createServer((_request, response) => {
    response.writeHead(status, { "content-type": "application/json" }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    jwksUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`,
    publicKey,
    privateKey,
    publicPem: publicKey.export({ type: "spki", format: "pem" }).toString(),
    answer: (...answer) => {
      [status, body] = answer;
    },
    token: (claims = {}, header = {}) =>
      new SignJWT(claimsWith(claims))
        .setProtectedHeader({ alg: "RS256", kid: "key-1", ...header })
        .sign(privateKey),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export function claimsWith(changes: Claims = {}): JWTPayload {
  return {
    sub: "user-1",
    scope: SCOPES.join(" "),
    iss: ISSUER,
    aud: AUDIENCE,
    exp: secondsFromNow(3600),
    ...changes,
  };
}

export function secondsFromNow(seconds: number): number {
  return Math.floor(Date.now() / 1000) + seconds;
}
