import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { type ExportRecord, toExportRecord } from "../../../src/cancellation/history/history.js";
import { Decimal } from "../../../src/cancellation/model/decimal.js";
import type { Language } from "../../../src/cancellation/model/payment-gateway.js";
import { CSV, CSV_COLUMNS, type SpreadsheetOptions } from "../../../src/http/exports/export-formats.js";
import { MESSAGES } from "../../../src/messages/messages.js";
import { readCsv } from "../../helpers/csv.js";
import { exported } from "../../helpers/export-server.js";

const RECORD: ExportRecord = {
  ...toExportRecord({ cancellation: exported.cancellation, items: null }, "abc", MESSAGES.en.failures),
  totalCancelAmount: new Decimal("106000.50"),
  settlement: null,
  processedCount: 3,
  totalProductTaxAmount: null,
  failure: null,
  reason: null,
  note: null,
  discrepancies: [{ field: "status", asked: "a", confirmed: "b" }],
  refundAccount: { bankCode: "001", accountNumberLast4: "7890", accountHolderName: "J** D**" },
  createdAt: new Date("2026-01-31T15:00:00.000Z"),
};

const PLAIN = { bom: false, excel: false };
const EXCEL = { bom: false, excel: true };

/** Skipped by one spreadsheet or another before it looks whether a text is a formula. */
const SKIPPED = Array.from(
  " \t\r\n\v\f\0\u0085\u00A0\u00AD\u1680\u180E\u2003\u2028\u2029\u202F\u205F\u3000" +
    "\u200B\u200C\u200D\u200E\u202A\u2060\u2066\u2800\u3164\uFE0F\uFEFF\u{E0020}",
);
/** What begins a formula, also by a form that is read as the plain one; and line breaks, behind which another cell could begin. */
const SIGNS = Array.from("=+-@\t\r\n＝＋－＠﹦﹢﹣﹫");

function isFormula(text: string): boolean {
  const first = Array.from(text).find(
    (character) => SIGNS.includes(character) || !SKIPPED.includes(character),
  );
  return first !== undefined && SIGNS.includes(first);
}

const pieces = fc.oneof(
  fc.constantFrom(...SKIPPED, ...SIGNS, "'", '"', ",", ";", "\r\n", "1+1", "=cmd|' /C calc'!A1"),
  fc.string({ unit: "grapheme", maxLength: 3 }),
);
const texts = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.array(pieces, { maxLength: 6 }).map((parts) => parts.join("")),
);

function cellsOf(record: ExportRecord, options: SpreadsheetOptions = PLAIN): Record<string, string> {
  const [head = [], row = [], ...others] = readCsv(
    (CSV.head(options) + CSV.write(record, options)).replace(/^\uFEFF/u, ""),
  );
  expect([head, row.length, others]).toEqual([CSV_COLUMNS, CSV_COLUMNS.length, []]);
  return Object.fromEntries(head.map((column, at) => [column, row[at] ?? ""]));
}

const noted = (note: string): string | undefined => cellsOf({ ...RECORD, note })["note"];

describe("a CSV", () => {
  test("has, whatever its texts are, the same texts when it is read back, and none that is run as a formula", () => {
    fc.assert(
      fc.property(fc.array(texts, { minLength: 15, maxLength: 15 }), (given) => {
        const left = [...given];
        const next = (): string => left.shift() ?? "";
        const cells = Object.values(
          cellsOf({
            ...RECORD,
            cursor: next(),
            storeId: next(),
            orderNo: next(),
            idempotencyKey: next(),
            currencyCode: next(),
            returnRequestId: next(),
            requestId: next(),
            failure: { resultCode: next(), message: next(), ebpMessage: next(), details: [] },
            reason: next(),
            note: next(),
            requestedBy: next(),
            refundAccount: { bankCode: next(), accountNumberLast4: "7890", accountHolderName: next() },
          }),
        );
        for (const text of given) expect(cells.includes(text) || cells.includes(`'${text}`)).toBe(true);
        for (const cell of cells) expect(isFormula(cell)).toBe(false);
      }),
      { numRuns: 50 },
    );
  });

  test("has an apostrophe before whatever a spreadsheet skips with a formula behind it", () => {
    for (const skipped of SKIPPED)
      for (const text of SIGNS.flatMap((sign) => [`${skipped}${sign}1+1`, `${skipped}${skipped}${sign}`]))
        expect(noted(text)).toBe(`'${text}`);
  });

  test("has an apostrophe before every character of the basic plane that Unicode knows as a form of one that begins a formula", () => {
    for (let code = 0; code <= 0xffff; code += 1) {
      const text = String.fromCodePoint(code);
      if (isFormula(text.normalize("NFKC"))) expect(noted(text)).toBe(`'${text}`);
    }
  });

  test("leaves other texts as they are", () => {
    for (const text of ["", " ", "a", "7", "'=1", " two  words ", "a=1", "1-2", "\u3000전각", "‐", "#", "é"])
      expect(noted(text)).toBe(text);
  });

  test("has quotes around a text with a line break of any kind in it, which would end its row", () => {
    for (const lineBreak of ["\n", "\r", "\v", "\f", "\u0085", "\u2028", "\u2029"])
      expect(CSV.write({ ...RECORD, note: `a${lineBreak}=1` }, PLAIN)).toContain(`,"a${lineBreak}=1",`);
  });

  test("is as RFC 4180 has it: lines end with CR LF, and quotes in a quoted text stand twice", () => {
    const text = CSV.write({ ...RECORD, reason: 'so "very" late,\nagain', note: "plain" }, PLAIN);
    expect(text.endsWith("\r\n")).toBe(true);
    expect(text).toContain(',"so ""very"" late,\nagain",plain,');
  });

  test("writes nothing for what there is none of, amounts in full, and how many discrepancies there are", () => {
    expect(cellsOf(RECORD)).toMatchObject({
      settlement: "",
      safeToRetry: "false",
      totalCancelAmount: "106000.5",
      processedCount: "3",
      createdAt: "2026-01-31T15:00:00.000Z",
      totalProductTaxAmount: "",
      "failure.message": "",
      "failure.ebpMessage": "",
      discrepancyCount: "1",
      "refundAccount.bankCode": "001",
      "refundAccount.accountNumberLast4": "7890",
      "refundAccount.accountHolderName": "J** D**",
    });
  });

  test("says why a cancel has not succeeded in the reader's language, and what EBP said beside it, as EBP said it", () => {
    const failedIn = (language: Language): string[] => {
      const { cancellation } = exported;
      const record = toExportRecord({ cancellation, items: null }, "abc", MESSAGES[language].failures);
      const cells = cellsOf(record);
      return ["failure.resultCode", "failure.message", "failure.ebpMessage"].map((name) => cells[name] ?? "");
    };
    const ebps = "The payment cannot be cancelled.";
    expect(failedIn("en")).toEqual(["EBP-C-0010", "EBP rejected the cancel.", ebps]);
    expect(failedIn("ko")).toEqual(["EBP-C-0010", "EBP가 결제 취소를 거절했습니다.", ebps]);
  });

  test("begins with a byte order mark for whoever asks for one", () => {
    expect(CSV.head({ ...PLAIN, bom: true })).toBe(`\uFEFF${CSV.head(PLAIN)}`);
    expect(CSV.head(PLAIN).startsWith("cursor,id,storeId,")).toBe(true);
  });
});

