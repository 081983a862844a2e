import { generateKeyPairSync } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { SignJWT } from "jose";
import { createAuthenticator, type Authenticator } from "../../src/auth/authenticator.js";
import { SCOPES } from "../../src/cancellation/model/caller.js";
import {
  AUDIENCE,
  claimsWith,
  ISSUER,
  secondsFromNow,
  startIdentity,
  type Identity,
} from "../helpers/identity.js";
import { forged, STORES, withKeyServer, withPublicKey } from "./tokens.js";

/** More than two servers' clocks may differ. */
const LATE_SECONDS = 60;

let identity: Identity;
beforeAll(async () => {
  identity = await startIdentity();
});
beforeEach(() => {
  identity.recover();
  identity.forgetRequests();
});
afterEach(() => void jest.useRealTimers());
afterAll(() => identity.close());

/** Sets the clock, and leaves every timer as it is. */
function setClock(ms: number): void {
  jest.useFakeTimers({
    now: ms,
    doNotFake: ["nextTick", "setImmediate", "setTimeout", "setInterval", "queueMicrotask", "performance"],
  });
}

const CLAIMS: readonly [what: string, changes: Record<string, unknown>][] = [
  ["has expired, however late it says it was made", { exp: secondsFromNow(-LATE_SECONDS), iat: 2 ** 40 }],
  ["never expires", { exp: undefined }],
  ["expires at a time in a text", { exp: String(secondsFromNow(3600)) }],
  ["is not valid yet", { nbf: secondsFromNow(LATE_SECONDS) }],
  ["comes from an issuer that begins alike", { iss: `${ISSUER}x` }],
  ["comes from several issuers", { iss: [ISSUER] }],
  ["names no issuer", { iss: undefined }],
  ["is for several other audiences", { aud: ["other", `${AUDIENCE}2`] }],
  ["is for an audience in other letters", { aud: AUDIENCE.toUpperCase() }],
  ["is for no audience", { aud: undefined }],
  ["names nobody", { sub: undefined }],
  ["names a blank", { sub: " " }],
  ["names somebody with a NUL", { sub: "a\u0000b" }],
  ["names somebody in 256 characters", { sub: "a".repeat(256) }],
  ["names a number", { sub: 7 }],
];

describe.each<[string, () => Authenticator]>([
  ["a key server", () => withKeyServer(identity.jwksUrl)],
  ["a public key", () => withPublicKey(identity.publicKey)],
])("with %s", (_source, authenticator) => {
  test("knows the caller of a valid token, and until when the token is taken", async () => {
    const { authenticate } = authenticator();
    const exp = secondsFromNow(60);
    const token = await identity.token({ stores: ["KR01"], exp });
    // As long as clocks may differ beyond its end.
    const provenUntil = new Date((exp + 5) * 1_000);
    const caller = { subject: "user-1", scopes: SCOPES, storeIds: ["KR01"], provenUntil };
    for (const scheme of ["Bearer ", "bearer ", "BEARER ", "Bearer   "])
      expect(await authenticate(scheme + token)).toEqual(caller);
  });

  test.each([
    ["is for others too", { aud: ["other", AUDIENCE] }],
    ["ran out by less than clocks differ", { exp: secondsFromNow(-1) }],
    ["begins later by less than clocks differ", { nbf: secondsFromNow(1) }],
    ["names somebody in 255 characters", { sub: "é".repeat(255) }],
  ])("believes a token that %s", async (_what, claims) => {
    expect(await authenticator().authenticate(`Bearer ${await identity.token(claims)}`)).not.toBeNull();
  });

  test("does not believe a valid token that is not alone, or not announced as one", async () => {
    const { authenticate } = authenticator();
    const token = await identity.token();
    for (const header of [
      undefined,
      "",
      "Bearer ",
      "Basic dXNlcjpwYXNz",
      token,
      `Bearer ${token}, Bearer ${token}`,
      `Bearer ${token} ${token}`,
      `Bearer\t${token}`,
      `Bearer${token}`,
      `Token ${token}`,
    ])
      expect(await authenticate(header)).toBeNull();
  });

  test.each(CLAIMS)("does not believe a token that %s", async (_what, changes) => {
    expect(await authenticator().authenticate(`Bearer ${await identity.token(changes)}`)).toBeNull();
  });

  test("believes a token until five seconds after it expires, and looks again when the clock was put back", async () => {
    const exp = secondsFromNow(60);
    const { authenticate } = authenticator();
    const token = `Bearer ${await identity.token({ exp, nbf: exp - 30 })}`;
    for (const [seconds, isBelieved] of [
      [-1, true],
      [4.999, true],
      [5, false],
      [3600, false],
      [0, true],
      [-60, false],
    ] as const) {
      setClock((exp + seconds) * 1_000);
      expect([seconds, (await authenticate(token)) !== null]).toEqual([seconds, isBelieved]);
    }
  });
});

