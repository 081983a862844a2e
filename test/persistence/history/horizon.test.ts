import { beforeAll, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  type HistoryPosition,
  NEWEST_FIRST,
  OLDEST_FIRST,
  positionOf,
} from "../../../src/cancellation/history/cursors.js";
import type { CancellationFilter } from "../../../src/cancellation/history/filter.js";
import { DatabaseClient } from "../../../src/persistence/client.js";
import { CANCEL_MS, CANCELS, DISTRIBUTED_CANCELS } from "../../../src/persistence/session.js";
import { openSql, withConnection } from "../../helpers/connection.js";
import { historyRows, insertHistory, type HistoryRow } from "../../helpers/history-rows.js";
import { useLedger } from "../../helpers/ledger.js";
import { useStarted } from "../../helpers/started.js";

const fixture = useLedger();
const runner = useStarted((atEnd) => {
  const opened = openSql(fixture.databaseUrl);
  atEnd(() => opened.close());
  return Promise.resolve(opened);
});
const STORE = { storeIds: ["KR01"] };

/** A cancel whose statement began at a moment of the test's own time, and had committed so much later. */
interface Write {
  readonly beganMs: number;
  readonly tookMs: number;
}

const MOST = 12;
const MINUTE_MS = 60_000;
let samples: HistoryRow[];

beforeAll(() => {
  [samples = []] = fc.sample(historyRows({ min: MOST, max: MOST }), { numRuns: 1, seed: 7 });
});

/** Lets the database be as it was at that moment, as its clock would show it now. */
async function show(writes: readonly Write[], atMs: number): Promise<HistoryRow[]> {
  await runner.sql("TRUNCATE cancellation, cancelled_order CASCADE");
  const rows = writes.map(({ beganMs }, n): HistoryRow => {
    const row = samples[n];
    if (row === undefined) throw new Error(`there is no row ${n}`);
    const createdAt = new Date(Date.now() - (atMs - beganMs));
    const open = { settlement: null, resolvedBy: null, resolvedAt: null, inDoubtSince: null };
    return { ...row, ...open, storeId: "KR01", orderNo: `ORD-${n}`, status: "FAILED", createdAt };
  });
  const committed = rows.filter((_, n) => (writes[n]?.beganMs ?? 0) + (writes[n]?.tookMs ?? 0) <= atMs);
  await withConnection(fixture.databaseUrl, (client) => insertHistory(client, committed));
  return rows;
}

/** Reads on from where somebody stopped, to the end. */
async function readOn(from: HistoryPosition | null, filter: CancellationFilter = STORE): Promise<string[]> {
  const ids: string[] = [];
  let position = from;
  for (let more = true; more;) {
    const window = { order: OLDEST_FIRST, direction: "forward", position, size: 2 } as const;
    const page = await fixture.history.page(filter, window);
    ids.push(...page.cancellations.map(({ id }) => id));
    const last = page.cancellations.at(-1);
    if (last !== undefined) position = positionOf(last, OLDEST_FIRST);
    more = page.hasMore;
  }
  return ids;
}

test("whoever reads on towards the end of time sees each once, and misses none, however long each took to be committed", async () => {
  const writes = fc.array(fc.record({ beganMs: fc.nat(MINUTE_MS), tookMs: fc.nat(CANCEL_MS) }), {
    minLength: 2,
    maxLength: MOST,
  });
  const looks = fc.array(fc.nat(MINUTE_MS + 2 * CANCEL_MS), { maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(writes, looks, async (written, lookedAt) => {
      const seen: string[] = [];
      const atTheEnd = 2 * MINUTE_MS;
      for (const atMs of [...lookedAt.sort((a, b) => a - b), atTheEnd]) {
        const rows = await show(written, atMs);
        const last = rows.find(({ id }) => id === seen.at(-1));
        seen.push(...(await readOn(last === undefined ? null : { ...last, key: last.createdAt })));
      }
      expect([...seen].sort()).toEqual(
        samples
          .slice(0, written.length)
          .map(({ id }) => id)
          .sort(),
      );
    }),
    { numRuns: 30 },
  );
});

test("what was committed just now is there at once for whoever looks at the newest, or at its order", async () => {
  const [row] = await show([{ beganMs: 0, tookMs: 0 }], 0);
  const window = { order: NEWEST_FIRST, direction: "forward", position: null, size: 1 } as const;
  const newest = await fixture.history.page(STORE, window);

  expect(newest.cancellations.map(({ id }) => id)).toEqual([row?.id]);
  expect(await readOn(null, { ...STORE, orderNo: "ORD-0" })).toEqual([row?.id]);
  expect(await readOn(null)).toEqual([]);
});

test.each([CANCELS, DISTRIBUTED_CANCELS])(
  "no statement that gives a cancel its moment runs for longer than the history waits",
  async (settings) => {
    const client = new DatabaseClient(fixture.databaseUrl, { settings });
    try {
      const limit = await client.prisma.$queryRaw`
        SELECT extract(epoch FROM current_setting('statement_timeout')::interval)::float8 * 1000 AS ms`;
      expect(limit).toEqual([{ ms: CANCEL_MS }]);
    } finally {
      await client.close();
    }
  },
);
