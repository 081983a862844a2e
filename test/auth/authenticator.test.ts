import { createHmac, createSign, generateKeyPairSync, sign, type KeyObject } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { SignJWT } from "jose";
import { createAuthenticator, type Authenticate } from "../../src/auth/authenticator.js";
import { SCOPES } from "../../src/cancellation/caller.js";
import {
  AUDIENCE,
  claimsWith,
  ISSUER,
  secondsFromNow,
  startIdentity,
  type Identity,
} from "../helpers/identity.js";

const STORES = ["KR01", "KR02", "US01"];
/** More than two servers' clocks may differ. */
const LATE_SECONDS = 60;

let identity: Identity;
beforeAll(async () => {
  identity = await startIdentity();
});
afterAll(() => identity.close());

function withKeyServer(url = identity.jwksUrl): Authenticate {
  return createAuthenticator({ kind: "jwks", url: new URL(url), issuer: ISSUER, audience: AUDIENCE }, STORES);
}

function withPublicKey(key: KeyObject = identity.publicKey): Authenticate {
  const pem = key.export({ type: "spki", format: "pem" }).toString();
  return createAuthenticator({ kind: "publicKey", pem, issuer: ISSUER, audience: AUDIENCE }, STORES);
}

function encoded(value: unknown): string {
  return Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
}

/** A token with whatever header and payload, and the signature that this makes of them. */
function forged(header: unknown, payload: unknown, signature: (input: string) => Buffer): string {
  const input = `${encoded(header)}.${encoded(payload)}`;
  return `${input}.${signature(input).toString("base64url")}`;
}

const rs256 = (input: string): Buffer => createSign("RSA-SHA256").update(input).sign(identity.privateKey);
const hs256 = (secret: string | Buffer) => (input: string) =>
  createHmac("sha256", secret).update(input).digest();
const nothing = (): Buffer => Buffer.alloc(0);

describe.each([
  ["a key server", withKeyServer],
  ["a public key", withPublicKey],
])("with %s", (_source, authenticator) => {
  test("knows the caller of a valid token", async () => {
    const token = await identity.token({ stores: ["KR01"] });
    expect(await authenticator()(`Bearer ${token}`)).toEqual({
      subject: "user-1",
      scopes: SCOPES,
      storeIds: ["KR01"],
    });
    expect(await authenticator()(`bearer ${token}`)).toMatchObject({ subject: "user-1" });
  });

  test("takes one audience among several", async () => {
    const token = await identity.token({ aud: ["other", AUDIENCE] });
    expect(await authenticator()(`Bearer ${token}`)).toMatchObject({ subject: "user-1" });
  });

  test("forgives clocks that differ a little", async () => {
    const token = await identity.token({ exp: secondsFromNow(-1), nbf: secondsFromNow(1) });
    expect(await authenticator()(`Bearer ${token}`)).toMatchObject({ subject: "user-1" });
  });

  test.each([
    ["has expired", () => identity.token({ exp: secondsFromNow(-LATE_SECONDS) })],
    ["is not valid yet", () => identity.token({ nbf: secondsFromNow(LATE_SECONDS) })],
    ["never expires", () => identity.token({ exp: undefined })],
    ["expires at no time", () => identity.token({ exp: "tomorrow" })],
    ["comes from another issuer", () => identity.token({ iss: "https://elsewhere.example.com/" })],
    ["comes from an issuer that begins alike", () => identity.token({ iss: `${ISSUER}x` })],
    ["names no issuer", () => identity.token({ iss: undefined })],
    ["is for another audience", () => identity.token({ aud: "other" })],
    ["is for no audience", () => identity.token({ aud: undefined })],
    ["names nobody", () => identity.token({ sub: undefined })],
    ["names a blank", () => identity.token({ sub: " " })],
    ["names somebody with a NUL", () => identity.token({ sub: "a\u0000b" })],
    ["names somebody in 256 characters", () => identity.token({ sub: "a".repeat(256) })],
    ["names a number", () => identity.token({ sub: 7 })],
    ["is not signed", () => forged({ alg: "none" }, claimsWith(), nothing)],
    ["is not signed, and says so in capitals", () => forged({ alg: "NONE" }, claimsWith(), nothing)],
    ["has lost its signature", () => forged({ alg: "RS256", kid: "key-1" }, claimsWith(), nothing)],
    ["has no algorithm", () => forged({ kid: "key-1" }, claimsWith(), rs256)],
    ["has an unknown algorithm", () => forged({ alg: "RS255", kid: "key-1" }, claimsWith(), rs256)],
    ["has an algorithm of another kind of key", () => forged({ alg: "ES256" }, claimsWith(), rs256)],
    ["demands what is not known", () => forged({ alg: "RS256", crit: ["x"], x: 1 }, claimsWith(), rs256)],
    [
      "is signed with the public key as a shared secret",
      () => forged({ alg: "HS256", kid: "key-1" }, claimsWith(), hs256(identity.publicPem)),
    ],
    [
      "is signed with the public key as a shared secret, in DER",
      () =>
        forged(
          { alg: "HS256" },
          claimsWith(),
          hs256(identity.publicKey.export({ type: "spki", format: "der" })),
        ),
    ],
    ["is signed with an empty secret", () => forged({ alg: "HS256" }, claimsWith(), hs256(""))],
    [
      "brings its own key",
      () => {
        const own = generateKeyPairSync("rsa", { modulusLength: 2048 });
        const jwk = own.publicKey.export({ format: "jwk" });
        return forged({ alg: "RS256", jwk }, claimsWith(), (input) =>
          sign("RSA-SHA256", Buffer.from(input), own.privateKey),
        );
      },
    ],
    [
      "was changed after it was signed",
      async () => {
        const [header, , signature] = (await identity.token()).split(".");
        return `${header}.${encoded(claimsWith({ stores: STORES }))}.${signature}`;
      },
    ],
    ["has claims that are not JSON", () => forged({ alg: "RS256", kid: "key-1" }, "claims", rs256)],
    ["has claims that are no object", () => forged({ alg: "RS256", kid: "key-1" }, [1], rs256)],
    ["has a header that is not JSON", () => forged("header", claimsWith(), rs256)],
    ["is garbage", () => "garbage"],
    ["is three pieces of garbage", () => "a.b.c"],
    ["is empty", () => ""],
  ])("does not believe a token that %s", async (_what, make) => {
    expect(await authenticator()(`Bearer ${await make()}`)).toBeNull();
  });

  test.each([undefined, "", "Bearer", "Bearer ", "Basic dXNlcjpwYXNz", "garbage", "Bearer a b", "\0"])(
    "does not believe the header %j",
    async (header) => {
      expect(await authenticator()(header)).toBeNull();
    },
  );

  test("does not believe a valid token that something stands behind", async () => {
    const token = await identity.token();
    expect(await authenticator()(`Bearer ${token}, Bearer ${token}`)).toBeNull();
    expect(await authenticator()(token)).toBeNull();
  });
});