test("a token of more than 16 kB is refused before its key is asked for, and one just below is not", async () => {
  const { authenticate } = withKeyServer(identity.jwksUrl);
  const sized = async (length: number): Promise<string> => {
    const bare = await identity.token({ filling: "" });
    // Three bytes are four characters.
    return identity.token({ filling: "x".repeat(Math.floor(((length - bare.length) * 3) / 4)) });
  };
  const [largest, larger] = [await sized(16 * 1024), await sized(16 * 1024 + 4)];
  expect(largest.length).toBeGreaterThan(16 * 1024 - 4);
  expect(larger.length).toBeGreaterThan(16 * 1024);
  expect(await authenticate(`Bearer ${larger}`)).toBeNull();
  expect(identity.requests).toEqual([]);
  expect(await authenticate(`Bearer ${largest}`)).not.toBeNull();
});

describe("lets a caller", () => {
  test.each([
    ["act for the stores that the token lists", ["US01", "KR01"], ["KR01", "US01"]],
    ["act for no store that is not served here", ["KR01", "JP01"], ["KR01"]],
    ["act for no store when the claim is missing", undefined, []],
    ["act for one store that the claim names as a text", "KR01", ["KR01"]],
    ["act for no store when the claim is no text and no list", { KR01: true }, []],
    ["act for no store by a pattern", ["*", "KR%", 1, null, ["KR01"]], []],
    ["act for no store whose name is nearly that", ["kr01", " KR01", "KR01\u0000"], []],
  ])("%s", async (_what, stores, storeIds) => {
    const { authenticate } = withPublicKey(identity.publicKey);
    expect(await authenticate(`Bearer ${await identity.token({ stores })}`)).toMatchObject({ storeIds });
  });

  test.each([
    ["do what the scope names among scopes of others", "openid cancellations:read profile", [SCOPES[1]]],
    ["do nothing when there is no scope", undefined, []],
    ["do nothing by a list, which RFC 8693 does not know", [...SCOPES], []],
    [
      "do nothing by a scope that is nearly right",
      "cancellations:READ cancellations:readers cancellations:*",
      [],
    ],
    ["do nothing by scopes without a blank between", SCOPES.join(","), []],
  ])("%s", async (_what, scope, scopes) => {
    const { authenticate } = withPublicKey(identity.publicKey);
    expect(await authenticate(`Bearer ${await identity.token({ scope })}`)).toMatchObject({ scopes });
  });

  test("do everything in every store, as nobody in particular, when authentication is off", async () => {
    const nothing = (): void => undefined;
    const events = { onDown: nothing, onUp: nothing, onKeysSkipped: nothing };
    const { authenticate } = createAuthenticator({ kind: "off" }, STORES, events);
    const anybody = { subject: null, scopes: SCOPES, storeIds: STORES, provenUntil: null };
    for (const header of [undefined, "Bearer garbage"]) expect(await authenticate(header)).toEqual(anybody);
  });
});

describe("a token that was believed before", () => {
  test("is not believed with another's signature or payload, nor taken for another's", async () => {
    const { authenticate } = withPublicKey(identity.publicKey);
    const [token, other] = [await identity.token(), await identity.token({ sub: "user-2" })];
    for (let times = 0; times < 2; times += 1) {
      expect(await authenticate(`Bearer ${token}`)).toMatchObject({ subject: "user-1" });
      expect(await authenticate(`Bearer ${other}`)).toMatchObject({ subject: "user-2" });
    }
    const [header = "", payload = "", signature = ""] = token.split(".");
    const [, otherPayload = "", otherSignature = ""] = other.split(".");
    for (const mixed of [
      `${header}.${payload}.${otherSignature}`,
      `${header}.${otherPayload}.${signature}`,
      `${header}.${payload}.`,
    ])
      expect(await authenticate(`Bearer ${mixed}`)).toBeNull();
  });

  test("is believed while the keys cannot be fetched, and no longer once its key is gone", async () => {
    const { authenticate, refreshKeys } = withKeyServer(identity.jwksUrl);
    const token = `Bearer ${await identity.token()}`;
    expect(await authenticate(token)).not.toBeNull();
    identity.answer(500, "");
    await refreshKeys();
    for (let count = 0; count < 2; count += 1) expect(await authenticate(token)).not.toBeNull();
    identity.answer(200, '{"keys": []}');
    await refreshKeys();
    expect(await authenticate(token)).toBeNull();
  });
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
    expect(await withPublicKey(publicKey).authenticate(`Bearer ${token}`)).not.toBeNull();
  });

  test.each([
    ["a short RSA key", generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey],
    ["a key that only agrees on keys", generateKeyPairSync("x25519").publicKey],
    ["a key on an unknown curve", generateKeyPairSync("ec", { namedCurve: "secp256k1" }).publicKey],
  ])("refuses %s at start", (_what, key) => {
    expect(() => withPublicKey(key)).toThrow(/^AUTH_PUBLIC_KEY: expected an RSA key of at least 2048 bits/u);
  });
});
