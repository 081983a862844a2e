import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { Authenticator } from "../../src/auth/authenticator.js";
import { until } from "../helpers/gate.js";
import { startIdentity, type Identity } from "../helpers/identity.js";
import { withKeyServer } from "./tokens.js";

/** Within this time the keys are not fetched again for a token of an unknown one. */
const COOLDOWN_MS = 5_000;
const YEAR_MS = 365 * 24 * 60 * 60 * 1_000;
/** Of a fetch: long for a key server on this machine, short for a test that waits for it to run out. */
const TIMEOUT_MS = 500;

let identity: Identity;
/** Answers with keys of its own, which nobody here trusts. */
let stranger: Identity;
let nowMs: number;
let told: string[];

beforeEach(async () => {
  [identity, stranger] = await Promise.all([startIdentity("ES256"), startIdentity("ES256")]);
  [nowMs, told] = [0, []];
});
afterEach(() => Promise.all([identity.close(), stranger.close()]));

function authenticator(): Authenticator {
  return withKeyServer(identity.jwksUrl, {
    clock: { monotonicMs: () => nowMs, wallMs: () => Date.now() },
    keyServerTimeoutMs: TIMEOUT_MS,
    onKeyServerDown: (error) => told.push(`down: ${String(error)}`),
    onKeyServerUp: () => told.push("up"),
  });
}

async function bearer(header: object = {}): Promise<string> {
  return `Bearer ${await identity.token({}, header)}`;
}

const UNAVAILABLE = expect.objectContaining({
  name: "KeysUnavailableError",
  message: expect.stringMatching(
    /^fetching the keys that check callers' tokens from http:\/\/127\.0\.0\.1:\d+\/keys failed$/u,
  ),
});

/** The ways in which a key server fails to give its keys. */
const OUTAGES: readonly [what: string, begin: () => unknown][] = [
  ["answers with an error", () => identity.answer(500, "{}")],
  ["does not find the keys", () => identity.answer(404, "")],
  ["sends elsewhere", () => identity.answer(302, "", { location: stranger.jwksUrl })],
  ["answers with something else than JSON", () => identity.answer(200, "<html>")],
  ["answers with something else than keys", () => identity.answer(200, '{"keys": "none"}')],
  ["answers with nothing", () => identity.answer(200, "")],
  [
    "answers without end",
    () => identity.answer(200, JSON.stringify({ keys: [], filling: "x".repeat(256 * 1024) })),
  ],
  ["cuts connections", () => identity.hangUp()],
  ["is gone", () => identity.close()],
  ["hangs", () => identity.hang()],
  ["hangs in the middle of its answer", () => identity.hang(true)],
];

describe("an outage of the key server, which", () => {
  test.each(OUTAGES)("%s, is survived with the last keys, and told once", async (_what, begin) => {
    const { authenticate, refreshKeys } = authenticator();
    await refreshKeys();
    await begin();
    for (let times = 0; times < 3; times += 1) {
      nowMs += YEAR_MS;
      await refreshKeys();
      expect(await authenticate(await bearer())).toMatchObject({ subject: "user-1" });
    }
    expect(told).toEqual([expect.stringMatching(/^down: /u)]);
    expect(stranger.requests).toEqual([]);
  });

  test.each(OUTAGES)("%s, is not the caller's fault when no keys were ever fetched", async (_what, begin) => {
    const { authenticate } = authenticator();
    await begin();
    await expect(authenticate(await bearer())).rejects.toEqual(UNAVAILABLE);
    expect(told).toEqual([expect.stringMatching(/^down: /u)]);
    expect(stranger.requests).toEqual([]);
  });
});

