import { stringify } from "csv-stringify/sync";
import { EXPORT_FIELDS, type ExportRecord } from "../../cancellation/history/history.js";
import type { ExportField } from "../../cancellation/model/cancellation.js";
import { Decimal } from "../../cancellation/model/decimal.js";

/** What only a file for spreadsheets takes. */
export interface SpreadsheetOptions {
  /** Whether the file begins with a byte order mark. */
  readonly bom: boolean;
  /** Whether the file opens right by a double click in Excel. It then begins with a byte order mark too. */
  readonly excel: boolean;
}

/** A way to write cancellations into a file. */
export interface ExportFormat {
  readonly extension: string;
  readonly contentType: string;
  readonly withItems: boolean;
  readonly forSpreadsheets: boolean;
  /** What a file begins with. */
  head(options: SpreadsheetOptions): string;
  write(record: ExportRecord, options: SpreadsheetOptions): string;
}

/** Each line is a cancellation and ends with a line break. JSON escapes the line breaks of texts; decimals are strings. */
export const NDJSON: ExportFormat = {
  extension: "ndjson",
  contentType: "application/x-ndjson",
  withItems: true,
  forSpreadsheets: false,
  head: () => "",
  write: (record) => `${JSON.stringify(record)}\n`,
};

type Cell = string | number | boolean | Decimal | Date | null | undefined;
type Columns<Value> = Readonly<Record<string, (value: Value) => Cell>>;

/** The fields that are no single cell, with the columns that show them. One that is missing here does not compile. */
const COLUMNS_OF: {
  readonly [Field in ExportField as ExportRecord[Field] extends Cell ? never : Field]: Columns<
    ExportRecord[Field]
  >;
} = {
  failure: {
    "failure.resultCode": (failure) => failure?.resultCode,
    "failure.message": (failure) => failure?.message,
    "failure.ebpMessage": (failure) => failure?.ebpMessage,
  },
  discrepancies: { discrepancyCount: (discrepancies) => discrepancies.length },
  refundAccount: {
    "refundAccount.bankCode": (account) => account?.bankCode,
    "refundAccount.accountNumberLast4": (account) => account?.accountNumberLast4,
    "refundAccount.accountHolderName": (account) => account?.accountHolderName,
  },
};

const COLUMNS: ReadonlyMap<string, (record: ExportRecord) => Cell> = new Map([
  ["cursor", ({ cursor }: ExportRecord): Cell => cursor],
  ...EXPORT_FIELDS.flatMap(columnsOf),
]);

function columnsOf(field: ExportField): [string, (record: ExportRecord) => Cell][] {
  const columns = (COLUMNS_OF as Readonly<Record<string, Columns<unknown> | undefined>>)[field];
  if (columns === undefined) return [[field, (record) => record[field] as Cell]];
  return Object.entries(columns).map(([name, cellOf]) => [name, (record) => cellOf(record[field])]);
}

export const CSV_COLUMNS: readonly string[] = [...COLUMNS.keys()];

/** Without it, some spreadsheets do not read the file as UTF-8. */
const BYTE_ORDER_MARK = "\uFEFF";

/** RFC 4180. */
export const CSV: ExportFormat = {
  extension: "csv",
  contentType: "text/csv; charset=utf-8; header=present",
  withItems: false,
  forSpreadsheets: true,
  head: ({ bom, excel }) => `${bom || excel ? BYTE_ORDER_MARK : ""}${rowOf(CSV_COLUMNS)}`,
  write: (record, { excel }) => {
    const write = excel ? excelTextOf : safeTextOf;
    return rowOf([...COLUMNS.values()].map((cellOf) => write(cellOf(record))));
  },
};

function rowOf(cells: readonly string[]): string {
  return stringify([[...cells]], { record_delimiter: "\r\n", quoted_match: LINE_BREAK });
}

/** The library quotes only CR LF. Some readers end the row at other line breaks as well. */
const LINE_BREAK = /[\n\r\v\f\u0085\u2028\u2029]/u;

/**
 * A text that a spreadsheet may run as a formula: it skips blanks and invisible characters before the sign, and takes other Unicode forms
 * of the sign for the sign itself. The library's own option knows only some of these forms.
 */
const FORMULA =
  /^[\s\p{Z}\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\u2800]*[\t\r\n=＝﹦⁼₌⩵⩶+＋﹢⁺₊﬩\-－﹣⁻₋−@＠﹫]/u;

/** The apostrophe tells a spreadsheet that the cell is text. */
function safeTextOf(cell: Cell): string {
  const text = textOf(cell);
  return FORMULA.test(text) ? `'${text}` : text;
}

function textOf(cell: Cell): string {
  return cell instanceof Date ? cell.toISOString() : String(cell ?? "");
}

/** A spreadsheet holds numbers as doubles: it rounds further digits. */
const MAX_NUMBER_DIGITS = 15;
/** Excel refuses a longer text within a formula. */
const MAX_FORMULA_TEXT_LENGTH = 255;
const LETTER = /\p{L}/u;

/**
 * Excel takes a text for a number or a date where it can, in quotes or not, and so loses leading zeros and digits. The value of the
 * formula `="0012"` stays the text that it is. A text with a line break, or a longer one, cannot be in such a formula. It needs none
 * unless it begins as a formula does, or has no letter and might be a number.
 */
function excelTextOf(cell: Cell): string {
  if (typeof cell === "number" || typeof cell === "boolean") return String(cell);
  const text = textOf(cell);
  if (text === "" || (cell instanceof Decimal && cell.precision(true) <= MAX_NUMBER_DIGITS)) return text;
  const doubled = text.replaceAll('"', '""');
  if (doubled.length <= MAX_FORMULA_TEXT_LENGTH && !LINE_BREAK.test(text)) return `="${doubled}"`;
  return FORMULA.test(text) || !LETTER.test(text) ? `'${text}` : text;
}
