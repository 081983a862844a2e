import { beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { ORDER_DIRECTIONS } from "../../../src/cancellation/history/cursors.js";
import type { CancellationFilter } from "../../../src/cancellation/history/filter.js";
import type { ExportedCancellation, ExportRequest } from "../../../src/cancellation/history/history.js";
import { ITEM_TYPES } from "../../../src/cancellation/model/cancel-request.js";
import { CANCELLATION_STATUSES, RESOLVERS, SETTLEMENTS } from "../../../src/cancellation/model/status.js";
import { createExports, exportStatement, ROWS_AT_ONCE } from "../../../src/persistence/history/exports.js";
import { CANCEL_MS } from "../../../src/persistence/session.js";
import { withConnection } from "../../helpers/connection.js";
import { testOnOneServer } from "../../helpers/database.js";
import { expectedHistory, filtersOf } from "../../helpers/history-model.js";
import {
  FIRST_MOMENT,
  HISTORY_STORES,
  historyRows,
  insertHistory,
  ITEM_IDS,
  MINUTE_MS,
  MINUTES,
  REASONS,
  type HistoryRow,
} from "../../helpers/history-rows.js";
import { useLedger } from "../../helpers/ledger.js";

const fixture = useLedger();
let rows: HistoryRow[];

beforeAll(async () => {
  [rows = []] = fc.sample(historyRows({ min: 300, max: 300 }), { numRuns: 1, seed: 8 });
  await withConnection(fixture.databaseUrl, (client) => insertHistory(client, rows));
});

const ALL: ExportRequest = {
  filter: { storeIds: HISTORY_STORES },
  direction: "ASC",
  after: null,
  limit: null,
  withItems: false,
};

async function readAll(changes: Partial<ExportRequest> = {}): Promise<ExportedCancellation[]> {
  const running = await createExports(fixture.databaseUrl)({ ...ALL, ...changes });
  const all: ExportedCancellation[] = [];
  try {
    while ((await running.read((one) => all.push(one))) > 0);
  } finally {
    await running.close();
  }
  return all;
}

const idsOf = (exported: readonly ExportedCancellation[]): string[] =>
  exported.map(({ cancellation }) => cancellation.id);

const moments = fc.nat(MINUTES).map((minute) => new Date(FIRST_MOMENT + minute * MINUTE_MS));
const conditions: readonly fc.Arbitrary<Partial<CancellationFilter>>[] = [
  fc
    .uniqueArray(fc.constantFrom(...CANCELLATION_STATUSES), { minLength: 1 })
    .map((statuses) => ({ statuses })),
  fc.constantFrom(...SETTLEMENTS).map((settlement) => ({ settlement })),
  fc.constantFrom(...RESOLVERS).map((resolvedBy) => ({ resolvedBy })),
  fc.constantFrom("ORD", "OR%", "none").map((orderNoPrefix) => ({ orderNoPrefix })),
  fc.constantFrom(...ITEM_IDS).map((itemId) => ({ itemId })),
  fc.constantFrom(...ITEM_TYPES).map((itemType) => ({ itemType })),
  fc.constantFrom(...REASONS).map((reason) => ({ reason })),
  moments.map((createdFrom) => ({ createdFrom })),
  moments.map((createdBefore) => ({ createdBefore })),
  moments.map((resolvedBefore) => ({ resolvedBefore })),
  fc.boolean().map((hasDiscrepancies) => ({ hasDiscrepancies })),
];
const filters = filtersOf(conditions, 2);

describe("an export", () => {
  test("has, whatever the conditions, what the history has and in its order, also from the middle and up to a limit", async () => {
    await fc.assert(
      fc.asyncProperty(
        filters,
        fc.constantFrom(...ORDER_DIRECTIONS),
        fc.nat(),
        fc.option(fc.integer({ min: 1, max: 80 })),
        async (filter, direction, from, limit) => {
          const order = { field: "CREATED_AT", direction } as const;
          const expected = expectedHistory(rows, filter, order, new Date());
          expect(idsOf(await readAll({ filter, direction }))).toEqual(expected.map(({ id }) => id));

          const at = from % (expected.length + 1);
          const before = expected[at - 1];
          const after = before === undefined ? null : { ...before, key: before.createdAt };
          const rest = expected.slice(at, limit === null ? undefined : at + limit);
          expect(idsOf(await readAll({ filter, direction, after, limit }))).toEqual(rest.map(({ id }) => id));
        },
      ),
      { numRuns: 30 },
    );
  });

  test("shows each as the history shows it, with its tax and its items", async () => {
    const exported = await readAll({ withItems: true });
    const { cancellations } = await fixture.history.page(ALL.filter, {
      order: { field: "CREATED_AT", direction: "ASC" },
      direction: "forward",
      position: null,
      size: 1_000,
    });
    const items = await fixture.history.items(cancellations);
    expect(exported).toEqual(cancellations.map((cancellation, n) => ({ cancellation, items: items[n] })));
    const taxes = new Map(rows.map(({ id, tax }) => [id, String(tax)]));
    for (const { cancellation } of exported) {
      expect(cancellation.totalTaxAmount.toFixed()).toBe(taxes.get(cancellation.id));
    }
  });

  test("is of one moment: what is written between two of its readings is in the next one", async () => {
    const STORE = "MEANWHILE";
    const [sample = []] = fc.sample(historyRows({ min: ROWS_AT_ONCE + 11, max: ROWS_AT_ONCE + 11 }), {
      numRuns: 1,
      seed: 10,
    });
    const [late, ...before] = sample.map((row) => ({ ...row, storeId: STORE }));
    if (late === undefined) throw new Error("there is one");
    // Behind all of them, and long before the moment up to which it is read.
    const createdAt = new Date(FIRST_MOMENT + MINUTES * MINUTE_MS);
    const failed = { status: "FAILED", settlement: null } as const;
    const meanwhile: HistoryRow = { ...late, ...failed, orderNo: "meanwhile", createdAt };
    const request: ExportRequest = { ...ALL, filter: { storeIds: [STORE] } };
    await withConnection(fixture.databaseUrl, async (client) => {
      await insertHistory(client, before);
      const seen: ExportedCancellation[] = [];
      const running = await createExports(fixture.databaseUrl)(request);
      try {
        expect(await running.read((one) => seen.push(one))).toBe(ROWS_AT_ONCE);
        await insertHistory(client, [meanwhile]);
        while ((await running.read((one) => seen.push(one))) > 0);
      } finally {
        await running.close();
      }
      expect(seen).toHaveLength(before.length);
      expect(idsOf(seen)).not.toContain(meanwhile.id);
      expect(idsOf(await readAll(request)).at(-1)).toBe(meanwhile.id);
    });
  });

  test("misses nothing: it ends before the moments at which a statement may still be at work", async () => {
    const [sample] = fc.sample(historyRows({ min: 1, max: 1 }), { numRuns: 1, seed: 9 }).flat();
    if (sample === undefined) throw new Error("there is one");
    const asked = (name: string, agoMs: number): HistoryRow => ({
      ...sample,
      id: sample.id.replace(/^.{4}/u, name),
      storeId: "LATE",
      status: "FAILED",
      idempotencyKey: name,
      orderNo: name,
      createdAt: new Date(Date.now() - agoMs),
    });
    const settled = asked("0001", 10 * CANCEL_MS);
    const recent = asked("0002", CANCEL_MS / 2);
    await withConnection(fixture.databaseUrl, (client) => insertHistory(client, [settled, recent]));
    const request = { filter: { storeIds: ["LATE"] } };
    expect(idsOf(await readAll(request))).toEqual([settled.id]);
    expect(idsOf(await readAll({ ...request, direction: "DESC" }))).toEqual([recent.id, settled.id]);
  });

  testOnOneServer("reads each store by an index in its order, and sorts nothing", async () => {
    const { text, values } = exportStatement({ ...ALL, withItems: true });
    const plan = await withConnection(fixture.databaseUrl, async (client) => {
      await client.query("ANALYZE");
      // So few rows are cheaper to read as they lie.
      await client.query("SET enable_seqscan = off");
      await client.query("SET enable_bitmapscan = off");
      await client.query("SET enable_sort = off");
      const { rows: lines } = await client.query(`EXPLAIN ${text}`, values);
      return lines.map((line) => String(line["QUERY PLAN"])).join("\n");
    });
    expect(plan).toContain("Merge Append");
    expect(plan.match(/Index Scan using cancellation_by_creation/gu)).toHaveLength(3);
    expect(plan).not.toMatch(/^\s*(?:->\s+)?Sort\b(?! Key)/mu);
  });

  test("whose connection is cut says so when it is read on, and not that it is at its end", async () => {
    const running = await createExports(fixture.databaseUrl)(ALL);
    try {
      expect(await running.read(() => undefined)).toBe(ROWS_AT_ONCE);
      await withConnection(fixture.databaseUrl, (client) =>
        client.query(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'FETCH%'",
        ),
      );
      await expect(running.read(() => undefined)).rejects.toThrow();
    } finally {
      await running.close();
    }
  });

  test("ends with what goes wrong where its rows are taken", async () => {
    const running = await createExports(fixture.databaseUrl)(ALL);
    try {
      const fails = (): void => {
        throw new Error("no room");
      };
      await expect(running.read(fails)).rejects.toThrow("no room");
    } finally {
      await running.close();
    }
  });
});
