import { generateKeyPairSync } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { faultsOf, read } from "../helpers/configuration.js";

const PUBLIC_KEY = generateKeyPairSync("ec", { namedCurve: "P-256" })
  .publicKey.export({ type: "spki", format: "pem" })
  .toString();

describe("authentication", () => {
  const claims = { AUTH_ISSUER: "me", AUTH_AUDIENCE: "you" };

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

  test.each(Object.keys(claims))("wants %s as soon as tokens are checked", (missing) => {
    const environment = { ...claims, AUTH_JWKS_URL: "https://id", [missing]: "" };
    expect(faultsOf(environment)).toEqual([
      expect.stringMatching(`^${missing}: expected .+, found nothing$`),
    ]);
  });
});