describe("while the key server is down", () => {
  test("a token of a key that is not known may be of a new one: it is not called bad, and asks once in five seconds", async () => {
    const { authenticate, refreshKeys } = authenticator();
    await refreshKeys();
    await identity.rotate("withdrawn");
    identity.hangUp();
    nowMs += COOLDOWN_MS;
    for (let times = 0; times < 10; times += 1) {
      await expect(authenticate(await bearer())).rejects.toEqual(UNAVAILABLE);
    }
    expect(identity.requests).toHaveLength(2);
    expect(told).toHaveLength(1);

    identity.recover();
    await expect(authenticate(await bearer())).rejects.toEqual(UNAVAILABLE);
    nowMs += COOLDOWN_MS;
    expect(await authenticate(await bearer())).toMatchObject({ subject: "user-1" });
    expect(identity.requests).toHaveLength(3);
    expect(told).toEqual([expect.stringMatching(/^down: /u), "up"]);
  });

  test("callers who come before any keys were fetched ask once in five seconds, and are let in as soon as it answers", async () => {
    const { authenticate } = authenticator();
    identity.answer(503, "down for maintenance");
    const token = await bearer();
    const together = await Promise.allSettled(Array.from({ length: 20 }, () => authenticate(token)));
    expect(together.every(({ status }) => status === "rejected")).toBe(true);
    await expect(authenticate(token)).rejects.toEqual(UNAVAILABLE);
    expect(identity.requests).toHaveLength(1);

    identity.recover();
    nowMs += COOLDOWN_MS;
    expect(await authenticate(token)).toMatchObject({ subject: "user-1" });
    expect(told).toEqual([expect.stringMatching(/^down: .*503/u), "up"]);
  });

  test("garbage is told from a token without asking it", async () => {
    const { authenticate } = authenticator();
    await identity.close();
    expect(await authenticate("Bearer garbage")).toBeNull();
    expect(await authenticate(await bearer().then((token) => `${token}.x`))).toBeNull();
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

describe("while the key server hangs", () => {
  test("nobody whose key is known waits for it", async () => {
    const { authenticate, refreshKeys } = authenticator();
    await refreshKeys();
    identity.hang();
    let refreshed = false;
    const refreshing = refreshKeys().then(() => (refreshed = true));
    await until(() => identity.requests.length === 2);
    nowMs += YEAR_MS;
    expect(await authenticate(await bearer())).toMatchObject({ subject: "user-1" });
    expect(refreshed).toBe(false);
    identity.recover();
    await refreshing;
  });

  test("callers whose key is not known share one fetch, and each is answered when it is over", async () => {
    const { authenticate, refreshKeys } = authenticator();
    await refreshKeys();
    const old = await bearer();
    await identity.rotate("withdrawn");
    identity.hang();
    nowMs += COOLDOWN_MS;
    const token = await bearer();
    const waiting = Array.from({ length: 20 }, () => authenticate(token));
    await until(() => identity.requests.length === 2);
    expect(await authenticate(old)).toMatchObject({ subject: "user-1" });
    identity.recover();
    expect(await Promise.all(waiting)).toEqual(
      Array(20).fill(expect.objectContaining({ subject: "user-1" })),
    );
    expect(identity.requests).toHaveLength(2);
  });
});

describe("a rotation of keys", () => {
  test("is picked up by the first token of the new key; those of the old one go on while it is listed", async () => {
    const { authenticate } = authenticator();
    const before = await bearer();
    expect(await authenticate(before)).not.toBeNull();
    await identity.rotate("kept");
    nowMs += COOLDOWN_MS;
    expect(await authenticate(await bearer())).toMatchObject({ subject: "user-1" });
    expect(await authenticate(before)).toMatchObject({ subject: "user-1" });
    expect(identity.requests).toHaveLength(2);
  });

  test("ends the keys that are no longer listed with the next refresh, though nobody had called", async () => {
    const { authenticate, refreshKeys } = authenticator();
    const stolen = await bearer();
    expect(await authenticate(stolen)).not.toBeNull();
    await identity.rotate("withdrawn");
    await refreshKeys();
    expect(await authenticate(stolen)).toBeNull();
    expect(await authenticate(await bearer())).toMatchObject({ subject: "user-1" });
    expect(told).toEqual([]);
  });

  test("to no keys at all ends every key", async () => {
    const { authenticate, refreshKeys } = authenticator();
    await refreshKeys();
    identity.answer(200, JSON.stringify({ keys: [] }));
    await refreshKeys();
    expect(await authenticate(await bearer())).toBeNull();
  });
});

test("made-up key ids are refused, and have the keys fetched once in five seconds however many come", async () => {
  const { authenticate, refreshKeys } = authenticator();
  await refreshKeys();
  const flood = async (): Promise<unknown[]> => {
    const tokens = await Promise.all(
      Array.from({ length: 30 }, (_, index) => bearer({ kid: `made-up-${index}` })),
    );
    return Promise.all(tokens.map((token) => authenticate(token)));
  };
  for (const [laterMs, fetches] of [
    [0, 1],
    [COOLDOWN_MS - 1, 1],
    [1, 2],
    [COOLDOWN_MS, 3],
  ] as const) {
    nowMs += laterMs;
    expect(await flood()).toEqual(Array(30).fill(null));
    expect(await flood()).toEqual(Array(30).fill(null));
    expect(identity.requests).toEqual(Array(fetches).fill("/keys"));
  }
  expect(await authenticate(await bearer())).toMatchObject({ subject: "user-1" });
});
