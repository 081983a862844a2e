import { beforeAll, describe, expect, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { letHistoryBeComplete } from "../helpers/exports.js";
import { HISTORY_PAGE, cancel, cancelInput, item } from "../helpers/operations.js";
import { useService } from "../helpers/service.js";

const TOTAL = 23;

const service = useService();
/** Ids in the order of creation; several were created in the same millisecond. */
let ids: string[];

beforeAll(async () => {
  for (let n = 0; n < TOTAL; n += 1) {
    const forced = n % 5 === 1 ? "SIM-CANCELLATION-FAILED-" : n % 5 === 2 ? "SIM-RETRY-RECOMMENDED-" : "";
    const orderNo = forced === "" && n % 2 === 0 ? "ORD-shared" : `${forced}ORD-${n}`;
    await cancel(service, cancelInput({ orderNo, items: [item({ itemId: `P-${n % 3}` })] }));
  }
  await letHistoryBeComplete(service);
  // Ties in time are what a keyset must survive: three rows share each moment.
  await service.sql(`UPDATE cancellation SET created_at = timestamptz '2026-01-01 00:00:00Z' + interval '1 minute' * (
    SELECT count(*) / 3 FROM cancellation other WHERE other.id < cancellation.id)`);
  await service.sql(
    "UPDATE cancellation_item SET created_at = cancellation.created_at FROM cancellation WHERE id = cancellation_id",
  );
  ids = (await service.sql("SELECT id FROM cancellation ORDER BY created_at, id")).map(
    ({ id }) => id as string,
  );
});

async function page(variables: object): Promise<any> {
  const { data, errors } = await service.graphql(HISTORY_PAGE, variables);
  if (errors !== undefined) throw new Error(JSON.stringify(errors));
  return data.cancellations;
}

async function errorOf(variables: object): Promise<any> {
  return (await service.graphql(HISTORY_PAGE, variables)).errors?.[0];
}

function idsOf({ edges }: any): string[] {
  return edges.map(({ node }: any) => node.id as string);
}

describe("the history", () => {
  test("is newest first unless asked otherwise, twenty at a time, and counts all", async () => {
    const first = await page({});
    const oldest = await page({ orderBy: { field: "CREATED_AT", direction: "ASC" }, first: 3 });

    expect(idsOf(first)).toEqual([...ids].reverse().slice(0, 20));
    expect(first.totalCount).toBe(TOTAL);
    expect(idsOf(oldest)).toEqual(ids.slice(0, 3));
  });

  test.each([
    ["ASC", "first", "after", "endCursor", "hasNextPage", "hasPreviousPage"],
    ["DESC", "last", "before", "startCursor", "hasPreviousPage", "hasNextPage"],
  ])(
    "read page by page, %s by %s, shows each cancellation once and says truly what is beyond",
    async (...how) => {
      const [direction, size, beyond, cursor, hasMore, hasLess] = how;
      const seen: string[] = [];
      for (let place: string | null = null, more = true; more;) {
        const orderBy = { field: "CREATED_AT", direction };
        const result = await page({ orderBy, [size]: 4, [beyond]: place });
        expect(result.pageInfo[hasLess]).toBe(seen.length > 0);
        if (size === "first") seen.push(...idsOf(result));
        else seen.unshift(...idsOf(result));
        [place, more] = [result.pageInfo[cursor], result.pageInfo[hasMore]];
        expect(more).toBe(seen.length < TOTAL);
      }
      expect(seen).toEqual(direction === "ASC" ? ids : [...ids].reverse());
    },
  );

  test("does not shift while new cancellations arrive", async () => {
    const first = await page({ first: 10 });
    const { cancellation } = await cancel(service, cancelInput());
    const second = await page({ first: 100, after: first.pageInfo.endCursor });
    await service.sql("DELETE FROM cancellation_event WHERE cancellation_id = $1", [cancellation.id]);
    await service.sql("DELETE FROM cancellation_item WHERE cancellation_id = $1", [cancellation.id]);
    await service.sql("DELETE FROM cancellation WHERE id = $1", [cancellation.id]);

    expect([...idsOf(first), ...idsOf(second)]).toEqual([...ids].reverse());
  });

  test.each<[string, object, string]>([
    ["storeIds", { storeIds: "SIM-KR" }, "true"],
    ["orderNo", { orderNo: "ORD-shared" }, "order_no = 'ORD-shared'"],
    ["one status", { statuses: "UNKNOWN" }, "status = 'UNKNOWN'"],
    ["several statuses", { statuses: ["FAILED", "UNKNOWN"] }, "status IN ('FAILED', 'UNKNOWN')"],
    [
      "itemId",
      { itemId: "P-1" },
      "id IN (SELECT cancellation_id FROM cancellation_item WHERE item_id = 'P-1')",
    ],
    [
      "createdFrom, inclusive",
      { createdFrom: "2026-01-01T00:03:00Z" },
      "created_at >= '2026-01-01T00:03:00Z'",
    ],
    [
      "createdBefore, exclusive",
      { createdBefore: "2026-01-01T09:03:00+09:00" },
      "created_at < '2026-01-01T00:03:00Z'",
    ],
    [
      "all of them",
      {
        statuses: "SUCCEEDED",
        orderNo: "ORD-shared",
        itemId: "P-0",
        createdFrom: "2026-01-01T00:00:00Z",
        createdBefore: "2026-01-02T00:00:00Z",
      },
      "status = 'SUCCEEDED' AND order_no = 'ORD-shared' AND id IN (SELECT cancellation_id FROM cancellation_item WHERE item_id = 'P-0')",
    ],
  ])("is filtered by %s", async (_what, filter, condition) => {
    const rows = await service.sql(
      `SELECT id FROM cancellation WHERE ${condition} ORDER BY created_at DESC, id DESC`,
    );
    const result = await page({ filter, first: 100 });

    expect(rows.length).toBeGreaterThan(0);
    expect(idsOf(result)).toEqual(rows.map(({ id }) => id));
    expect(result.totalCount).toBe(rows.length);
  });

  test.each<[string, (row: any) => object, string]>([
    ["its settlement", () => ({ settlement: "AWAITED" }), "settlement = 'AWAITED'"],
    ["what decided it", () => ({ resolvedBy: "RESPONSE" }), "resolved_by = 'RESPONSE'"],
    [
      "the beginning of the order number",
      () => ({ orderNoPrefix: "SIM-RETRY" }),
      "order_no LIKE 'SIM-RETRY%'",
    ],
    ["idempotency key", (row) => ({ idempotencyKey: row.idempotency_key }), "id = $1"],
    ["EBP's request id", (row) => ({ requestId: row.ebp_request_id }), "id = $1"],
    ["EBP's return request id", (row) => ({ returnRequestId: row.return_request_id }), "id = $1"],
    ["kind of item", () => ({ itemType: "PHYSICAL" }), "true"],
    [
      "item id and kind of one line",
      () => ({ itemType: "PHYSICAL", itemId: "P-2" }),
      "id IN (SELECT cancellation_id FROM cancellation_item WHERE item_id = 'P-2')",
    ],
    ["failure code", () => ({ failureCode: "EBP-C-0010" }), "failure_code = 'EBP-C-0010'"],
    ["amount", () => ({ amountFrom: "1000", amountTo: 1000 }), "total_cancel_amount = 1000"],
    [
      "when it was decided",
      (row) => ({ resolvedBefore: row.resolved_at }),
      "resolved_at < (SELECT resolved_at FROM cancellation WHERE id = $1)",
    ],
    ["how long it has been in doubt", () => ({ inDoubtLongerThanSeconds: 0 }), "status = 'UNKNOWN'"],
    ["having no discrepancies", () => ({ hasDiscrepancies: false }), "discrepancies = '[]'"],
  ])("is filtered by %s", async (_what, filterFor, condition) => {
    const [row] = await service.sql(
      "SELECT * FROM cancellation WHERE status = 'SUCCEEDED' ORDER BY resolved_at DESC LIMIT 1",
    );
    const rows = await service.sql(
      `SELECT id FROM cancellation WHERE ${condition} ORDER BY created_at DESC, id DESC`,
      condition.includes("$1") ? [row.id] : [],
    );
    const result = await page({ filter: filterFor(row), first: 100 });

    expect(rows.length).toBeGreaterThan(0);
    expect(idsOf(result)).toEqual(rows.map(({ id }) => id));
  });

  test.each(["RESOLVED_AT", "TOTAL_CANCEL_AMOUNT"])(
    "is ordered by %s, both ways, without what has no place there",
    async (field) => {
      const column = field === "RESOLVED_AT" ? "resolved_at" : "total_cancel_amount";
      const rows = await service.sql(
        `SELECT id FROM cancellation WHERE ${column} IS NOT NULL ORDER BY ${column}, created_at, id`,
      );
      const upwards = await page({ orderBy: { field, direction: "ASC" }, first: 100 });
      const downwards = await page({ orderBy: { field, direction: "DESC" }, first: 100 });

      expect(idsOf(upwards)).toEqual(rows.map(({ id }) => id));
      expect(idsOf(downwards)).toEqual(rows.map(({ id }) => id).reverse());
      expect(upwards.totalCount).toBe(rows.length);
    },
  );

  test.each([
    ["nothing matches", { reason: "No reason that anybody gave", requestedBy: "nobody" }],
    ["the store is somebody else's, or nobody's", { storeIds: "XX" }],
  ])("is empty, not an error, when %s", async (_when, filter) => {
    expect(await page({ filter })).toEqual({
      totalCount: 0,
      edges: [],
      pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
    });
  });

  test.each<[what: string, variables: object, field: string, reason: string, message: string]>([
    ["first: 0", { first: 0 }, "first", "OUT_OF_RANGE", "Enter a whole number from 1 to 100."],
    ["last: 101", { last: 101 }, "last", "OUT_OF_RANGE", "Enter a whole number from 1 to 100."],
    [
      "first and last",
      { first: 1, last: 1 },
      "last",
      "NOT_ALLOWED",
      "Use `first` and `after`, or `last` and `before`, not both.",
    ],
    ["a malformed cursor", { after: "'; DROP TABLE" }, "after", "INVALID_FORMAT", "This is not a cursor."],
    [
      "an empty list of statuses",
      { filter: { statuses: [] } },
      "filter.statuses",
      "TOO_SHORT",
      "The list is empty.",
    ],
    [
      "a NUL in filter.orderNo",
      { filter: { orderNo: "a\u0000b" } },
      "filter.orderNo",
      "INVALID_CHARACTERS",
      "This contains a control character",
    ],
    [
      "the year 0 in filter.createdFrom",
      { filter: { createdFrom: "0000-01-01T00:00:00Z" } },
      "filter.createdFrom",
      "OUT_OF_RANGE",
      "Use a time in the years 1 to 9999.",
    ],
    [
      "conditions that exclude each other",
      { filter: { statuses: "PENDING", settlement: "VOIDED" } },
      "filter.settlement",
      "MISMATCH",
      "Only cancellations that are SUCCEEDED can meet this condition, and the others leave only PENDING.",
    ],
    [
      "a range that ends before it begins",
      { filter: { createdFrom: "2026-01-02T00:00:00Z", createdBefore: "2026-01-01T00:00:00Z" } },
      "filter.createdBefore",
      "MISMATCH",
      "This time must be after `createdFrom`.",
    ],
  ])("answers %s with a clear error", async (_what, variables, field, reason, message) => {
    expect(await errorOf(variables)).toMatchObject({
      message: expect.stringContaining(message),
      extensions: { code: "BAD_USER_INPUT", field: field.split("."), reason },
    });
  });

  test("answers a condition that is not there with the names of those that are", async () => {
    expect(await errorOf({ filter: { orderNumber: "ORD-1" } })).toMatchObject({
      message: expect.stringContaining(
        "There is a field that CancellationFilter does not have. Its fields are ",
      ),
      extensions: { code: "BAD_USER_INPUT", field: ["filter"] },
    });
  });

  test("refuses a cursor in another order than its own", async () => {
    const { pageInfo } = await page({ first: 1 });
    const error = await errorOf({
      after: pageInfo.endCursor,
      orderBy: { field: "CREATED_AT", direction: "ASC" },
    });

    expect(error).toMatchObject({
      message:
        "This cursor belongs to the order CREATED_AT DESC, and the page to CREATED_AT ASC. Start from the first page.",
      extensions: { field: ["after"], reason: "MISMATCH" },
    });
  });
});

describe("one cancellation", () => {
  const BY_ID = "query ($id: ID!) { cancellation(id: $id) { id } }";

  test("is found whatever the case of its id", async () => {
    const { data } = await service.graphql(BY_ID, { id: ids[0]?.toUpperCase() });
    expect(data.cancellation.id).toBe(ids[0]);
  });

  test("is null for an unknown id, and for a key that has not been used", async () => {
    const { data, errors } = await service.graphql(
      'query ($id: ID!) { cancellation(id: $id) { id } cancellationByKey(idempotencyKey: "never") { id } }',
      { id: randomUUID() },
    );
    expect([data, errors]).toEqual([{ cancellation: null, cancellationByKey: null }, undefined]);
  });

  test("with a malformed id is a clear error, which repeats nothing of it", async () => {
    const { errors } = await service.graphql(BY_ID, { id: "x".repeat(5_000) });
    expect(errors).toMatchObject([
      {
        message: "This is not an id. Use the id of a cancellation, a UUID.",
        extensions: { code: "BAD_USER_INPUT", field: ["id"], reason: "INVALID_FORMAT" },
      },
    ]);
  });
});
