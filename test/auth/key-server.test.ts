import { generateKeyPairSync } from "node:crypto";
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import type { Authenticator } from "../../src/auth/authenticator.js";
import { until } from "../helpers/gate.js";
import { claimsWith, startIdentity, type Identity } from "../helpers/identity.js";
import { forged, hs256, rs256, withKeyServer } from "./tokens.js";

/** Within this time the keys are not fetched again for a token of an unknown one. */
const COOLDOWN_MS = 5_000;
/** Of a fetch: long for a key server on this machine, short for a test that waits for it to run out. */
const TIMEOUT_MS = 250;

let identity: Identity;
/** Answers with keys of its own, which nobody here trusts. */
let stranger: Identity;
let told: string[];

beforeEach(async () => {
  [identity, stranger] = await Promise.all([startIdentity("ES256"), startIdentity("ES256")]);
  told = [];
  // The clock alone: timers and the network go on as ever.
  jest.useFakeTimers({
    now: Date.now(),
    doNotFake: ["nextTick", "setImmediate", "setTimeout", "setInterval", "queueMicrotask", "performance"],
  });
});
afterEach(async () => {
  jest.useRealTimers();
  await Promise.all([identity.close(), stranger.close()]);
});

function pass(ms: number): void {
  jest.setSystemTime(Date.now() + ms);
}

function authenticator(): Authenticator {
  const events = {
    onDown: (error: unknown) => void told.push(`down: ${String(error)}`),
    onUp: () => void told.push("up"),
    onKeysSkipped: (kids: readonly (string | null)[]) => void told.push(`skipped: ${kids.join()}`),
  };
  return withKeyServer(identity.jwksUrl, events, TIMEOUT_MS);
}

async function bearer(header: object = {}): Promise<string> {
  return `Bearer ${await identity.token({}, header)}`;
}

const BELIEVED = expect.objectContaining({ subject: "user-1" });
const UNAVAILABLE = expect.objectContaining({
  name: "KeysUnavailableError",
  message: expect.stringMatching(
    /^fetching the keys that check callers' tokens from http:\/\/127\.0\.0\.1:\d+\/keys failed$/u,
  ),
});

test.each<[what: string, begin: () => unknown]>([
  ["answers with an error", () => identity.answer(500, "{}")],
  ["sends elsewhere", () => identity.answer(302, "", { location: stranger.jwksUrl })],
  ["answers with something else than JSON", () => identity.answer(200, "<html>")],
  ["answers with something else than keys", () => identity.answer(200, '{"keys": "none"}')],
  ["cuts connections", () => identity.hangUp()],
  ["is gone", () => identity.close()],
  ["hangs", () => identity.hang()],
  ["hangs in the middle of its answer", () => identity.hang(true)],
])(
  "a key server that %s is survived with the last keys, told once, and not the caller's fault",
  async (_what, begin) => {
    const { authenticate, refreshKeys } = authenticator();
    await refreshKeys();
    const late = authenticator();
    await begin();
    for (let times = 0; times < 2; times += 1) {
      pass(60 * COOLDOWN_MS);
      await refreshKeys();
      expect(await authenticate(await bearer())).toEqual(BELIEVED);
    }
    expect(told).toEqual([expect.stringMatching(/^down: /u)]);
    // Nor when no keys were ever fetched.
    await expect(late.authenticate(await bearer())).rejects.toEqual(UNAVAILABLE);
    expect(stranger.requests).toEqual([]);
  },
);

describe("while the key server is down", () => {
  test("a token of a key that is not known may be of a new one: it is not called bad, and let in as soon as it answers", async () => {
    const { authenticate, refreshKeys } = authenticator();
    await refreshKeys();
    await identity.rotate("withdrawn");
    identity.hangUp();
    pass(COOLDOWN_MS);
    for (let times = 0; times < 3; times += 1)
      await expect(authenticate(await bearer())).rejects.toEqual(UNAVAILABLE);
    identity.recover();
    expect(await authenticate(await bearer())).toEqual(BELIEVED);
    expect(told).toEqual([expect.stringMatching(/^down: /u), "up"]);
  });

  test("callers who come together before any keys were fetched share one fetch", async () => {
    const { authenticate } = authenticator();
    identity.answer(503, "down for maintenance");
    const token = await bearer();
    const together = await Promise.allSettled(Array.from({ length: 20 }, () => authenticate(token)));
    expect(together.every(({ status }) => status === "rejected")).toBe(true);
    expect(identity.requests).toHaveLength(1);
    expect(told).toEqual([expect.stringMatching(/^down: .*503/u)]);
  });

  test("garbage is told from a token without asking it", async () => {
    const { authenticate } = authenticator();
    await identity.close();
    expect(await authenticate("Bearer garbage")).toBeNull();
    expect(await authenticate(`${await bearer()}.x`)).toBeNull();
    expect(told).toEqual([]);
  });

  test("a second outage is told again", async () => {
    const { refreshKeys } = authenticator();
    for (let times = 0; times < 2; times += 1) {
      identity.hangUp();
      await refreshKeys();
      identity.recover();
      await refreshKeys();
    }
    expect(told.map((what) => what.slice(0, 4))).toEqual(["down", "up", "down", "up"]);
  });
});

