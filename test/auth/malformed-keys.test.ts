import { generateKeyPairSync, type JsonWebKey } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import type { Authenticator } from "../../src/auth/authenticator.js";
import type { SkippedKey } from "../../src/auth/usable-keys.js";
import { claimsWith, startIdentity, type Identity } from "../helpers/identity.js";
import { forged, hs256, rs256, withKeyServer } from "./tokens.js";

const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const weak = generateKeyPairSync("rsa", { modulusLength: 1024 });
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const RSA_JWK = rsa.publicKey.export({ format: "jwk" });
const EC_JWK = ec.publicKey.export({ format: "jwk" });

let identity: Identity;
let good: JsonWebKey;
let told: (readonly SkippedKey[])[];
beforeAll(async () => {
  identity = await startIdentity();
  good = { ...identity.publicKey.export({ format: "jwk" }), kid: "key-1", use: "sig" };
});
beforeEach(() => void (told = []));
afterAll(() => identity.close());

function withKeys(...keys: readonly unknown[]): Authenticator {
  identity.answer(200, JSON.stringify({ keys }));
  return withKeyServer(identity.jwksUrl, { onKeysSkipped: (skipped) => told.push(skipped) });
}

async function bearer(header: object = {}): Promise<string> {
  return `Bearer ${await identity.token({}, header)}`;
}

const UNSUPPORTED = "malformed, too weak, or of a type that no token may be signed with";
const SECRET = "symmetric or private: a key set is public";

/** Every member is called `bad` where it can be, and the log is told why it is skipped. */
const BAD_MEMBERS: readonly [what: string, member: unknown, reason: string, kid?: null][] = [
  ["null", null, "not a JSON object", null],
  ["a number", 7, "not a JSON object", null],
  ["a text", "key", "not a JSON object", null],
  ["a list", [], "not a JSON object", null],
  ["an object with nothing in it", {}, UNSUPPORTED, null],
  ["a key of an unknown kty", { kty: "XYZ", kid: "bad" }, UNSUPPORTED],
  ["a key whose kty is a number", { ...RSA_JWK, kty: 1, kid: "bad" }, UNSUPPORTED],
  ["a key on an unknown curve", { ...EC_JWK, crv: "P-999", kid: "bad" }, UNSUPPORTED],
  ["an RSA key without n", { kty: "RSA", e: "AQAB", kid: "bad" }, UNSUPPORTED],
  ["an RSA key whose n is a number", { ...RSA_JWK, n: 5, kid: "bad" }, UNSUPPORTED],
  ["an RSA key whose n is empty", { ...RSA_JWK, n: "", kid: "bad" }, "not base64url"],
  ["an RSA key of 1024 bits", { ...weak.publicKey.export({ format: "jwk" }), kid: "bad" }, UNSUPPORTED],
  ["an RSA key in broken base64url", { ...RSA_JWK, n: `${RSA_JWK.n}*$`, kid: "bad" }, "not base64url"],
  ["an EC key in broken base64url", { ...EC_JWK, x: `*${EC_JWK.x?.slice(1)}`, kid: "bad" }, "not base64url"],
  ["an EC key that is no point of its curve", { ...EC_JWK, y: EC_JWK.x, kid: "bad" }, UNSUPPORTED],
  ["a symmetric key", { kty: "oct", k: "c2VjcmV0LXNlY3JldC1zZWNyZXQ", kid: "bad" }, SECRET],
  ["a private RSA key", { ...rsa.privateKey.export({ format: "jwk" }), kid: "bad" }, SECRET],
  ["a private EC key", { ...ec.privateKey.export({ format: "jwk" }), kid: "bad" }, SECRET],
  ["a key whose kid is a number", { ...RSA_JWK, kid: 1 }, "kid is not a text", null],
];

