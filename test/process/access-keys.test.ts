import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import type { StoreSettings } from "../../src/cancellation/model/store.js";
import { watchAccessKeys, type AccessKeys } from "../../src/process/access-keys.js";
import type { Log } from "../../src/process/log.js";
import { Releases } from "../../src/process/releases.js";
import { STORE } from "../helpers/configuration.js";

const DAY_MS = 24 * 60 * 60 * 1_000;
const START = Date.UTC(2026, 10, 22);

type Logged = [level: string, details: unknown, message: unknown][];

let releases: Releases;
beforeEach(() => {
  jest.useFakeTimers({ now: START });
  releases = new Releases();
});
afterEach(async () => {
  await releases.run((what) => {
    throw new Error(what);
  });
  jest.useRealTimers();
});

function store(storeId: string, accessKeyExpiresAt: Date | null): StoreSettings {
  return {
    ...STORE,
    storeId,
    accessKeyExpiresAt,
    amountBasis: "unit",
    currencyDecimals: 0,
    webhookSecret: null,
  };
}

function watch(
  stores: readonly StoreSettings[],
  production = false,
): { readonly logged: Logged; readonly keys: AccessKeys } {
  const logged: Logged = [];
  const say =
    (level: string) =>
    (...words: readonly unknown[]): void =>
      void logged.push([level, words[0], words[1]]);
  const log: Log = { debug: say("debug"), info: say("info"), warn: say("warn"), error: say("error") };
  return { logged, keys: watchAccessKeys({ stores, production }, log, releases) };
}

test("a process that was started long before warns when the time comes, goes on warning, and stops with the process", async () => {
  const accessKeyExpiresAt = new Date(START + 40 * DAY_MS);
  const { logged } = watch([store("KR01", accessKeyExpiresAt), store("US01", null)]);
  await jest.advanceTimersByTimeAsync(8 * DAY_MS);
  expect(logged).toEqual([]);
  await jest.advanceTimersByTimeAsync(35 * DAY_MS);
  const details = { storeId: "KR01", accessKeyExpiresAt };
  expect(logged[0]).toEqual(["warn", details, expect.stringMatching(/ expires within 30 days$/u)]);
  expect(logged.at(-1)).toEqual(["warn", details, expect.stringMatching(/ has expired/u)]);
  expect(logged.length).toBeGreaterThan(10);
  await releases.run(() => undefined);
  expect(jest.getTimerCount()).toBe(0);
});

test("a process warns at its start", () => {
  const { logged } = watch([
    store("GONE", new Date(START - 1)),
    store("LATER", new Date(START + 31 * DAY_MS)),
  ]);
  expect(logged).toEqual([["warn", expect.objectContaining({ storeId: "GONE" }), expect.any(String)]]);
});

test("a process in production logs once which stores have no date", () => {
  const stores = [store("KR01", null), store("US01", new Date(START + 31 * DAY_MS)), store("JP01", null)];
  expect(watch(stores).logged).toEqual([]);
  expect(watch(stores, true).logged).toEqual([
    ["info", { storeIds: ["KR01", "JP01"] }, expect.stringMatching(/have no expiry date/u)],
  ]);
});

test.each([
  [30 * DAY_MS + 1, []],
  [30 * DAY_MS, [expect.stringContaining("expires within 30 days")]],
  [1, [expect.stringContaining("expires within 30 days")]],
  [0, [expect.stringContaining("has expired")]],
])("a key that works for another %d ms has its warning, or none", (ms, expected) => {
  const { keys } = watch([store("KR01", new Date(START + ms)), store("US01", null)]);
  expect(keys.warnings().map(({ message }) => message)).toEqual(expected);
});

test("each key shows how long it works from now", () => {
  const { keys } = watch([store("KR01", new Date(START + 1_500)), store("US01", null)]);
  expect(keys.remaining()).toEqual([{ storeId: "KR01", expiresInSeconds: 1 }]);
  jest.setSystemTime(START + 2_000);
  expect(keys.remaining()).toEqual([{ storeId: "KR01", expiresInSeconds: -1 }]);
});