test("while the key server hangs, callers of known keys do not wait, and the others share one fetch", async () => {
  const { authenticate, refreshKeys } = authenticator();
  await refreshKeys();
  const old = await bearer();
  await identity.rotate("withdrawn");
  identity.hang();
  pass(COOLDOWN_MS);
  const token = await bearer();
  const waiting = Array.from({ length: 20 }, () => authenticate(token));
  await until(() => identity.requests.length === 2);
  expect(await authenticate(old)).toEqual(BELIEVED);
  identity.recover();
  expect(await Promise.all(waiting)).toEqual(Array(20).fill(BELIEVED));
  expect(identity.requests).toHaveLength(2);
});

describe("a rotation of keys", () => {
  test("is picked up by the first token of the new key; those of the old one go on while it is listed", async () => {
    const { authenticate } = authenticator();
    const before = await bearer();
    expect(await authenticate(before)).not.toBeNull();
    await identity.rotate("kept");
    pass(COOLDOWN_MS);
    expect(await authenticate(await bearer())).toEqual(BELIEVED);
    expect(await authenticate(before)).toEqual(BELIEVED);
    expect(identity.requests).toHaveLength(2);
  });

  test("ends the keys that are no longer listed with the next refresh, though nobody had called", async () => {
    const { authenticate, refreshKeys } = authenticator();
    const stolen = await bearer();
    expect(await authenticate(stolen)).not.toBeNull();
    await identity.rotate("withdrawn");
    await refreshKeys();
    expect(await authenticate(stolen)).toBeNull();
    expect(await authenticate(await bearer())).toEqual(BELIEVED);
    expect(told).toEqual([]);
  });
});

test("made-up key ids are refused, and have the keys fetched once in five seconds however many come", async () => {
  const { authenticate, refreshKeys } = authenticator();
  await refreshKeys();
  for (const [laterMs, fetches] of [
    [0, 1],
    [COOLDOWN_MS - 1, 1],
    [1, 2],
    [COOLDOWN_MS, 3],
  ] as const) {
    pass(laterMs);
    const tokens = await Promise.all(
      Array.from({ length: 10 }, (_, index) => bearer({ kid: `made-up-${index}` })),
    );
    for (let times = 0; times < 2; times += 1)
      expect(await Promise.all(tokens.map((token) => authenticate(token)))).toEqual(Array(10).fill(null));
    expect(identity.requests).toHaveLength(fetches);
  }
  expect(await authenticate(await bearer())).toEqual(BELIEVED);
});

const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const weak = generateKeyPairSync("rsa", { modulusLength: 1024 });
const RSA_JWK = rsa.publicKey.export({ format: "jwk" });

/** Members of a key set that check no token, each called `bad` where it can be. */
const BAD_MEMBERS: readonly [what: string, member: unknown][] = [
  ["null", null],
  ["a text", "key"],
  ["a key of an unknown kty", { kty: "XYZ", kid: "bad" }],
  ["an RSA key without n", { kty: "RSA", e: "AQAB", kid: "bad" }],
  ["an RSA key of 1024 bits", { ...weak.publicKey.export({ format: "jwk" }), kid: "bad" }],
  ["a key that is listed for encrypting", { ...RSA_JWK, use: "enc", kid: "bad" }],
  ["a private key", { ...rsa.privateKey.export({ format: "jwk" }), kid: "bad" }],
  ["a symmetric key", { kty: "oct", k: Buffer.from("secret").toString("base64url"), kid: "bad" }],
  ["a symmetric key that says it is another", { kty: "oct", k: "c2VjcmV0", alg: "RS256", kid: "bad" }],
];

test.each(BAD_MEMBERS)(
  "a key set with %s checks tokens by its other keys, and none by that one",
  async (_what, bad) => {
    const good = { ...identity.publicKey.export({ format: "jwk" }), kid: "key-1", use: "sig" };
    identity.answer(200, JSON.stringify({ keys: [bad, good] }));
    const { authenticate, refreshKeys } = authenticator();
    expect(await authenticate(await bearer())).toEqual(BELIEVED);
    await refreshKeys();
    const isOfAnotherUse = JSON.stringify(bad).includes('"enc"');
    expect(told).toEqual(isOfAnotherUse ? [] : [expect.stringMatching(/^skipped: (?:bad)?$/u)]);
    for (const [alg, signature] of [
      ["RS256", rs256(rsa.privateKey)],
      ["RS256", rs256(weak.privateKey)],
      ["RS256", hs256("secret")],
      ["HS256", hs256("secret")],
    ] as const) {
      const token = forged({ alg, kid: "bad" }, claimsWith(), signature);
      // A key that cannot be read is the key server's fault, not the caller's.
      expect(await authenticate(`Bearer ${token}`).catch(() => null)).toBeNull();
    }
  },
);
