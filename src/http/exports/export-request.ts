import { z } from "zod";
import { readPlainDecimal } from "../../cancellation/model/decimal.js";
import { InvalidArgumentError } from "../../cancellation/model/errors.js";
import type { Fault, FaultKind } from "../../cancellation/model/fault.js";
import { MAX_REASON_LENGTH as MAX_LENGTH } from "../../cancellation/model/limits.js";
import { CANCELLATION_STATUSES } from "../../cancellation/model/status.js";
import type { Caller } from "../../cancellation/model/caller.js";
import type { Cursors, HistoryOrder } from "../../cancellation/history/cursors.js";
import { checkFilter, CONDITION_KINDS, type ConditionKind } from "../../cancellation/history/filter.js";
import type { ExportRequest } from "../../cancellation/history/history.js";
import type { Stores } from "../../cancellation/model/store.js";
import type { ExportFormat, SpreadsheetOptions } from "./export-formats.js";

export interface AskedExport extends SpreadsheetOptions {
  readonly request: ExportRequest;
  readonly order: HistoryOrder;
  /** The only store that is named; null when that is none, or several. */
  readonly onlyStoreId: string | null;
}

export type Query = Readonly<Record<string, string | readonly string[] | undefined>>;
type Reader<T> = (name: string, given: readonly string[]) => T;

/** A fault without the field that it is about. */
type FaultDetail = { [Kind in FaultKind]: Omit<Fault<Kind>, "field"> }[FaultKind];

const WHOLE = /^-?\d+$/u;
/** What fits in PostgreSQL's INTEGER. */
const MAX_LIMIT = 2_147_483_647;
const MOMENT = z.iso.datetime({ offset: true });
const FLAGS: ReadonlyMap<string, boolean> = new Map([
  ["true", true],
  ["false", false],
]);

const text = single({ kind: "blank", max: MAX_LENGTH }, (given) => given);
const flag = single({ kind: "notAFlag" }, (given) => FLAGS.get(given));
const whole = (min: number): Reader<number> =>
  single({ kind: "notWhole", min, max: MAX_LIMIT }, (given) =>
    WHOLE.test(given) ? Number(given) : undefined,
  );
const rowLimit: Reader<number> = (field, given) => {
  const rows = whole(1)(field, given);
  if (rows >= 1 && rows <= MAX_LIMIT) return rows;
  throw new InvalidArgumentError({ kind: "outOfRange", field, min: 1, max: MAX_LIMIT });
};
const status = oneOf(CANCELLATION_STATUSES);
const READERS = {
  text,
  flag,
  whole: whole(0),
  moment: single({ kind: "notAMoment" }, (given) =>
    MOMENT.safeParse(given).success ? new Date(given) : undefined,
  ),
  decimal: single({ kind: "notADecimal" }, (given) => readPlainDecimal(given) ?? undefined),
} as const;

/** By the names of the API's filter. In an address they stand by themselves, and not in a `filter`. */
const CONDITIONS: Readonly<Record<string, Reader<unknown>>> = {
  storeIds: (_name, given) => listed(given),
  statuses: (name, given) => listed(given).map((each) => status(name, [each])),
  ...Object.fromEntries(Object.entries(CONDITION_KINDS).map(([name, kind]) => [name, readerOf(kind)])),
};

const OPTIONS = {
  direction: oneOf(["asc", "desc"]),
  after: text,
  limit: rowLimit,
};

const SPREADSHEET_OPTIONS = { bom: flag, excel: flag } satisfies Record<keyof SpreadsheetOptions, unknown>;

/** @throws InvalidArgumentError */
export function readExportRequest(
  query: Query,
  { withItems, forSpreadsheets }: Pick<ExportFormat, "withItems" | "forSpreadsheets">,
  caller: Caller,
  { stores, cursors }: { readonly stores: Stores; readonly cursors: Cursors },
): AskedExport {
  const ofSpreadsheets = Object.keys(SPREADSHEET_OPTIONS);
  const misplaced = forSpreadsheets ? undefined : ofSpreadsheets.find((name) => name in query);
  if (misplaced !== undefined) throw new InvalidArgumentError({ kind: "onlyOfCsv", field: misplaced });
  const known = [
    ...Object.keys(CONDITIONS),
    ...Object.keys(OPTIONS),
    ...(forSpreadsheets ? ofSpreadsheets : []),
  ];
  // Not even its name is quoted.
  if (Object.keys(query).some((name) => !known.includes(name)))
    throw new InvalidArgumentError({ kind: "unknownParameter", field: null, known });
  const read = <T>(name: string, reader: Reader<T>): T | null => {
    const given = query[name];
    return given === undefined ? null : reader(name, typeof given === "string" ? [given] : given);
  };
  const requested = Object.fromEntries(
    Object.entries(CONDITIONS).map(([name, reader]) => [name, read(name, reader)]),
  );
  const direction = read("direction", OPTIONS.direction) === "asc" ? "ASC" : "DESC";
  const order: HistoryOrder = { field: "CREATED_AT", direction };
  const after = read("after", OPTIONS.after);
  const storeIds = read("storeIds", (_name, given) => listed(given)) ?? [];
  return {
    request: {
      filter: checkFilter(requested, caller, stores, order, ""),
      direction,
      // In a CSV, a cursor that begins with a minus has an apostrophe before it.
      after: after === null ? null : cursors.decode(after.replace(/^'/u, ""), order, "after"),
      limit: read("limit", OPTIONS.limit),
      withItems,
    },
    order,
    onlyStoreId: storeIds.length === 1 ? (storeIds[0] ?? null) : null,
    bom: read("bom", SPREADSHEET_OPTIONS.bom) ?? false,
    excel: read("excel", SPREADSHEET_OPTIONS.excel) ?? false,
  };
}

function readerOf(kind: ConditionKind): Reader<unknown> {
  if (typeof kind === "string") return READERS[kind];
  return "longest" in kind ? text : oneOf(kind);
}

/** What was found is not quoted: nobody knows what stands in an address that is not as it should be. */
function single<T>(fault: FaultDetail, read: (text: string) => T | undefined): Reader<T> {
  return (field, [given = "", ...more]) => {
    if (more.length > 0) throw new InvalidArgumentError({ kind: "repeatedParameter", field });
    const value = read(given);
    if (value !== undefined) return value;
    throw new InvalidArgumentError({ ...fault, field });
  };
}

function oneOf<const T extends string>(choices: readonly T[]): Reader<T> {
  return single({ kind: "notOneOf", choices }, (given) => choices.find((choice) => choice === given));
}

/** Repeated, or with commas between, or both. */
function listed(given: readonly string[]): string[] {
  return given.flatMap((texts) => texts.split(","));
}
