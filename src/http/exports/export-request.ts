import { z } from "zod";
import { readPlainDecimal } from "../../cancellation/model/decimal.js";
import { ITEM_TYPES } from "../../cancellation/model/cancel-request.js";
import { InvalidArgumentError } from "../../cancellation/model/errors.js";
import { CANCELLATION_STATUSES, RESOLVERS, SETTLEMENTS } from "../../cancellation/model/status.js";
import type { Caller } from "../../cancellation/model/caller.js";
import type { Cursors, HistoryOrder, OrderDirection } from "../../cancellation/history/cursors.js";
import { checkFilter, type RequestedFilter } from "../../cancellation/history/filter.js";
import type { ExportRequest } from "../../cancellation/history/history.js";
import type { Stores } from "../../cancellation/model/store.js";
import type { ExportFormat } from "./export-formats.js";

export interface AskedExport {
  readonly request: ExportRequest;
  readonly order: HistoryOrder;
  /** The only store that is named; null when that is none, or several. */
  readonly onlyStoreId: string | null;
  readonly bom: boolean;
}

/** @throws InvalidArgumentError */
export function readExportRequest(
  query: Query,
  { withItems, hasBom }: Pick<ExportFormat, "withItems" | "hasBom">,
  caller: Caller,
  { stores, cursors }: { readonly stores: Stores; readonly cursors: Cursors },
): AskedExport {
  const { filter: requested, direction, after, limit, bom } = readParameters(query, { hasBom });
  const order: HistoryOrder = { field: "CREATED_AT", direction };
  const [onlyStoreId = null, ...others] = requested.storeId ?? [];
  return {
    request: {
      // In an address the conditions stand by themselves, and not in a `filter`.
      filter: checkFilter(requested, caller, stores, order, ""),
      direction,
      after: after === null ? null : cursors.decode(withoutApostrophe(after), order, "after"),
      limit,
      withItems,
    },
    order,
    onlyStoreId: others.length === 0 ? onlyStoreId : null,
    bom,
  };
}

/** As it stands in a CSV, where one that begins with a minus has an apostrophe before it. */
function withoutApostrophe(cursor: string): string {
  return cursor.startsWith("'") ? cursor.slice(1) : cursor;
}

/** What an address asks for, each by itself as it should be written; whether it makes sense is for the domain to say. */
interface ExportParameters {
  readonly filter: RequestedFilter;
  readonly direction: OrderDirection;
  readonly after: string | null;
  readonly limit: number | null;
  readonly bom: boolean;
}

type Reader<T> = (name: string, given: readonly string[]) => T;
export type Query = Readonly<Record<string, string | readonly string[] | undefined>>;

const WHOLE = /^-?\d{1,10}$/u;
const MAX_LIMIT = 2_147_483_647;
const MOMENT = z.iso.datetime({ offset: true });

const text = single("a text", (given) => given);
const moment = single(
  "a moment as RFC 3339 has it, such as 2026-01-31T15:00:00Z, a + in it as %2B",
  (given) => (MOMENT.safeParse(given).success ? new Date(given) : undefined),
);
const decimal = single(
  'a decimal such as "1999.90", of at most 40 digits either side of the point',
  (given) => readPlainDecimal(given) ?? undefined,
);
const whole = single("a whole number", (given) => (WHOLE.test(given) ? Number(given) : undefined));
const FLAGS: ReadonlyMap<string, boolean> = new Map([
  ["true", true],
  ["false", false],
]);
const flag = single("true or false", (given) => FLAGS.get(given));
const limit = single(`a whole number from 1 to ${MAX_LIMIT}`, (given) => {
  const rows = WHOLE.test(given) ? Number(given) : 0;
  return rows >= 1 && rows <= MAX_LIMIT ? rows : undefined;
});

/** By the names of the API's filter. */
const CONDITIONS: { readonly [Name in keyof RequestedFilter]-?: Reader<RequestedFilter[Name]> } = {
  storeId: (_name, given) => listed(given),
  status: (name, given) => listed(given).map((each) => oneOf(CANCELLATION_STATUSES)(name, [each])),
  settlement: oneOf(SETTLEMENTS),
  resolvedBy: oneOf(RESOLVERS),
  orderNo: text,
  orderNoPrefix: text,
  idempotencyKey: text,
  returnRequestId: text,
  requestId: text,
  itemId: text,
  itemType: oneOf(ITEM_TYPES),
  reason: text,
  requestedBy: text,
  failureCode: text,
  amountFrom: decimal,
  amountTo: decimal,
  createdFrom: moment,
  createdBefore: moment,
  resolvedFrom: moment,
  resolvedBefore: moment,
  inDoubtLongerThanSeconds: whole,
  hasDiscrepancies: flag,
};

/**
 * @param hasBom whether the file may have a byte order mark.
 * @throws InvalidArgumentError
 */
function readParameters(query: Query, { hasBom }: { readonly hasBom: boolean }): ExportParameters {
  const others = ["direction", "after", "limit", ...(hasBom ? ["bom"] : [])];
  const known = [...Object.keys(CONDITIONS), ...others];
  const isUnknown = Object.keys(query).some((name) => !known.includes(name));
  // Not even its name is quoted.
  if (isUnknown) {
    throw new InvalidArgumentError("(the address)", `only these parameters: ${known.join(", ")}`, "another");
  }
  const read = <T>(name: string, reader: Reader<T>): T | null => {
    const given = query[name];
    return given === undefined ? null : reader(name, typeof given === "string" ? [given] : given);
  };
  const direction = read("direction", oneOf(["asc", "desc"]));
  return {
    filter: Object.fromEntries(
      Object.entries(CONDITIONS).map(([name, reader]) => [name, read<unknown>(name, reader)]),
    ),
    direction: direction === "desc" ? "DESC" : "ASC",
    after: read("after", text),
    limit: read("limit", limit),
    bom: read("bom", flag) ?? false,
  };
}

/** What was found is not quoted: nobody knows what stands in an address that is not as it should be. */
function single<T>(expected: string, read: (text: string) => T | undefined): Reader<T> {
  return (name, [given = "", ...more]) => {
    if (more.length > 0) throw new InvalidArgumentError(name, expected, `${1 + more.length} of them`);
    const value = read(given);
    if (value !== undefined) return value;
    throw new InvalidArgumentError(name, expected, given === "" ? "nothing" : "something else");
  };
}

function oneOf<const T extends string>(choices: readonly T[]): Reader<T> {
  return single(`one of ${choices.join(", ")}`, (given) => choices.find((choice) => choice === given));
}

/** Repeated, or with commas between, or both. */
function listed(given: readonly string[]): string[] {
  return given.flatMap((texts) => texts.split(","));
}