describe("a CSV for Excel", () => {
  const notedInExcel = (note: string): string | undefined => cellsOf({ ...RECORD, note }, EXCEL)["note"];

  test("begins with a byte order mark, and its lines end with CR LF", () => {
    expect(CSV.head(EXCEL)).toBe(CSV.head({ ...PLAIN, bom: true }));
    expect(CSV.write(RECORD, EXCEL)).toMatch(/\r\n$/u);
  });

  test("has a formula for each text, whose value is that text", () => {
    for (const text of [
      "003",
      "0012",
      "12345678901234567890",
      "1E5",
      "1-2",
      "TRUE",
      "3월 1일",
      "메모",
      "=1+1",
      "\t=1",
    ])
      expect(notedInExcel(text)).toBe(`="${text}"`);
    expect(notedInExcel('say "x", y')).toBe('="say ""x"", y"');
    expect(CSV.write({ ...RECORD, note: '0"1' }, EXCEL)).toContain(',"=""0""""1""",');
    expect(cellsOf(RECORD, EXCEL)).toMatchObject({
      createdAt: '="2026-01-31T15:00:00.000Z"',
      "refundAccount.bankCode": '="001"',
      note: "",
    });
  });

  test("has numbers where a spreadsheet keeps every digit, and texts where it would round", () => {
    const amount = (totalCancelAmount: string): string | undefined =>
      cellsOf({ ...RECORD, totalCancelAmount: new Decimal(totalCancelAmount) }, EXCEL)["totalCancelAmount"];
    expect(amount("106000.50")).toBe("106000.5");
    expect(amount("123456789012.345")).toBe("123456789012.345");
    expect(amount("1234567890123.456")).toBe('="1234567890123.456"');
    expect(amount("1000000000000000")).toBe('="1000000000000000"');
    expect(cellsOf(RECORD, EXCEL)).toMatchObject({ processedCount: "3", safeToRetry: "false" });
  });

  test("has no text in a formula that Excel could not read there, and an apostrophe before those that it would change", () => {
    for (const text of ["a\n003", `말${"다".repeat(300)}`]) expect(notedInExcel(text)).toBe(text);
    for (const text of ["=1\n+1", "12\n", "7".repeat(256), `-${"a".repeat(300)}`])
      expect(notedInExcel(text)).toBe(`'${text}`);
    // In a formula, each quote takes two of the 255 characters.
    expect(notedInExcel(`a${'"'.repeat(127)}`)).toBe(`="a${'""'.repeat(127)}"`);
    expect(notedInExcel(`a${'"'.repeat(128)}`)).toBe(`a${'"'.repeat(128)}`);
  });

  test("has, whatever its texts are, the same texts when its formulas are evaluated, and runs none of them", () => {
    const FORMULA_OF_A_TEXT = /^="((?:[^"]|""){0,255})"$/u;
    fc.assert(
      fc.property(texts, (text) => {
        const cell = notedInExcel(text) ?? "";
        const value = FORMULA_OF_A_TEXT.exec(cell)?.[1]?.replaceAll('""', '"');
        if (value === undefined) expect(isFormula(cell)).toBe(false);
        expect([text, `'${text}`]).toContain(value ?? cell);
      }),
      { numRuns: 500 },
    );
  });
});
