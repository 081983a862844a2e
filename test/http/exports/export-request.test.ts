import { describe, expect, test } from "@jest/globals";
import type { Caller } from "../../../src/cancellation/model/caller.js";
import { InvalidArgumentError } from "../../../src/cancellation/model/errors.js";
import { createCursors } from "../../../src/cancellation/history/cursors.js";
import type { Store, Stores } from "../../../src/cancellation/model/store.js";
import { CSV, NDJSON, type ExportFormat } from "../../../src/http/exports/export-formats.js";
import { readExportRequest, type AskedExport, type Query } from "../../../src/http/exports/export-request.js";

const caller: Caller = {
  subject: "desk",
  scopes: ["cancellations:read"],
  storeIds: ["KR01", "KR02", "US01"],
};
const stores: Stores = new Map(
  caller.storeIds.map((id): [string, Store] => [
    id,
    { id, currencyCode: id.startsWith("US") ? "USD" : "KRW", currencyDecimals: 0, amountBasis: "unit" },
  ]),
);
const cursors = createCursors([Buffer.alloc(32, 1)]);
const position = { key: new Date(0), createdAt: new Date(0), id: "01a20241-82ea-7279-8944-e96e9036c6e3" };

function read(query: Query, format: ExportFormat = CSV): AskedExport {
  return readExportRequest(query, format, caller, { stores, cursors });
}

function refusalOf(query: Query, format?: ExportFormat): string {
  try {
    read(query, format);
  } catch (error) {
    if (error instanceof InvalidArgumentError) return error.message;
    throw error;
  }
  return "";
}

describe("what an address asks for", () => {
  test("is everything of the caller's, oldest first, when it asks for nothing in particular", () => {
    expect(read({})).toEqual({
      request: {
        filter: { storeIds: caller.storeIds },
        direction: "ASC",
        after: null,
        limit: null,
        withItems: false,
      },
      order: { field: "CREATED_AT", direction: "ASC" },
      onlyStoreId: null,
      bom: false,
    });
  });

  test("is each condition of the API's filter by its name", () => {
    const { filter } = read({
      storeId: "KR01",
      status: ["FAILED", "UNKNOWN,FAILED"],
      orderNoPrefix: "ORD",
      itemId: "P001",
      itemType: "PHYSICAL",
      reason: "Damaged",
      requestedBy: "front-end",
      failureCode: "EBP-C-0010",
      amountFrom: "0.1",
      amountTo: "123456789012345.6789",
      createdFrom: "2026-01-31T24:00:00Z".replace("24", "15"),
      createdBefore: "2026-02-28T09:00:00+09:00",
      hasDiscrepancies: "false",
    }).request;
    expect(filter.amountTo?.toFixed()).toBe("123456789012345.6789");
    expect(filter).toMatchObject({
      storeIds: ["KR01"],
      statuses: ["FAILED", "UNKNOWN"],
      orderNoPrefix: "ORD",
      itemId: "P001",
      itemType: "PHYSICAL",
      reason: "Damaged",
      requestedBy: "front-end",
      failureCode: "EBP-C-0010",
      createdFrom: new Date("2026-01-31T15:00:00Z"),
      createdBefore: new Date("2026-02-28T00:00:00Z"),
      hasDiscrepancies: false,
    });
  });

  test("goes on behind a cursor, also as a CSV has it", () => {
    const order = { field: "CREATED_AT", direction: "DESC" } as const;
    const cursor = cursors.encode(position, order);
    for (const after of [cursor, `'${cursor}`]) {
      expect(read({ direction: "desc", after }).request.after).toEqual(position);
    }
    expect(refusalOf({ after: cursor })).toBe(
      "after: expected a cursor of the order CREATED_AT ASC, found one of CREATED_AT DESC",
    );
  });

  const STATUSES = "PENDING, SUCCEEDED, FAILED, UNKNOWN";
  test.each<[Query, string]>([
    [{ sort: "x" }, "(the address): expected only these parameters: storeId, status,"],
    [{ constructor: "x" }, "(the address): expected only these parameters"],
    [{ orderNo: ["A", "B"] }, "orderNo: expected a text, found 2 of them"],
    [{ status: "FAILED,DONE" }, `status: expected one of ${STATUSES}, found something else`],
    [{ status: "" }, `status: expected one of ${STATUSES}, found nothing`],
    [{ createdFrom: "2026-01-31" }, "createdFrom: expected a moment as RFC 3339 has it"],
    // A plus that became a blank.
    [{ createdFrom: "2026-01-31T00:00:00 09:00" }, "a + in it as %2B"],
    [{ amountFrom: "1e3" }, "amountFrom: expected a decimal such as"],
    [{ amountFrom: "-1", storeId: "KR01" }, "amountFrom: expected an amount from 0"],
    // Amounts of two currencies.
    [{ amountFrom: "1" }, "amountFrom, amountTo: expected stores of one currency: name them in storeId"],
    [{ hasDiscrepancies: "1" }, "hasDiscrepancies: expected true or false, found something else"],
    [{ inDoubtLongerThanSeconds: "1.5" }, "inDoubtLongerThanSeconds: expected a whole number"],
    [{ limit: "0" }, "limit: expected a whole number from 1 to"],
    [{ limit: "9999999999" }, "limit: expected a whole number from 1 to"],
    [{ after: "abc" }, "after: expected a cursor"],
  ])("is refused when it is wrong, by its name: %j", (query, message) => {
    expect(refusalOf(query)).toContain(message);
  });

  test.each(["110-1234-5678-90", "1101234567", "Zaphod", "ORD-1", "-1101234567.5", "0000-11-01T23:45:06Z"])(
    "is refused without a word of what it says, whatever parameter has %s, or is called so",
    (pasted) => {
      const [known = ""] = /only these parameters: .*(?=, found)/u.exec(refusalOf({ nothing: "" })) ?? [];
      const names = known.replace("only these parameters: ", "").split(", ");
      expect(names).toEqual(
        expect.arrayContaining(["storeId", "itemType", "amountTo", "after", "limit", "bom"]),
      );
      for (const query of [{ [pasted]: "" }, ...names.map((name) => ({ [name]: `${pasted}\0` }))]) {
        expect(refusalOf(query)).toMatch(/: expected .+, found /u);
        expect(refusalOf(query)).not.toContain(pasted);
      }
      for (const query of [
        ...names.map((name) => ({ [name]: [pasted, pasted] })),
        { orderNo: pasted, orderNoPrefix: "ABC" },
      ])
        expect(refusalOf(query)).not.toContain(pasted);
    },
  );

  test("has a byte order mark only where a file may have one", () => {
    expect(read({ bom: "true" }).bom).toBe(true);
    expect(refusalOf({ bom: "true" }, NDJSON)).toContain("(the address): expected only these parameters");
  });
});
