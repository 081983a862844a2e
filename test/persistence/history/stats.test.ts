import { beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { Decimal } from "../../../src/cancellation/model/decimal.js";
import { BusyError } from "../../../src/cancellation/model/errors.js";
import type { CancellationFilter } from "../../../src/cancellation/history/filter.js";
import {
  inOrder,
  MAX_STATS,
  PERIOD_UNITS,
  STATS_KEYS,
  type CancellationStat,
  type StatsGrouping,
} from "../../../src/cancellation/history/stats.js";
import { ITEM_TYPES } from "../../../src/cancellation/model/cancel-request.js";
import { CANCELLATION_STATUSES, SETTLEMENTS } from "../../../src/cancellation/model/status.js";
import { createSemaphore, readStats } from "../../../src/persistence/history/stats.js";
import { withConnection, createPrisma } from "../../helpers/connection.js";
import {
  FAILURE_CODES,
  HISTORY_STORES,
  historyRows,
  insertHistory,
  ITEM_IDS,
  REASONS,
  type HistoryRow,
} from "../../helpers/history-rows.js";
import { filtersOf } from "../../helpers/history-model.js";
import { useLedger } from "../../helpers/ledger.js";
import {
  expectedStats,
  foundStats,
  readLocalDates,
  startOfPeriod,
  ZONES,
  type LocalDates,
} from "../../helpers/stats-model.js";

const HOUR_MS = 3_600_000;
const COUNT = 300;
/** Around them clocks are changed somewhere, or a day is skipped. */
const CHANGES = [
  "2011-12-30T10:00:00Z",
  "2018-11-04T03:00:00Z",
  "2026-03-08T07:00:00Z",
  "2026-03-29T00:00:00Z",
  "2026-11-01T05:00:00Z",
].map((moment) => Date.parse(moment));

const fixture = useLedger();
let rows: HistoryRow[];
let localDate: LocalDates;

/** Within two days of a change, with what has happened since. */
function moved(row: HistoryRow, n: number): HistoryRow {
  const createdAt = (CHANGES[n % CHANGES.length] ?? 0) + ((n * 7) % 97) * 0.5 * HOUR_MS - 24 * HOUR_MS;
  const shift = createdAt - row.createdAt.getTime();
  const shifted = (moment: Date | null): Date | null => moment && new Date(moment.getTime() + shift);
  return {
    ...row,
    createdAt: new Date(createdAt),
    resolvedAt: shifted(row.resolvedAt),
    inDoubtSince: shifted(row.inDoubtSince),
  };
}

beforeAll(async () => {
  const [sample = []] = fc.sample(historyRows({ min: COUNT, max: COUNT }), { numRuns: 1, seed: 11 });
  rows = sample.map(moved);
  await withConnection(fixture.databaseUrl, async (client) => {
    await insertHistory(client, rows);
    localDate = await readLocalDates(
      client,
      rows.map(({ createdAt }) => createdAt),
    );
  });
});

const moments = fc.nat(COUNT - 1).map((n) => rows[n]?.createdAt ?? new Date(0));
const conditions: readonly fc.Arbitrary<Partial<CancellationFilter>>[] = [
  fc
    .uniqueArray(fc.constantFrom(...CANCELLATION_STATUSES), { minLength: 1 })
    .map((statuses) => ({ statuses })),
  fc.constantFrom(...SETTLEMENTS).map((settlement) => ({ settlement })),
  fc.constantFrom(...ITEM_IDS).map((itemId) => ({ itemId })),
  fc.constantFrom(...ITEM_TYPES).map((itemType) => ({ itemType })),
  fc.constantFrom(...REASONS).map((reason) => ({ reason })),
  fc.constantFrom(...FAILURE_CODES).map((failureCode) => ({ failureCode })),
  fc.constantFrom("ORD", "OR%", "none").map((orderNoPrefix) => ({ orderNoPrefix })),
  fc.constantFrom(1_000, 5_000).map((amount) => ({ amountFrom: new Decimal(amount) })),
  moments.map((createdFrom) => ({ createdFrom })),
  moments.map((createdBefore) => ({ createdBefore })),
  moments.map((resolvedBefore) => ({ resolvedBefore })),
  fc.boolean().map((hasDiscrepancies) => ({ hasDiscrepancies })),
];
const filters = filtersOf(conditions, 2);
const groupings: fc.Arbitrary<StatsGrouping> = fc.record({
  keys: fc.subarray([...STATS_KEYS], { maxLength: 3 }),
  period: fc.option(
    fc.record({ unit: fc.constantFrom(...PERIOD_UNITS), timeZone: fc.constantFrom(...ZONES) }),
  ),
});

describe("sums over a history", () => {
  test("are, whatever is asked, what adding up its rows by hand gives, in their order and once each", async () => {
    await fc.assert(
      fc.asyncProperty(filters, groupings, async (filter, grouping) => {
        const wanted = expectedStats(rows, filter, grouping, localDate);
        fc.pre(wanted.size <= MAX_STATS);
        const stats = await fixture.history.stats(filter, grouping);

        expect(foundStats(stats)).toEqual(wanted);
        expect(foundStats(stats).size).toBe(stats.length);
        expect([...stats].sort(inOrder)).toEqual(stats);
      }),
      { numRuns: 60 },
    );
  });

  test("are, where only the largest are asked for, those with the largest counts, in their order", async () => {
    await fc.assert(
      fc.asyncProperty(
        filters,
        fc.subarray([...STATS_KEYS], { maxLength: 2 }),
        fc.integer({ min: 1, max: 8 }),
        async (filter, keys, largest) => {
          const all = await fixture.history.stats(filter, { keys, period: null });
          const some = await fixture.history.stats(filter, { keys, period: null, largest });
          const counts = (stats: readonly CancellationStat[]): number[] =>
            stats.map(({ count }) => count).sort((a, b) => b - a);

          expect(counts(some)).toEqual(counts(all).slice(0, largest));
          expect(all).toEqual(expect.arrayContaining(some));
          expect([...some].sort(inOrder)).toEqual(some);
        },
      ),
      { numRuns: 25 },
    );
  });

  test.each(ZONES.map((zone, n) => [zone, PERIOD_UNITS[n % PERIOD_UNITS.length] ?? "DAY"] as const))(
    "of %s by %s are of periods that begin and end when the date changes on the clocks there",
    async (timeZone, unit) => {
      const filter = { storeIds: [...HISTORY_STORES] };
      const stats = await fixture.history.stats(filter, { keys: [], period: { unit, timeZone } });
      expect(stats.length).toBeGreaterThan(0);
      const edges = stats.flatMap(({ period }) => (period === null ? [] : [period.from, period.before]));
      const justBefore = (moment: Date): Date => new Date(moment.getTime() - 1);
      const dateAt = await withConnection(fixture.databaseUrl, (client) =>
        readLocalDates(client, [...edges, ...edges.map(justBefore)]),
      );
      const startAt = (moment: Date): string => startOfPeriod(dateAt(moment, timeZone), unit);
      for (const { period, count, currencyCode } of stats) {
        const { start = "", from = new Date(0), before = new Date(0) } = period ?? {};
        expect([startAt(from), startAt(justBefore(before))]).toEqual([start, start]);
        expect(dateAt(justBefore(from), timeZone) < start).toBe(true);
        expect(startAt(before) > start).toBe(true);
        const within = { ...filter, createdFrom: from, createdBefore: before };
        const inPeriod = await fixture.history.stats(within, { keys: [], period: null });
        expect(inPeriod.find((stat) => stat.currencyCode === currencyCode)?.count).toBe(count);
      }
    },
  );

  test("of one item go by the amount basis of each cancellation, as those by kind do", async () => {
    const [one] = rows;
    if (one === undefined) throw new Error("there are rows");
    const line = { seq: 1, itemType: "SERVICE", itemId: "P-BASIS", amount: 100, tax: 10 } as const;
    const basis = { ...one, storeId: "BASIS", items: [line], amount: 100, tax: 10 };
    await withConnection(fixture.databaseUrl, async (client) => {
      await insertHistory(client, [
        { ...basis, id: crypto.randomUUID(), orderNo: "basis", idempotencyKey: "basis" },
      ]);
      await client.query(
        "UPDATE cancellation_item SET quantity = 3, line_total = 300 WHERE store_id = 'BASIS'",
      );
    });
    const sums = async (): Promise<string[]> => {
      const filter = { storeIds: ["BASIS"], itemId: "P-BASIS" };
      const stats = await fixture.history.stats(filter, { keys: ["ITEM_TYPE"], period: null });
      return stats.flatMap(({ amount, taxAmount }) => [amount.toFixed(), taxAmount.toFixed()]);
    };
    expect(await sums()).toEqual(["300", "30"]);
    await withConnection(fixture.databaseUrl, (client) =>
      client.query("UPDATE cancellation SET amount_basis = 'line' WHERE store_id = 'BASIS'"),
    );
    expect(await sums()).toEqual(["300", "10"]);
  });

  test("of no store, or of nothing, are none", async () => {
    const period = { unit: "DAY", timeZone: "Asia/Seoul" } as const;
    expect(await fixture.history.stats({ storeIds: [] }, { keys: [], period })).toEqual([]);
    expect(await fixture.history.stats({ storeIds: [] }, { keys: ["ITEM_TYPE"], period: null })).toEqual([]);
    expect(await fixture.history.stats({ storeIds: ["NONE"] }, { keys: ["STATUS"], period: null })).toEqual(
      [],
    );
  });

  test("are given up when they are too many to show", async () => {
    const [one] = rows;
    if (one === undefined) throw new Error("there are rows");
    const many = Array.from({ length: MAX_STATS + 1 }, (_, n): HistoryRow => {
      const key = `many-${n}`;
      return {
        ...one,
        storeId: "MANY",
        id: crypto.randomUUID(),
        orderNo: key,
        idempotencyKey: key,
        reason: key,
      };
    });
    await withConnection(fixture.databaseUrl, (client) => insertHistory(client, many));

    const filter = { storeIds: ["MANY"] };
    await expect(fixture.history.stats(filter, { keys: ["REASON"], period: null })).rejects.toMatchObject({
      name: "TooManyError",
    });
    const last = { ...filter, reason: "many-7" };
    expect(await fixture.history.stats(last, { keys: ["REASON"], period: null })).toHaveLength(1);
  });

  test("are given up when the database is at it for too long", async () => {
    const prisma = createPrisma(fixture.databaseUrl);
    await withConnection(fixture.databaseUrl, async (client) => {
      await client.query("BEGIN");
      await client.query("LOCK TABLE cancellation IN ACCESS EXCLUSIVE MODE");
      const stats = readStats(prisma, { storeIds: ["KR01"] }, { keys: [], period: null }, 50);
      await expect(stats).rejects.toMatchObject({
        name: "TooSlowError",
        message: "reading sums of cancellations: it took more than 50 ms",
      });
      await client.query("ROLLBACK");
    });
    // The connection is as it was before.
    expect(await prisma.$queryRaw`SELECT current_setting('statement_timeout') AS patience`).toEqual([
      { patience: "0" },
    ]);
    await prisma.$disconnect();
  });
});

test("so many sums go on at once, the next in order, and who finds too many waiting is turned away", async () => {
  const enter = createSemaphore(2, 2);
  const begun: number[] = [];
  const ends = new Map<number, (error?: Error) => void>();
  const start = (n: number): Promise<void> =>
    enter(() => {
      begun.push(n);
      return new Promise((resolve, reject) => ends.set(n, (error) => (error ? reject(error) : resolve())));
    });
  const [first, second, third, fourth] = [start(1), start(2), start(3), start(4)];
  await expect(start(5)).rejects.toBeInstanceOf(BusyError);
  expect(begun).toEqual([1, 2]);

  // A place is handed on also by who fails.
  ends.get(2)?.(new Error("failed"));
  await expect(second).rejects.toThrow("failed");
  expect(begun).toEqual([1, 2, 3]);
  ends.get(1)?.();
  await first;
  expect(begun).toEqual([1, 2, 3, 4]);

  for (const n of [3, 4]) ends.get(n)?.();
  await Promise.all([third, fourth]);
  const sixth = start(6);
  expect(begun).toEqual([1, 2, 3, 4, 6]);
  ends.get(6)?.();
  await sixth;
});
