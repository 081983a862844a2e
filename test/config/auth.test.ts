import { generateKeyPairSync } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { DEVELOPMENT_ISSUER } from "../../src/config/auth.js";
import { faultsOf, PRODUCTION, read } from "../helpers/configuration.js";

const PUBLIC_KEY = generateKeyPairSync("ec", { namedCurve: "P-256" })
  .publicKey.export({ type: "spki", format: "pem" })
  .toString();

const claims = { AUTH_ISSUER: "me", AUTH_AUDIENCE: "you" };

describe("authentication", () => {
  test("is off without a word on loopback only", () => {
    for (const HOST of ["127.0.0.1", "127.1.2.3", "::1", "localhost"]) expect(faultsOf({ HOST })).toEqual([]);
  });

  test("lets any address be served once it is set", () => {
    expect(read({ ...claims, HOST: "0.0.0.0", AUTH_PUBLIC_KEY: PUBLIC_KEY }).auth).toEqual({
      kind: "publicKey",
      pem: PUBLIC_KEY.trim(),
      issuer: "me",
      audience: "you",
    });
  });

  test("takes a public key written on one line, as env files need it", () => {
    const AUTH_PUBLIC_KEY = PUBLIC_KEY.trim().replaceAll("\n", String.raw`\n`);
    expect(read({ ...claims, AUTH_PUBLIC_KEY }).auth).toMatchObject({ pem: PUBLIC_KEY.trim() });
  });

  test("wants one source of keys, and a public one", () => {
    const privateKey = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
    const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    expect(faultsOf({ ...claims, AUTH_PUBLIC_KEY: pem })).toEqual([
      expect.stringMatching(/^AUTH_PUBLIC_KEY: /u),
    ]);
    expect(faultsOf({ ...claims, AUTH_PUBLIC_KEY: PUBLIC_KEY, AUTH_JWKS_URL: "https://id" })).toEqual([
      expect.stringMatching(/^AUTH_PUBLIC_KEY: expected nothing beside AUTH_JWKS_URL/u),
    ]);
  });
});

describe("authentication is off only", () => {
  test.each(["0.0.0.0", "::", "localhost.example.com"])("on loopback: %s is not served without", (HOST) => {
    expect(faultsOf({ HOST })).toContain(
      `AUTH_JWKS_URL: expected the key server's URL (or AUTH_PUBLIC_KEY): HOST is ${HOST}, and without authentication only loopback may be served, found nothing`,
    );
  });

  test.each(["AUTH_ISSUER", "AUTH_AUDIENCE"])(
    "when nobody has begun to switch it on: %s without a key is not off",
    (name) => {
      expect(faultsOf({ [name]: "me" })).toContainEqual(
        expect.stringMatching(/^AUTH_JWKS_URL: expected .+, found nothing$/u),
      );
    },
  );
});

describe("a key server", () => {
  test("is not told a password, and the message does not either", () => {
    const AUTH_JWKS_URL = "https://user:s3cret@id.example.com/keys";
    expect(faultsOf({ ...PRODUCTION, AUTH_JWKS_URL })).toEqual([
      "AUTH_JWKS_URL: expected a URL without user and password, found one with",
    ]);
  });

  test("is asked over https in production, or on this machine", () => {
    const faults = (AUTH_JWKS_URL: string): readonly string[] => faultsOf({ ...PRODUCTION, AUTH_JWKS_URL });
    expect(faults("http://id.example.com/keys")).toEqual([
      expect.stringMatching(/^AUTH_JWKS_URL: expected an https URL: .+, found http$/u),
    ]);
    for (const url of [
      "https://id.example.com/keys?policy=b2c",
      "http://127.0.0.1:9000/keys",
      "http://[::1]/keys",
    ])
      expect(faults(url)).toEqual([]);
    expect(faultsOf({ ...claims, AUTH_JWKS_URL: "http://id.example.com/keys" })).toEqual([]);
  });
});

test("the issuer of development tokens is refused in production, and there alone", () => {
  expect(faultsOf({ ...PRODUCTION, AUTH_ISSUER: DEVELOPMENT_ISSUER })).toEqual([
    "AUTH_ISSUER: expected the issuer of your tokens, found the one of `npm run token`",
  ]);
  const AUTH_ISSUER = ` ${DEVELOPMENT_ISSUER}\n`;
  expect(faultsOf({ ...PRODUCTION, AUTH_ISSUER })).toHaveLength(1);
  expect(read({ ...claims, AUTH_ISSUER, AUTH_PUBLIC_KEY: PUBLIC_KEY }).auth).toMatchObject({
    issuer: DEVELOPMENT_ISSUER,
  });
});
