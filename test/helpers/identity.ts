import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, SignJWT, type JWTPayload } from "jose";
import { SCOPES } from "../../src/cancellation/model/caller.js";

export const ISSUER = "https://id.example.com/";
export const AUDIENCE = "cancel-facade";

const KEY_PAIRS = {
  RS256: () => generateKeyPairSync("rsa", { modulusLength: 2048 }),
  ES256: () => generateKeyPairSync("ec", { namedCurve: "P-256" }),
};

/** Claims of any type, also wrong ones. */
type Claims = Readonly<Record<string, unknown>>;

/** Whoever issues the callers' tokens: a key pair, and a server that publishes the public one. */
export interface Identity {
  readonly jwksUrl: string;
  /** The first key pair, key-1. */
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
  readonly publicPem: string;
  /** The paths that the key server was asked for, all of them since `forgetRequests`. */
  readonly requests: readonly string[];
  forgetRequests(): void;
  /** What the key server answers from now on, instead of its keys. */
  answer(status: number, body: string, headers?: Readonly<Record<string, string>>): void;
  /** From now on it takes requests and keeps them waiting; with `begun`, after the beginning of an answer. */
  hang(begun?: boolean): void;
  /** From now on it cuts the connection of every request. */
  hangUp(): void;
  /** Answers with its keys again, also those it has kept waiting. */
  recover(): void;
  /** Makes another key, key-2 and so on, signs with it from now on, and publishes it alone or beside those before it. */
  rotate(others: "withdrawn" | "kept"): Promise<void>;
  /** A signed token of user-1 that runs for an hour and has every scope; undefined takes a claim out. */
  token(claims?: Claims, header?: object): Promise<string>;
  close(): Promise<void>;
}

/** @param alg ES256 for tests that want many: its keys are made at once, RSA's take half a second. */
export async function startIdentity(alg: keyof typeof KEY_PAIRS = "RS256"): Promise<Identity> {
  const first = KEY_PAIRS[alg]();
  let signing = { kid: "key-1", privateKey: first.privateKey };
  let keys: object[] = [await published(first.publicKey, "key-1")];
  const requests: string[] = [];
  const waiting: ServerResponse[] = [];
  const answerWithKeys = (response: ServerResponse): void => {
    if (!response.headersSent) response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ keys }));
  };
  let behave = answerWithKeys;
  const server = createServer((request, response) => {
    requests.push(request.url ?? "");
    behave(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    jwksUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`,
    ...first,
    publicPem: first.publicKey.export({ type: "spki", format: "pem" }).toString(),
    requests,
    forgetRequests: () => void requests.splice(0),
    answer(status, body, headers = {}) {
      behave = (response) =>
        void response.writeHead(status, { "content-type": "application/json", ...headers }).end(body);
    },
    hang(begun = false) {
      behave = (response) => {
        waiting.push(response);
        if (begun) response.writeHead(200, { "content-type": "application/json" }).flushHeaders();
      };
    },
    hangUp() {
      behave = (response) => void response.destroy();
    },
    recover() {
      behave = answerWithKeys;
      for (const response of waiting.splice(0)) answerWithKeys(response);
    },
    async rotate(others) {
      const { publicKey, privateKey } = KEY_PAIRS[alg]();
      const kid = `key-${Number(signing.kid.slice("key-".length)) + 1}`;
      keys = [...(others === "kept" ? keys : []), await published(publicKey, kid)];
      signing = { kid, privateKey };
    },
    token: (claims = {}, header = {}) =>
      new SignJWT(claimsWith(claims))
        .setProtectedHeader({ alg, kid: signing.kid, ...header })
        .sign(signing.privateKey),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function published(publicKey: KeyObject, kid: string): Promise<object> {
  return { ...(await exportJWK(publicKey)), kid, use: "sig" };
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
