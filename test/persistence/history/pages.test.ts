import { beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { Decimal } from "../../../src/cancellation/model/decimal.js";
import {
  HISTORY_ORDER_FIELDS,
  type HistoryOrder,
  type HistoryPosition,
  ORDER_DIRECTIONS,
  positionOf,
} from "../../../src/cancellation/history/cursors.js";
import type { CancellationFilter } from "../../../src/cancellation/history/filter.js";
import type { HistoryWindow } from "../../../src/cancellation/history/history.js";
import { ITEM_TYPES } from "../../../src/cancellation/model/cancel-request.js";
import { CANCELLATION_STATUSES, RESOLVERS, SETTLEMENTS } from "../../../src/cancellation/model/status.js";
import { withConnection } from "../../helpers/connection.js";
import { expectedHistory, filtersOf } from "../../helpers/history-model.js";
import {
  FAILURE_CODES,
  FIRST_MOMENT,
  historyRows,
  insertHistory,
  ITEM_IDS,
  MINUTE_MS,
  MINUTES,
  REASONS,
  REQUESTERS,
  type HistoryRow,
} from "../../helpers/history-rows.js";
import { useLedger } from "../../helpers/ledger.js";

const fixture = useLedger();
let rows: HistoryRow[];

beforeAll(async () => {
  [rows = []] = fc.sample(historyRows({ min: 400, max: 400 }), { numRuns: 1, seed: 5 });
  await withConnection(fixture.databaseUrl, (client) => insertHistory(client, rows));
});

const orders: fc.Arbitrary<HistoryOrder> = fc.record({
  field: fc.constantFrom(...HISTORY_ORDER_FIELDS),
  direction: fc.constantFrom(...ORDER_DIRECTIONS),
});
const moments = fc
  .integer({ min: -1, max: MINUTES + 6 })
  .map((minute) => new Date(FIRST_MOMENT + minute * MINUTE_MS));
const amounts = fc
  .constantFrom(0, 999, 1_000, 2_000, 3_500, 70_000, 1_000_000)
  .map((amount) => new Decimal(amount));
/** Since the moments lie in the past, everything in doubt has been so for at least this long. */
const doubts = fc
  .nat(MINUTES)
  .map((minutes) => Math.floor((Date.now() - FIRST_MOMENT) / 1_000) - minutes * 60);

const conditions: readonly fc.Arbitrary<Partial<CancellationFilter>>[] = [
  fc
    .uniqueArray(fc.constantFrom(...CANCELLATION_STATUSES), { minLength: 1 })
    .map((statuses) => ({ statuses })),
  fc.constantFrom(...SETTLEMENTS).map((settlement) => ({ settlement })),
  fc.constantFrom(...RESOLVERS).map((resolvedBy) => ({ resolvedBy })),
  fc
    .constantFrom("ORD", "ORX2026", "OR%", "OR_2026", "ORD20260101000", "none")
    .map((orderNoPrefix) => ({ orderNoPrefix })),
  fc.nat(399).map((n) => ({ orderNo: rows[n]?.orderNo ?? "" })),
  fc.nat(410).map((n) => ({ idempotencyKey: `key-${n}` })),
  fc.constantFrom("RET-1", "RET-3").map((returnRequestId) => ({ returnRequestId })),
  fc.constantFrom("REQ-1", "REQ-3").map((requestId) => ({ requestId })),
  fc.constantFrom(...ITEM_IDS).map((itemId) => ({ itemId })),
  fc.constantFrom(...ITEM_TYPES).map((itemType) => ({ itemType })),
  fc.constantFrom(...REASONS).map((reason) => ({ reason })),
  fc.constantFrom(...REQUESTERS).map((requestedBy) => ({ requestedBy })),
  fc.constantFrom(...FAILURE_CODES).map((failureCode) => ({ failureCode })),
  amounts.map((amountFrom) => ({ amountFrom })),
  amounts.map((amountTo) => ({ amountTo })),
  moments.map((createdFrom) => ({ createdFrom })),
  moments.map((createdBefore) => ({ createdBefore })),
  moments.map((resolvedFrom) => ({ resolvedFrom })),
  moments.map((resolvedBefore) => ({ resolvedBefore })),
  doubts.map((inDoubtLongerThanSeconds) => ({ inDoubtLongerThanSeconds })),
  fc.boolean().map((hasDiscrepancies) => ({ hasDiscrepancies })),
];
const filters = filtersOf(conditions, 3);

async function readAll(
  filter: CancellationFilter,
  window: Omit<HistoryWindow, "position">,
  atMostPages = Infinity,
): Promise<string[]> {
  const seen: string[] = [];
  let position: HistoryPosition | null = null;
  for (let pages = 0; pages < atMostPages; pages += 1) {
    const page = await fixture.history.page(filter, { ...window, position });
    const ids = page.cancellations.map(({ id }) => id);
    if (window.direction === "forward") seen.push(...ids);
    else seen.unshift(...ids);
    const edge = page.cancellations.at(window.direction === "forward" ? -1 : 0);
    if (!page.hasMore || edge === undefined) break;
    position = positionOf(edge, window.order);
  }
  return seen;
}

describe("a history", () => {
  test("shows, whatever the conditions, the order, the direction and the size of its pages, each that fits once and in its place", async () => {
    const windows = fc.record({
      order: orders,
      direction: fc.constantFrom<HistoryWindow["direction"]>("forward", "backward"),
      size: fc.constantFrom(1, 3, 7, 100),
    });
    await fc.assert(
      fc.asyncProperty(filters, windows, async (filter, window) => {
        const expected = expectedHistory(rows, filter, window.order, new Date()).map(({ id }) => id);
        // Small pages of a large history would be hundreds: the first of them show it as well.
        const pages = window.size < 7 ? 12 : Infinity;
        const seen = await readAll(filter, window, pages);
        const shown = Math.min(expected.length, pages * window.size);

        expect(seen).toEqual(
          window.direction === "forward" ? expected.slice(0, shown) : expected.slice(expected.length - shown),
        );
        expect(await fixture.history.count(filter, window.order)).toBe(expected.length);
      }),
      { numRuns: 120 },
    );
  });

  test("knows truly whether there is anything on the other side of a page", async () => {
    await fc.assert(
      fc.asyncProperty(filters, orders, fc.nat(), async (filter, order, at) => {
        const expected = expectedHistory(rows, filter, order, new Date());
        fc.pre(expected.length > 0);
        const one = expected[at % expected.length];
        const key = {
          CREATED_AT: one?.createdAt,
          RESOLVED_AT: one?.resolvedAt,
          TOTAL_CANCEL_AMOUNT: new Decimal(one?.amount ?? 0),
        };
        const position = {
          key: key[order.field] ?? new Date(0),
          createdAt: one?.createdAt ?? new Date(0),
          id: one?.id ?? "",
        };
        const alone = {
          ...filter,
          storeIds: [one?.storeId ?? ""],
          idempotencyKey: one?.idempotencyKey ?? "",
        };
        // Before the moment of all of them: there is nothing on the side away from them.
        const past = {
          key: order.field === "TOTAL_CANCEL_AMOUNT" ? new Decimal(0) : new Date(0),
          createdAt: new Date(0),
          id: position.id,
        };
        const away = order.direction === "ASC" ? "backward" : "forward";
        expect(await fixture.history.existsFrom(alone, { order, direction: away, position: past })).toBe(
          false,
        );
        for (const direction of ["forward", "backward"] as const) {
          expect(await fixture.history.existsFrom(alone, { order, direction, position })).toBe(true);
          const page = await fixture.history.page(alone, { order, direction, position, size: 1 });
          expect(page).toEqual({ cancellations: [], hasMore: false });
        }
      }),
      { numRuns: 30 },
    );
  });

  test("is read on from a place where nothing stands any more", async () => {
    const order: HistoryOrder = { field: "TOTAL_CANCEL_AMOUNT", direction: "ASC" };
    const filter = { storeIds: ["KR01"] };
    const position = {
      key: new Decimal("2499.5"),
      createdAt: new Date(0),
      id: "00000000-0000-7000-8000-000000000000",
    };
    const expected = expectedHistory(rows, filter, order, new Date()).filter(({ amount }) => amount >= 2_500);

    const page = await fixture.history.page(filter, { order, direction: "forward", position, size: 100 });
    expect(page.cancellations.map(({ id }) => id)).toEqual(expected.slice(0, 100).map(({ id }) => id));
  });

  test("is read in full where an order number's beginning is common, and lies at the far end", async () => {
    const filter = { storeIds: ["FAR"], orderNoPrefix: "OLD" };
    const order: HistoryOrder = { field: "CREATED_AT", direction: "DESC" };
    const far = fc.sample(historyRows({ min: 1_500, max: 1_500 }), { numRuns: 1, seed: 6 })[0] ?? [];
    const mine = far.map((row, n): HistoryRow => ({
      ...row,
      storeId: "FAR",
      idempotencyKey: `far-${n}`,
      orderNo: `${n < 300 ? "OLD" : "NEW"}-${n}`,
      createdAt: new Date(FIRST_MOMENT + n * MINUTE_MS),
    }));
    await withConnection(fixture.databaseUrl, (client) => insertHistory(client, mine));

    const seen = await readAll(filter, { order, direction: "forward", size: 40 });
    expect(seen).toEqual(
      mine
        .slice(0, 300)
        .map(({ id }) => id)
        .reverse(),
    );
  });
});
