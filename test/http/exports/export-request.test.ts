import { describe, expect, test } from "@jest/globals";
import type { Caller } from "../../../src/cancellation/model/caller.js";
import type { Fault } from "../../../src/cancellation/model/fault.js";
import { LANGUAGES } from "../../../src/cancellation/model/payment-gateway.js";
import { createCursors } from "../../../src/cancellation/history/cursors.js";
import { CONDITION_KINDS } from "../../../src/cancellation/history/filter.js";
import { Decimal } from "../../../src/cancellation/model/decimal.js";
import type { Store, Stores } from "../../../src/cancellation/model/store.js";
import { CSV, NDJSON, type ExportFormat } from "../../../src/http/exports/export-formats.js";
import { readExportRequest, type AskedExport, type Query } from "../../../src/http/exports/export-request.js";
import { describeFault, MESSAGES } from "../../../src/messages/messages.js";
import { faultOf } from "../../helpers/fault-of.js";

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

function refusalOf(query: Query, format?: ExportFormat): Fault | null {
  return faultOf(() => read(query, format));
}

/** Neither for programs nor in words. */
function expectNotQuoted(query: Query, pasted: string): void {
  const fault = refusalOf(query);
  if (fault === null) return;
  expect(JSON.stringify(fault)).not.toContain(pasted);
  for (const language of LANGUAGES) {
    const message = describeFault(fault, MESSAGES[language]);
    expect(message).toMatch(/\S/u);
    expect(message).not.toContain(pasted);
  }
}

/** Every parameter that an address may have. */
const KNOWN = [
  "storeIds",
  "statuses",
  ...Object.keys(CONDITION_KINDS),
  "direction",
  "after",
  "limit",
  "bom",
  "excel",
];

describe("what an address asks for", () => {
  test("is everything of the caller's, newest first, when it asks for nothing in particular", () => {
    expect(read({})).toEqual({
      request: {
        filter: { storeIds: caller.storeIds },
        direction: "DESC",
        after: null,
        limit: null,
        withItems: false,
      },
      order: { field: "CREATED_AT", direction: "DESC" },
      onlyStoreId: null,
      bom: false,
      excel: false,
    });
  });

  test("is each condition of the API's filter by its name", () => {
    const { filter } = read({
      storeIds: "KR01",
      statuses: ["FAILED", "UNKNOWN,FAILED"],
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
    expect(refusalOf({ direction: "asc", after: cursor })).toEqual({
      kind: "cursorOfOtherOrder",
      field: "after",
      order: "CREATED_AT ASC",
      found: "CREATED_AT DESC",
    });
  });

  const isStatus = { kind: "notOneOf", choices: ["PENDING", "SUCCEEDED", "FAILED", "UNKNOWN"] };
  const isMoment = { kind: "notAMoment" };
  test.each<[Query, string | null, object]>([
    [{ sort: "x" }, null, { kind: "unknownParameter", known: KNOWN }],
    [{ constructor: "x" }, null, { kind: "unknownParameter", known: KNOWN }],
    // As they were called before.
    [{ storeId: "KR01" }, null, { kind: "unknownParameter", known: KNOWN }],
    [{ status: "FAILED" }, null, { kind: "unknownParameter", known: KNOWN }],
    [{ orderNo: ["A", "B"] }, "orderNo", { kind: "repeatedParameter" }],
    [{ statuses: "FAILED,DONE" }, "statuses", isStatus],
    [{ statuses: "" }, "statuses", isStatus],
    [{ createdFrom: "2026-01-31" }, "createdFrom", isMoment],
    // A plus that became a blank.
    [{ createdFrom: "2026-01-31T00:00:00 09:00" }, "createdFrom", isMoment],
    [{ amountFrom: "1e3" }, "amountFrom", { kind: "notADecimal" }],
    [{ amountFrom: "-1", storeIds: "KR01" }, "amountFrom", { kind: "belowLeast", min: new Decimal(0) }],
    [{ amountFrom: "1" }, "amountFrom", { kind: "severalCurrencies", currencies: ["KRW", "USD"] }],
    [{ hasDiscrepancies: "1" }, "hasDiscrepancies", { kind: "notAFlag" }],
    [
      { inDoubtLongerThanSeconds: "1.5" },
      "inDoubtLongerThanSeconds",
      { kind: "notWhole", min: 0, max: 2_147_483_647 },
    ],
    [{ excel: "1" }, "excel", { kind: "notAFlag" }],
    [{ excel: ["true", "true"] }, "excel", { kind: "repeatedParameter" }],
    [{ limit: "0" }, "limit", { kind: "outOfRange", min: 1, max: 2_147_483_647 }],
    [{ limit: "9999999999" }, "limit", { kind: "outOfRange", min: 1, max: 2_147_483_647 }],
    [{ after: "abc" }, "after", { kind: "badCursor" }],
  ])("is refused when it is wrong, by its name: %j", (query, field, fault) => {
    expect(refusalOf(query)).toEqual({ ...fault, field });
  });

  test.each(["110-1234-5678-90", "1101234567", "Zaphod", "ORD-1", "-1101234567.5", "0000-11-01T23:45:06Z"])(
    "is refused without a word of what it says, whatever parameter has %s, or is called so",
    (pasted) => {
      for (const query of [{ [pasted]: "" }, ...KNOWN.map((name) => ({ [name]: `${pasted}\0` }))]) {
        expect(refusalOf(query)).not.toBeNull();
        expectNotQuoted(query, pasted);
      }
      for (const query of [
        ...KNOWN.map((name) => ({ [name]: [pasted, pasted] })),
        { orderNo: pasted, orderNoPrefix: "ABC" },
      ])
        expectNotQuoted(query, pasted);
    },
  );

  test("has a byte order mark only where a file may have one", () => {
    expect(read({ bom: "true" }).bom).toBe(true);
    expect(refusalOf({ bom: "true" }, NDJSON)).toEqual({ kind: "onlyOfCsv", field: "bom" });
  });
});
