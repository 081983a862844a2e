import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { seedHistory } from "../../../bench/history/seed.mjs";
import { COMMON, RARE } from "../../../bench/history/vocabulary.mjs";
import { Decimal } from "../../../src/cancellation/model/decimal.js";
import {
  HISTORY_ORDER_FIELDS,
  type HistoryOrder,
  type HistoryPosition,
  NEWEST_FIRST,
  ORDER_DIRECTIONS,
} from "../../../src/cancellation/history/cursors.js";
import type { CancellationFilter } from "../../../src/cancellation/history/filter.js";
import { CANCELLATION_STATUSES } from "../../../src/cancellation/model/status.js";
import { Prisma, type PrismaClient } from "../../../src/persistence/generated/client.js";
import { pageStatement } from "../../../src/persistence/history/pages.js";
import { createPrisma } from "../../helpers/connection.js";
import { createTestDatabase, type TestDatabase } from "../../helpers/database.js";

/** Large enough that PostgreSQL reads a table from end to end only where no index serves. */
const ROWS = 50_000;
const UNTIL = new Date("2027-03-01T09:00:00.000Z");
/** Ten seconds, and more where much else goes on. */
const SEEDING_MS = 120_000;
const DAY_MS = 24 * 60 * 60_000;
const ALL_STORES = ["BENCH-KR", "BENCH-KR-2", "BENCH-US"];

let database: TestDatabase;
let prisma: PrismaClient;
let sample: { orderNo: string; idempotencyKey: string; returnRequestId: string; ebpRequestId: string };

beforeAll(async () => {
  database = await createTestDatabase();
  const progress = { show: () => undefined, end: () => undefined };
  await seedHistory({ url: database.url, count: ROWS, until: UNTIL, progress });
  prisma = createPrisma(database.url);
  const found = await prisma.cancellation.findFirstOrThrow({
    where: { returnRequestId: { not: null }, ebpRequestId: { not: null }, createdAt: { lt: daysAgo(100) } },
    orderBy: { createdAt: "desc" },
  });
  sample = { ...found, returnRequestId: found.returnRequestId ?? "", ebpRequestId: found.ebpRequestId ?? "" };
}, SEEDING_MS);
afterAll(async () => {
  await prisma.$disconnect();
  await database.drop();
});

function daysAgo(days: number): Date {
  return new Date(UNTIL.getTime() - days * DAY_MS);
}

interface PlanNode {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly "Index Name"?: string;
  readonly "Actual Loops": number;
  readonly "Actual Rows": number;
  readonly "Rows Removed by Filter"?: number;
  readonly Plans?: readonly PlanNode[];
}

/** The nodes of a plan that were executed: what stands ready for the case that it is needed was not. */
async function executed(
  filter: CancellationFilter,
  order: HistoryOrder,
  position: HistoryPosition | null,
): Promise<PlanNode[]> {
  const statement = pageStatement(filter, { order, direction: "forward", position, limit: 21 });
  const [row] = await prisma.$queryRaw<{ "QUERY PLAN": [{ Plan: PlanNode }] }[]>(
    Prisma.sql`EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ${statement}`,
  );
  const within = (node: PlanNode): PlanNode[] => [node, ...(node.Plans ?? []).flatMap(within)];
  if (row === undefined) throw new Error("no plan came back");
  return within(row["QUERY PLAN"][0].Plan).filter((node) => node["Actual Loops"] > 0);
}

function readings(nodes: readonly PlanNode[]): { ways: string[]; rows: number } {
  const ofTables = nodes.filter(
    (node) => node["Relation Name"] !== undefined || node["Index Name"] !== undefined,
  );
  return {
    ways: [...new Set(ofTables.map((node) => node["Node Type"]))],
    // Also what was read and did not fit. Both are told for each time that the node was begun.
    rows: Math.max(
      ...ofTables.map(
        (node) => node["Actual Loops"] * (node["Actual Rows"] + (node["Rows Removed by Filter"] ?? 0)),
      ),
    ),
  };
}

