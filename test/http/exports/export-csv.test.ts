import { describe, expect, test } from "@jest/globals";
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import type { ExportRecord } from "../../../src/cancellation/history/export-record.js";
import { CSV, CSV_COLUMNS } from "../../../src/http/exports/export-csv.js";

const RECORD: ExportRecord = {
  cursor: "abc",
  id: "01a20241-82ea-7279-8944-e96e9036c6e3",
  storeId: "SIM-KR",
  orderNo: "ORD-1",
  idempotencyKey: "key-1",
  status: "SUCCEEDED",
  settlement: null,
  resolvedBy: "RESPONSE",
  safeToRetry: false,
  totalCancelAmount: "106000.5",
  totalTaxAmount: "0",
  currencyCode: "KRW",
  amountBasis: "UNIT",
  returnRequestId: "RET-1",
  requestId: null,
  processedCount: 3,
  totalProductAmount: "100000",
  totalProductTaxAmount: null,
  totalDeliveryAmount: null,
  totalDeliveryTaxAmount: null,
  failure: null,
  discrepancies: [{ field: "status", asked: "a", confirmed: "b" }],
  reason: null,
  note: null,
  requestedBy: null,
  refundAccount: { bankCode: "001", accountNumberLast4: "7890", accountHolderName: "J** D**" },
  createdAt: "2026-01-31T15:00:00.000Z",
  sentAt: null,
  resolvedAt: null,
  inDoubtSince: null,
  archivedAt: null,
};

/** By another program than the one that wrote it. */
function readBack(text: string): string[][] {
  return parse(text, { record_delimiter: "\r\n" });
}

const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/u;
const texts = fc.oneof(
  fc.string({ unit: "binary" }),
  fc
    .tuple(
      fc.constantFrom("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "'", '"', ",", " "),
      fc.string({ unit: "grapheme" }),
    )
    .map((parts) => parts.join("")),
  fc.constantFrom('=HYPERLINK("http://x.example","y")', "a\r\nb", '"', '""', ",", "'=1+1", "-1+2"),
);

describe("a CSV", () => {
  test("has, whatever its texts are, the same texts when it is read back, and none that is run as a formula", () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ orderNo: texts, reason: texts, note: texts, message: texts })),
        (rows) => {
          const records = rows.map(({ message, ...row }): ExportRecord => ({
            ...RECORD,
            ...row,
            failure: { resultCode: null, message, details: [] },
          }));
          const [head, ...read] = readBack(
            CSV.head({ bom: false }) + records.map((each) => CSV.write(each)).join(""),
          );
          expect(head).toEqual(CSV_COLUMNS);
          expect(read.length).toBe(rows.length);
          for (const [n, row] of rows.entries()) {
            const cells = Object.fromEntries(CSV_COLUMNS.map((column, at) => [column, read[n]?.[at] ?? ""]));
            const found = { ...cells, message: cells["failure.message"] ?? "" };
            for (const [column, text] of Object.entries(row)) {
              const cell = found[column as keyof typeof found];
              expect(cell).toBe(FORMULA.test(text) ? `'${text}` : text);
              expect(cell).not.toMatch(FORMULA);
            }
          }
        },
      ),
    );
  });

  test("is as RFC 4180 has it: lines end with CR LF, and quotes in a quoted text stand twice", () => {
    const text = CSV.write({ ...RECORD, reason: 'so "very" late,\nagain', note: "plain" });
    expect(text.endsWith("\r\n")).toBe(true);
    expect(text).toContain(',"so ""very"" late,\nagain",plain,');
  });

  test("writes nothing for what there is none of, amounts in full, and how many discrepancies there are", () => {
    const [row = []] = readBack(CSV.write(RECORD));
    const cells = Object.fromEntries(CSV_COLUMNS.map((column, at) => [column, row[at]]));
    expect(cells).toMatchObject({
      settlement: "",
      safeToRetry: "false",
      totalCancelAmount: "106000.5",
      processedCount: "3",
      totalProductTaxAmount: "",
      "failure.message": "",
      discrepancyCount: "1",
      "refundAccount.bankCode": "001",
      "refundAccount.accountNumberLast4": "7890",
      "refundAccount.accountHolderName": "J** D**",
    });
  });

  test("begins with a byte order mark for whoever asks for one", () => {
    expect(CSV.head({ bom: true })).toBe(`\uFEFF${CSV.head({ bom: false })}`);
    expect(CSV.head({ bom: false }).startsWith("cursor,id,storeId,")).toBe(true);
  });
});
