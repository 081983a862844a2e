import { generateKeyPairSync } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { SignJWT } from "jose";
import { SCOPES } from "../../src/cancellation/model/caller.js";
import { AUDIENCE, claimsWith, secondsFromNow, startIdentity, type Identity } from "../helpers/identity.js";
import { forged, STORES, switchedOff, withKeyServer, withPublicKey } from "./tokens.js";

let identity: Identity;
beforeAll(async () => {
  identity = await startIdentity();
});
afterAll(() => identity.close());

/** Of the clock tolerance, which is 5 seconds, this much is sure to be left while a test runs. */
const WITHIN_TOLERANCE_SECONDS = 1;

describe.each([
  ["a key server", () => withKeyServer(identity.jwksUrl)],
  ["a public key", () => withPublicKey(identity.publicKey)],
])("with %s", (_source, authenticator) => {
  test("knows the caller of a valid token", async () => {
    const { authenticate } = authenticator();
    const token = await identity.token({ stores: ["KR01"] });
    const caller = { subject: "user-1", scopes: SCOPES, storeIds: ["KR01"], provenUntil: expect.any(Date) };
    for (const scheme of ["Bearer ", "bearer ", "BEARER ", "Bearer   "])
      expect(await authenticate(scheme + token)).toEqual(caller);
  });

  test("knows until when its token is taken: as long as clocks may differ beyond its end", async () => {
    const { authenticate } = authenticator();
    const exp = secondsFromNow(60);
    const caller = await authenticate(`Bearer ${await identity.token({ exp })}`);
    expect(caller?.provenUntil).toEqual(new Date((exp + 5) * 1_000));
  });

  test.each([
    ["is for others too", { aud: ["other", AUDIENCE] }],
    ["names its audience twice", { aud: [AUDIENCE, AUDIENCE] }],
    ["ran out by less than clocks differ", { exp: secondsFromNow(-WITHIN_TOLERANCE_SECONDS) }],
    ["begins later by less than clocks differ", { nbf: secondsFromNow(WITHIN_TOLERANCE_SECONDS) }],
    ["says nothing else of its time, and runs for an hour", { nbf: undefined, iat: undefined }],
    ["names somebody in 255 characters", { sub: "é".repeat(255) }],
  ])("believes a token that %s", async (_what, claims) => {
    const { authenticate } = authenticator();
    expect(await authenticate(`Bearer ${await identity.token(claims)}`)).not.toBeNull();
  });

  test.each([undefined, "", "Bearer", "Bearer ", "Basic dXNlcjpwYXNz", "garbage", "Bearer a b", "\0"])(
    "does not believe the header %j",
    async (header) => {
      expect(await authenticator().authenticate(header)).toBeNull();
    },
  );

  test("does not believe a valid token that is not alone, or not announced as one", async () => {
    const { authenticate } = authenticator();
    const token = await identity.token();
    const headers = [
      token,
      `Bearer ${token}, Bearer ${token}`,
      `Bearer ${token} ${token}`,
      `Bearer\t${token}`,
      `Bearer${token}`,
      `Token ${token}`,
      `Bearer "${token}"`,
    ];
    for (const header of headers) expect(await authenticate(header)).toBeNull();
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
    ["no store whose name is nearly that", ["kr01", " KR01", "KR01\u0000"], []],
  ])("%s", async (_what, stores, storeIds) => {
    const { authenticate } = withPublicKey(identity.publicKey);
    const token = await identity.token({ stores });
    expect(await authenticate(`Bearer ${token}`)).toMatchObject({ subject: "user-1", storeIds });
  });

  test("every store, as nobody in particular, when authentication is off", async () => {
    const { authenticate } = switchedOff();
    const anybody = { subject: null, scopes: SCOPES, storeIds: STORES, provenUntil: null };
    expect(await authenticate(undefined)).toEqual(anybody);
    expect(await authenticate("Bearer garbage")).toEqual(anybody);
  });
});