describe("lets a caller act for", () => {
  test.each([
    ["the stores that the token lists", ["US01", "KR01"], ["KR01", "US01"]],
    ["no store that is not served here", ["KR01", "JP01"], ["KR01"]],
    ["no store twice", ["KR01", "KR01"], ["KR01"]],
    ["no store when the token lists none", [], []],
    ["no store when the claim is missing", undefined, []],
    ["no store when the claim is null", null, []],
    ["no store when the claim is not a list", "KR01", []],
    ["no store when the claim is an object", { KR01: true }, []],
    ["no store by a pattern", ["*", "KR%", 1, null, ["KR01"]], []],
  ])("%s", async (_what, stores, storeIds) => {
    const token = await identity.token({ stores });
    expect(await withPublicKey()(`Bearer ${token}`)).toMatchObject({ subject: "user-1", storeIds });
  });

  test("every store, as nobody in particular, when authentication is off", async () => {
    const anybody = createAuthenticator({ kind: "off" }, STORES);
    expect(await anybody(undefined)).toEqual({ subject: null, scopes: SCOPES, storeIds: STORES });
    expect(await anybody("Bearer garbage")).toEqual({ subject: null, scopes: SCOPES, storeIds: STORES });
  });
});

describe("with a public key", () => {
  test.each([
    ["P-256", "ES256"],
    ["P-384", "ES384"],
    ["P-521", "ES512"],
  ])("on %s checks %s, and does not fail at the other curves' algorithms", async (namedCurve, alg) => {
    const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve });
    const token = await new SignJWT(claimsWith()).setProtectedHeader({ alg }).sign(privateKey);
    expect(await withPublicKey(publicKey)(`Bearer ${token}`)).toMatchObject({ subject: "user-1" });
    for (const other of ["ES256", "ES384", "ES512", "RS256", "EdDSA"].filter((name) => name !== alg)) {
      const wrong = forged({ alg: other }, claimsWith(), () => Buffer.alloc(64, 1));
      expect(await withPublicKey(publicKey)(`Bearer ${wrong}`)).toBeNull();
    }
  });

  test("of Ed25519 checks EdDSA", async () => {
    const { publicKey, privateKey } = generateKeyPairSync("ed25519");
    const token = await new SignJWT(claimsWith()).setProtectedHeader({ alg: "EdDSA" }).sign(privateKey);
    expect(await withPublicKey(publicKey)(`Bearer ${token}`)).toMatchObject({ subject: "user-1" });
  });

  test.each([
    ["a short RSA key", generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey],
    ["a key that only agrees on keys", generateKeyPairSync("x25519").publicKey],
    ["a key on an unknown curve", generateKeyPairSync("ec", { namedCurve: "secp256k1" }).publicKey],
  ])("refuses %s at start", (_what, key) => {
    expect(() => withPublicKey(key)).toThrow(/^AUTH_PUBLIC_KEY: expected an RSA key of at least 2048 bits/u);
  });
});

describe("with a key server", () => {
  test("does not believe a token of a key that it does not publish", async () => {
    const other = await startIdentity();
    const token = await other.token();
    await other.close();
    expect(await withKeyServer()(`Bearer ${token}`)).toBeNull();
    expect(await withKeyServer()(`Bearer ${await identity.token({}, { kid: "key-2" })}`)).toBeNull();
  });

  test.each([
    ["answers with an error", 500, "{}"],
    ["does not find the keys", 404, ""],
    ["answers with something else than JSON", 200, "<html>"],
    ["answers with something else than keys", 200, '{"keys": "none"}'],
  ])("fails, and does not blame the caller, when it %s", async (_what, status, body) => {
    const broken = await startIdentity();
    const token = await broken.token();
    broken.answer(status, body);
    await expect(withKeyServer(broken.jwksUrl)(`Bearer ${token}`)).rejects.toThrow();
    await broken.close();
  });

  test("fails, and does not blame the caller, when it is down", async () => {
    const gone = await startIdentity();
    const token = await gone.token();
    await gone.close();
    await expect(withKeyServer(gone.jwksUrl)(`Bearer ${token}`)).rejects.toThrow();
  });

  test("tells garbage from a token without asking it", async () => {
    const gone = await startIdentity();
    await gone.close();
    expect(await withKeyServer(gone.jwksUrl)("Bearer garbage")).toBeNull();
  });
});