describe("a key set with good keys and", () => {
  test.each(BAD_MEMBERS)(
    "%s still checks tokens, and that one is skipped and told",
    async (_what, ...bad) => {
      const [member, reason, kid = "bad"] = bad;
      for (const keys of [
        [member, good],
        [good, member],
      ]) {
        told = [];
        const { authenticate } = withKeys(...keys);
        expect(await authenticate(await bearer())).toMatchObject({ subject: "user-1" });
        // Who names no key can mean only one that is left.
        const unnamed = forged({ alg: "RS256" }, claimsWith(), rs256(identity.privateKey));
        expect(await authenticate(`Bearer ${unnamed}`)).toMatchObject({ subject: "user-1" });
        expect(told).toEqual([[{ kid, reason }]]);
      }
    },
  );

  test.each(BAD_MEMBERS)("%s refuses a token that names that one", async (_what, member) => {
    const { authenticate } = withKeys(good, member);
    for (const [alg, signature] of [
      ["RS256", rs256(rsa.privateKey)],
      ["RS256", hs256("secret-secret-secret")],
      ["HS256", hs256("secret-secret-secret")],
    ] as const) {
      const token = forged({ alg, kid: "bad" }, claimsWith(), signature);
      expect(await authenticate(`Bearer ${token}`)).toBeNull();
    }
  });

  test("all the bad ones at once still checks tokens", async () => {
    const members = BAD_MEMBERS.map(([, member]) => member);
    const { authenticate } = withKeys(...members, good, ...members);
    expect(await authenticate(await bearer())).toMatchObject({ subject: "user-1" });
    expect(told.map((skipped) => skipped.length)).toEqual([2 * members.length]);
  });
});

describe("of two keys with the same kid", () => {
  const REPEATED = [{ kid: "key-1", reason: "the kid of a key before it" }];

  test("the first is used, and the second is skipped and told", async () => {
    const second = { ...RSA_JWK, kid: "key-1" };
    const { authenticate } = withKeys(good, second);
    expect(await authenticate(await bearer())).toMatchObject({ subject: "user-1" });
    const other = forged({ alg: "RS256", kid: "key-1" }, claimsWith(), rs256(rsa.privateKey));
    expect(await authenticate(`Bearer ${other}`)).toBeNull();
    expect(told).toEqual([REPEATED]);
  });

  test("the second is used when the first is malformed", async () => {
    const { authenticate } = withKeys({ ...good, n: "*" }, good);
    expect(await authenticate(await bearer())).toMatchObject({ subject: "user-1" });
    expect(told).toEqual([[{ kid: "key-1", reason: "not base64url" }]]);
  });

  test("none is skipped when no token can mean both: one for encrypting, one of another type", async () => {
    const { authenticate } = withKeys({ ...good, use: "enc" }, { ...EC_JWK, kid: "key-1" }, good);
    expect(await authenticate(await bearer())).toMatchObject({ subject: "user-1" });
    expect(told).toEqual([]);
  });
});

describe("a key set without a usable key", () => {
  test("refuses the tokens of keys it does not list", async () => {
    const { authenticate } = withKeys({ kty: "XYZ", kid: "bad" });
    expect(await authenticate(await bearer())).toBeNull();
    expect(told).toEqual([[{ kid: "bad", reason: UNSUPPORTED }]]);
  });

  test("does not call the token bad whose key it lists and cannot read", async () => {
    const { authenticate } = withKeys({ ...good, n: undefined });
    await expect(authenticate(await bearer())).rejects.toThrow();
  });

  test("is no key set when its members are no objects", async () => {
    const { authenticate } = withKeys(null, 7);
    await expect(authenticate(await bearer())).rejects.toMatchObject({ name: "KeysUnavailableError" });
  });
});

test("a key in plain base64 with padding, as some key servers write it, is used", async () => {
  const n = Buffer.from(good.n ?? "", "base64url").toString("base64");
  const { authenticate } = withKeys(null, { ...good, n });
  expect(await authenticate(await bearer())).toMatchObject({ subject: "user-1" });
});

test("skipped keys are told once, again when others are skipped, and not at all while none is", async () => {
  const { refreshKeys } = withKeys(good, null);
  const fetchWith = async (...keys: unknown[]): Promise<void> => {
    identity.answer(200, JSON.stringify({ keys }));
    await refreshKeys();
  };
  for (let times = 0; times < 3; times += 1) await refreshKeys();
  expect(told).toHaveLength(1);
  await fetchWith(good, { kty: "XYZ", kid: "bad" });
  expect(told).toHaveLength(2);
  await fetchWith(good);
  expect(told).toHaveLength(2);
  await fetchWith(good, null);
  expect(told).toHaveLength(3);
});

test("a kid is told only when it is a short plain word", async () => {
  const kids = ["2026-10.a_b:c", "a b", "x".repeat(65), "line\nbreak", "<b>", "ключ", ""];
  const { refreshKeys } = withKeys(good, ...kids.map((kid) => ({ kty: "XYZ", kid })));
  await refreshKeys();
  expect(told[0]?.map(({ kid }) => kid)).toEqual(["2026-10.a_b:c", null, null, null, null, null, null]);
});