describe("lets a caller do", () => {
  test.each([
    ["what the scope names", "cancellations:read cancellations:write", SCOPES.slice(0, 2)],
    ["what it names among scopes of others", "openid cancellations:read profile", [SCOPES[1]]],
    ["nothing when there is no scope", undefined, []],
    ["nothing when it is empty", "", []],
    ["nothing by a list, which RFC 8693 does not know", [...SCOPES], []],
    ["nothing by a scope that is nearly right", "cancellations:READ cancellations: cancellations:*", []],
    ["nothing by scopes without a blank between", SCOPES.join(","), []],
  ])("%s", async (_what, scope, scopes) => {
    const { authenticate } = withPublicKey(identity.publicKey);
    expect(await authenticate(`Bearer ${await identity.token({ scope })}`)).toMatchObject({ scopes });
  });
});

describe("a token that was believed before", () => {
  test("is believed until it ends, and not a millisecond longer", async () => {
    const exp = secondsFromNow(60);
    let nowMs = Date.now();
    const clock = { monotonicMs: () => performance.now(), wallMs: () => nowMs };
    const { authenticate } = withPublicKey(identity.publicKey, { clock });
    const token = `Bearer ${await identity.token({ exp })}`;
    const caller = await authenticate(token);
    expect(caller).not.toBeNull();
    nowMs = (exp + 5) * 1_000 - 1;
    expect(await authenticate(token)).toEqual(caller);
    nowMs += 1;
    expect(await authenticate(token)).toBeNull();
  });

  test("is looked at again by a clock that was put back", async () => {
    let nowMs = Date.now() + 60 * 1_000;
    const clock = { monotonicMs: () => performance.now(), wallMs: () => nowMs };
    const { authenticate } = withPublicKey(identity.publicKey, { clock });
    const token = `Bearer ${await identity.token({ nbf: secondsFromNow(30) })}`;
    expect(await authenticate(token)).not.toBeNull();
    nowMs -= 60 * 1_000;
    expect(await authenticate(token)).toBeNull();
  });

  test("is not believed with another signature, another header or another payload", async () => {
    const { authenticate } = withPublicKey(identity.publicKey);
    const token = await identity.token();
    const other = await identity.token({ sub: "user-2" });
    expect(await authenticate(`Bearer ${token}`)).not.toBeNull();
    expect(await authenticate(`Bearer ${other}`)).not.toBeNull();
    const [header = "", payload = "", signature = ""] = token.split(".");
    const [, otherPayload = "", otherSignature = ""] = other.split(".");
    for (const forged of [
      `${header}.${payload}.${otherSignature}`,
      `${header}.${otherPayload}.${signature}`,
      `${header}.${payload}.`,
      `${header}.${payload}`,
      `${payload}.${payload}.${signature}`,
    ])
      expect(await authenticate(`Bearer ${forged}`)).toBeNull();
  });

  test("is not believed once its key is gone, however often it had been", async () => {
    const { authenticate, refreshKeys } = withKeyServer(identity.jwksUrl);
    const token = `Bearer ${await identity.token()}`;
    for (let count = 0; count < 3; count += 1) expect(await authenticate(token)).not.toBeNull();
    identity.answer(200, '{"keys": []}');
    await refreshKeys();
    expect(await authenticate(token)).toBeNull();
    identity.recover();
  });

  test("goes on being believed while the keys cannot be fetched", async () => {
    const { authenticate, refreshKeys } = withKeyServer(identity.jwksUrl);
    const token = `Bearer ${await identity.token()}`;
    expect(await authenticate(token)).not.toBeNull();
    identity.answer(500, "");
    await refreshKeys();
    for (let count = 0; count < 3; count += 1) expect(await authenticate(token)).not.toBeNull();
    identity.recover();
  });
});

test("of two who were believed nobody is taken for the other", async () => {
  const { authenticate } = withPublicKey(identity.publicKey);
  const tokens = await Promise.all(["a", "b"].map((sub) => identity.token({ sub, stores: [] })));
  for (let count = 0; count < 3; count += 1) {
    const callers = await Promise.all(tokens.map((token) => authenticate(`Bearer ${token}`)));
    expect(callers.map((caller) => caller?.subject)).toEqual(["a", "b"]);
  }
});

describe("a public key", () => {
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
