import { generateKeyPairSync } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { SignJWT } from "jose";
import { claimsWith } from "../helpers/identity.js";
import { forged, withPublicKey } from "./tokens.js";

describe("with a public key", () => {
  test.each([
    ["P-256", "ES256"],
    ["P-384", "ES384"],
    ["P-521", "ES512"],
  ])("on %s checks %s, and does not fail at the other curves' algorithms", async (namedCurve, alg) => {
    const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve });
    const { authenticate } = withPublicKey(publicKey);
    const token = await new SignJWT(claimsWith()).setProtectedHeader({ alg }).sign(privateKey);
    expect(await authenticate(`Bearer ${token}`)).toMatchObject({ subject: "user-1" });
    for (const other of ["ES256", "ES384", "ES512", "RS256", "EdDSA"].filter((name) => name !== alg)) {
      const wrong = forged({ alg: other }, claimsWith(), () => Buffer.alloc(64, 1));
      expect(await authenticate(`Bearer ${wrong}`)).toBeNull();
    }
  });

  test("of Ed25519 checks EdDSA", async () => {
    const { publicKey, privateKey } = generateKeyPairSync("ed25519");
    const token = await new SignJWT(claimsWith()).setProtectedHeader({ alg: "EdDSA" }).sign(privateKey);
    expect(await withPublicKey(publicKey).authenticate(`Bearer ${token}`)).toMatchObject({
      subject: "user-1",
    });
  });

  test.each([
    ["a short RSA key", generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey],
    ["a key that only agrees on keys", generateKeyPairSync("x25519").publicKey],
    ["a key on an unknown curve", generateKeyPairSync("ec", { namedCurve: "secp256k1" }).publicKey],
  ])("refuses %s at start", (_what, key) => {
    expect(() => withPublicKey(key)).toThrow(/^AUTH_PUBLIC_KEY: expected an RSA key of at least 2048 bits/u);
  });
});