/** Each of a kind that many have, and of one that few have. */
const CONDITIONS: Readonly<Record<string, () => Partial<CancellationFilter>>> = {
  nothing: () => ({}),
  "one store": () => ({ storeIds: ["BENCH-US"] }),
  ...Object.fromEntries(
    CANCELLATION_STATUSES.map((status) => [`status ${status}`, () => ({ statuses: [status] })]),
  ),
  "two statuses": () => ({ statuses: ["FAILED", "UNKNOWN"] }),
  orderNo: () => ({ orderNo: sample.orderNo }),
  "orderNoPrefix of a day": () => ({ orderNoPrefix: sample.orderNo.slice(0, "ORDyyyymmdd".length) }),
  "orderNoPrefix of every order": () => ({ orderNoPrefix: "ORD" }),
  idempotencyKey: () => ({ idempotencyKey: sample.idempotencyKey }),
  returnRequestId: () => ({ returnRequestId: sample.returnRequestId }),
  "itemId, common": () => ({ itemId: COMMON.itemId }),
  "itemId, rare": () => ({ itemId: RARE.itemId }),
  "failureCode, common": () => ({ failureCode: COMMON.failureCode }),
  "failureCode, rare": () => ({ failureCode: RARE.failureCode }),
  "an amount range": () => ({ storeIds: ["BENCH-KR"], amountFrom: new Decimal(1_000_000) }),
  "a week of creation": () => ({ createdFrom: daysAgo(107), createdBefore: daysAgo(100) }),
  "a week of resolution": () => ({ resolvedFrom: daysAgo(107), resolvedBefore: daysAgo(100) }),
  "in doubt longer than a day": () => ({ statuses: ["UNKNOWN"], inDoubtLongerThanSeconds: 86_400 }),
  discrepancies: () => ({ hasDiscrepancies: true }),
  "no discrepancies": () => ({ hasDiscrepancies: false }),
  "support: in doubt, of a store, longer than a day": () => ({
    storeIds: ["BENCH-KR"],
    statuses: ["UNKNOWN"],
    inDoubtLongerThanSeconds: 86_400,
  }),
  "finance: succeeded of a store, awaited, resolved in a month": () => ({
    storeIds: ["BENCH-KR"],
    statuses: ["SUCCEEDED"],
    settlement: "AWAITED",
    resolvedFrom: daysAgo(130),
    resolvedBefore: daysAgo(100),
  }),
  "a front end: its own of seven days": () => ({
    requestedBy: COMMON.requestedBy,
    statuses: ["SUCCEEDED"],
    createdFrom: daysAgo(7),
  }),
  "failures of an item in a week": () => ({
    statuses: ["FAILED"],
    itemId: COMMON.itemId,
    createdFrom: daysAgo(107),
    createdBefore: daysAgo(100),
  }),
  "a beginning of order numbers and a status": () => ({
    orderNoPrefix: sample.orderNo.slice(0, "ORDyyyymm".length),
    statuses: ["FAILED"],
  }),
};

function filterOf(name: string): CancellationFilter {
  return { storeIds: ALL_STORES, ...CONDITIONS[name]?.() };
}

describe("a page finds its rows by an index, and by no table read from end to end,", () => {
  const position = { key: daysAgo(180), createdAt: daysAgo(180), id: "00000000-0000-7000-8000-000000000000" };

  test.each(Object.keys(CONDITIONS))("newest first: %s", async (name) => {
    for (const place of [null, position]) {
      const { ways, rows } = readings(await executed(filterOf(name), NEWEST_FIRST, place));
      // A small part of the table, whatever is asked; at most all of a store whose size PostgreSQL knows to be small.
      if (place === null) expect(rows).toBeLessThanOrEqual(ROWS / 4);
      expect(ways.length).toBeGreaterThan(0);
      expect(
        ways.filter((way) => !/^(?:Index|Index Only|Bitmap Heap|Bitmap Index|CTE) Scan$/u.test(way)),
      ).toEqual([]);
    }
  });

  const orders = HISTORY_ORDER_FIELDS.flatMap((field) =>
    ORDER_DIRECTIONS.map((direction) => ({ field, direction })),
  );
  test.each(orders)(
    "in the order of $field $direction, whatever the condition that an index has in another order",
    async (order) => {
      const names = [
        "nothing",
        "status FAILED",
        "orderNoPrefix of a day",
        "a week of creation",
        "itemId, rare",
      ];
      for (const name of names) {
        // Amounts of several currencies are not compared, and not asked for.
        const filter =
          order.field === "TOTAL_CANCEL_AMOUNT"
            ? { ...filterOf(name), storeIds: ["BENCH-KR"] }
            : filterOf(name);
        const { ways } = readings(await executed(filter, order, null));
        expect(
          ways.filter((way) => !/^(?:Index|Index Only|Bitmap Heap|Bitmap Index|CTE) Scan$/u.test(way)),
        ).toEqual([]);
      }
    },
  );
});

describe("a page reads no more rows of each store and state than it shows:", () => {
  test.each(["nothing", "status FAILED", "itemId, rare", "one store", "two statuses"])("%s", async (name) => {
    const { rows } = readings(await executed(filterOf(name), NEWEST_FIRST, null));
    expect(rows).toBeLessThanOrEqual(21 * ALL_STORES.length);
  });
});

/** They have no index of their own. What many have is soon found along the history; for what few have, all of it is read. */
const ALONG_THE_HISTORY: Readonly<Record<string, Partial<CancellationFilter>>> = {
  "settlement AWAITED": { settlement: "AWAITED" },
  "resolvedBy RESPONSE": { resolvedBy: "RESPONSE" },
  "itemType PHYSICAL": { itemType: "PHYSICAL" },
  reason: { reason: COMMON.reason },
  requestedBy: { requestedBy: COMMON.requestedBy },
  "a reason and a kind of item": { reason: COMMON.reason, itemType: "SUBSCRIPTION" },
};

test.each(Object.entries(ALONG_THE_HISTORY))(
  "a page finds what many have along the history, within its newest part: %s",
  async (_name, conditions) => {
    const { ways, rows } = readings(
      await executed({ storeIds: ALL_STORES, ...conditions }, NEWEST_FIRST, null),
    );
    expect(ways).toEqual(["Index Scan"]);
    expect(rows).toBeLessThanOrEqual(ROWS / 20);
  },
);

test("there are at most ten indexes on cancellations, and two on items", async () => {
  const count = (table: string): Promise<unknown> =>
    prisma.$queryRaw`SELECT count(*)::integer AS indexes FROM pg_index WHERE indrelid = ${table}::regclass`;
  expect([await count("cancellation"), await count("cancellation_item")]).toEqual([
    [{ indexes: 10 }],
    [{ indexes: 2 }],
  ]);
});
