import { afterEach, expect, test } from "@jest/globals";
import type { StoreSettings } from "../../src/cancellation/model/store.js";
import type { Log } from "../../src/process/log.js";
import { watchAccessKeys, type AccessKeyWatch } from "../../src/process/access-keys.js";
import { STORE } from "../helpers/configuration.js";
import { until } from "../helpers/gate.js";

const DAY_MS = 24 * 60 * 60 * 1_000;
const START = Date.UTC(2026, 10, 22);

const watches: AccessKeyWatch[] = [];
afterEach(async () => {
  for (const watch of watches.splice(0)) await watch.stop();
});

function store(storeId: string, accessKeyExpiresAt: Date | null): StoreSettings {
  return { ...STORE, storeId, accessKeyExpiresAt, amountBasis: "unit", webhookSecret: null };
}

/** A process that looks once a millisecond instead of once a day, at a clock that a test sets. */
function watch(
  stores: readonly StoreSettings[],
  production = false,
): {
  logged: [level: string, details: unknown, message: unknown][];
  clock: { now: number };
  watch: AccessKeyWatch;
} {
  const logged: [string, unknown, unknown][] = [];
  const say =
    (level: string) =>
    (...words: readonly unknown[]): void =>
      void logged.push([level, words[0], words[1]]);
  const log: Log = { debug: say("debug"), info: say("info"), warn: say("warn"), error: say("error") };
  const clock = { now: START };
  const watching = watchAccessKeys({ stores, production, now: () => clock.now, intervalMs: 1 }, log);
  watches.push(watching);
  return { logged, clock, watch: watching };
}

test("a process that was started long before warns when the time comes, and goes on warning", async () => {
  const accessKeyExpiresAt = new Date(START + 40 * DAY_MS);
  const { logged, clock } = watch([store("KR01", accessKeyExpiresAt), store("US01", null)]);
  expect(logged).toEqual([]);
  clock.now = START + 10 * DAY_MS;
  await until(() => logged.length >= 2);
  clock.now = START + 40 * DAY_MS;
  const last = (): unknown => logged.at(-1)?.[2];
  await until(() => String(last()).includes("has expired"));
  for (const [level, details, message] of logged) {
    expect([level, details]).toEqual(["warn", { storeId: "KR01", accessKeyExpiresAt }]);
    expect(message).toMatch(/^the access key of this store (?:expires within 30 days|has expired)/u);
  }
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
  const { watch: watching } = watch([store("KR01", new Date(START + ms)), store("US01", null)]);
  expect(watching.warnings().map(({ message }) => message)).toEqual(expected);
});

test("each key shows how long it works from now", () => {
  const { clock, watch: watching } = watch([store("KR01", new Date(START + 1_500)), store("US01", null)]);
  expect(watching.remaining()).toEqual([{ storeId: "KR01", expiresInSeconds: 1 }]);
  clock.now = START + 2_000;
  expect(watching.remaining()).toEqual([{ storeId: "KR01", expiresInSeconds: -1 }]);
});
