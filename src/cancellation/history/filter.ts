import type { Caller } from "../model/caller.js";
import { ITEM_TYPES, type ItemType } from "../model/cancel-request.js";
import type { Decimal } from "../model/decimal.js";
import { InvalidArgumentError } from "../model/errors.js";
import * as limits from "../model/limits.js";
import {
  CANCELLATION_STATUSES,
  type CancellationStatus,
  DECIDED_STATUSES,
  type ResolvedBy,
  RESOLVERS,
  type Settlement,
  SETTLEMENTS,
} from "../model/status.js";
import type { Stores } from "../model/store.js";
import { assertNoFault, assertText, proseFaults } from "../request/field-rules.js";
import type { HistoryOrder } from "./cursors.js";

/** Conditions that must all hold. `storeIds` always holds: other stores do not exist for the caller. */
export interface CancellationFilter {
  readonly storeIds: readonly string[];
  readonly statuses?: readonly CancellationStatus[];
  readonly settlement?: Settlement;
  readonly resolvedBy?: ResolvedBy;
  readonly orderNo?: string;
  /** The order number begins with it. */
  readonly orderNoPrefix?: string;
  readonly idempotencyKey?: string;
  readonly returnRequestId?: string;
  /** EBP's tracking id of its answer. */
  readonly requestId?: string;
  /** Has an item with this id; with `itemType`, one item that meets both. */
  readonly itemId?: string;
  readonly itemType?: ItemType;
  /** Exactly this text. */
  readonly reason?: string;
  readonly requestedBy?: string;
  readonly failureCode?: string;
  /** Both inclusive. */
  readonly amountFrom?: Decimal;
  readonly amountTo?: Decimal;
  /** `From` is inclusive, `Before` exclusive. */
  readonly createdFrom?: Date;
  readonly createdBefore?: Date;
  readonly resolvedFrom?: Date;
  readonly resolvedBefore?: Date;
  /** UNKNOWN for longer than this, by the database's clock. */
  readonly inDoubtLongerThanSeconds?: number;
  readonly hasDiscrepancies?: boolean;
}

/** Conditions as a caller states them; null or left out is no condition. */
export type RequestedFilter = {
  readonly [Condition in keyof Omit<CancellationFilter, "storeIds" | "statuses">]?:
    CancellationFilter[Condition] | null;
} & {
  readonly storeId?: readonly string[] | null;
  readonly status?: readonly CancellationStatus[] | null;
};

/** EBP does not say how long its ids and codes can be. */
const MAX_EBP_ID_LENGTH = 200;

/** As long as the subject of a token may be. */
const MAX_SUBJECT_LENGTH = 255;

/** Fewer characters would match nearly every order. */
const MIN_PREFIX_LENGTH = 3;

/** Ten years. */
const MAX_UNKNOWN_SECONDS = 10 * 366 * 24 * 60 * 60;

type Conditions = Omit<CancellationFilter, "storeIds" | "statuses">;

/** What a condition takes: a text of at most so many characters, one of some words, a text with rules of its own, or another value. */
export type ConditionKind =
  { readonly longest: number } | readonly string[] | "text" | "decimal" | "moment" | "whole" | "flag";

/** Every condition besides stores and statuses. One that is missing here does not compile; exports read the same list. */
export const CONDITION_KINDS: Readonly<Record<keyof Conditions, ConditionKind>> = {
  settlement: SETTLEMENTS,
  resolvedBy: RESOLVERS,
  orderNo: { longest: limits.MAX_IDENTIFIER_LENGTH },
  orderNoPrefix: { longest: limits.MAX_IDENTIFIER_LENGTH },
  idempotencyKey: { longest: limits.MAX_IDEMPOTENCY_KEY_LENGTH },
  returnRequestId: { longest: MAX_EBP_ID_LENGTH },
  requestId: { longest: MAX_EBP_ID_LENGTH },
  itemId: { longest: limits.MAX_IDENTIFIER_LENGTH },
  itemType: ITEM_TYPES,
  reason: "text",
  requestedBy: { longest: MAX_SUBJECT_LENGTH },
  failureCode: { longest: MAX_EBP_ID_LENGTH },
  amountFrom: "decimal",
  amountTo: "decimal",
  createdFrom: "moment",
  createdBefore: "moment",
  resolvedFrom: "moment",
  resolvedBefore: "moment",
  inDoubtLongerThanSeconds: "whole",
  hasDiscrepancies: "flag",
};

/**
 * @param order the order of reading: some conditions exclude some orders.
 * @param prefix goes before the names of conditions in errors.
 * @throws InvalidArgumentError for conditions that no cancellation can meet.
 */
export function checkFilter(
  requested: RequestedFilter,
  caller: Caller,
  stores: Stores,
  order: HistoryOrder | null = null,
  prefix = "filter.",
): CancellationFilter {
  const { storeId, status, ...rest } = requested;
  const conditions = Object.fromEntries(Object.entries(rest).filter(([, value]) => given(value)));
  const filter: CancellationFilter = {
    ...conditions,
    storeIds: checkedStores(storeId, caller, `${prefix}storeId`),
    // Without repetitions: a list may name the same status ten thousand times.
    ...(given(status) && { statuses: [...new Set(status)] }),
  };
  assertThat(filter.statuses?.length !== 0, `${prefix}status`, "at least one status", "an empty list");
  for (const [name, value] of Object.entries(conditions))
    assertReadable(`${prefix}${name}`, name as keyof Conditions, value);
  assertPossible(filter, order, prefix);
  if (given(filter.amountFrom) || given(filter.amountTo))
    assertOneCurrency(filter, stores, `${prefix}amountFrom, ${prefix}amountTo`, prefix);
  if (order?.field === "TOTAL_CANCEL_AMOUNT") assertOneCurrency(filter, stores, "orderBy.field", prefix);
  // Last, so that errors speak of what the caller has stated.
  if (filter.inDoubtLongerThanSeconds === undefined || filter.statuses !== undefined) return filter;
  return { ...filter, statuses: ["UNKNOWN"] };
}

/** Stores of other callers are left out, as if they did not exist. */
function checkedStores(
  requested: readonly string[] | null | undefined,
  caller: Caller,
  field: string,
): readonly string[] {
  if (!given(requested)) return caller.storeIds;
  assertThat(requested.length > 0, field, "at least one store", "an empty list");
  for (const id of requested) assertText(field, id, limits.MAX_IDENTIFIER_LENGTH);
  return caller.storeIds.filter((id) => requested.includes(id));
}

/** Refuses values that no cancellation can have, some of which PostgreSQL would reject in its own words. */
function assertReadable(field: string, name: keyof Conditions, value: unknown): void {
  const kind = CONDITION_KINDS[name];
  // ISO 8601 has a year 0, PostgreSQL does not.
  if (kind === "moment")
    assertThat(
      (value as Date).getUTCFullYear() >= 1,
      field,
      "a moment of the years 1 to 9999",
      "an earlier one",
    );
  else if (kind === "decimal") assertAmount(field, value as Decimal);
  else if (kind === "whole") assertSeconds(field, value as number);
  else if (kind === "text") assertNoFault(proseFaults(field, value as string, limits.MAX_REASON_LENGTH));
  else if (typeof kind === "object" && "longest" in kind) assertText(field, value as string, kind.longest);
  if (name !== "orderNoPrefix") return;
  const { length } = value as string;
  assertThat(length >= MIN_PREFIX_LENGTH, field, `at least ${MIN_PREFIX_LENGTH} characters`, String(length));
}

function assertThat(holds: boolean, field: string, expected: string, found: string): void {
  if (!holds) throw new InvalidArgumentError(field, expected, found);
}

function assertAmount(field: string, amount: Decimal): void {
  const expected = `an amount from 0, of at most ${limits.MAX_AMOUNT_INTEGER_DIGITS} digits before the decimal point`;
  const holds = amount.isFinite() && !amount.isNegative() && amount.e < limits.MAX_AMOUNT_INTEGER_DIGITS;
  assertThat(holds, field, expected, amount.isNegative() ? "a negative one" : "another number");
}

function assertSeconds(field: string, seconds: number): void {
  const holds = seconds >= 0 && seconds <= MAX_UNKNOWN_SECONDS;
  assertThat(holds, field, `0 to ${MAX_UNKNOWN_SECONDS}`, "another number");
}

/** Amounts of different currencies cannot be compared. */
function assertOneCurrency(
  { storeIds }: CancellationFilter,
  stores: Stores,
  field: string,
  prefix: string,
): void {
  const currencies = [...new Set(storeIds.map((id) => stores.get(id)?.currencyCode))].sort();
  const expected = `stores of one currency: name them in ${prefix}storeId`;
  assertThat(currencies.length <= 1, field, expected, `stores of ${currencies.join(", ")}`);
}

function given<T>(value: T | null | undefined): value is T {
  return value !== null && value !== undefined;
}

/** The statuses that a cancellation which meets the condition can have. */
const STATUSES_WITH: Readonly<Partial<Record<keyof CancellationFilter, readonly CancellationStatus[]>>> = {
  settlement: ["SUCCEEDED"],
  resolvedBy: DECIDED_STATUSES,
  resolvedFrom: DECIDED_STATUSES,
  resolvedBefore: DECIDED_STATUSES,
  // An answer that proves nothing has a code too.
  failureCode: ["FAILED", "UNKNOWN"],
  inDoubtLongerThanSeconds: ["UNKNOWN"],
};

/**
 * Conditions that exclude each other are a mistake, which an empty page would hide.
 * @throws InvalidArgumentError
 */
function assertPossible(filter: CancellationFilter, order: HistoryOrder | null, prefix: string): void {
  assertSomeStatus(filter, order, prefix);
  assertAfter(filter, "createdFrom", "createdBefore", prefix);
  assertAfter(filter, "resolvedFrom", "resolvedBefore", prefix);
  // A cancellation is created before it is resolved.
  assertAfter(filter, "createdFrom", "resolvedBefore", prefix);
  const { amountFrom, amountTo, orderNo, orderNoPrefix } = filter;
  const isEmpty = amountFrom !== undefined && amountTo?.lessThan(amountFrom) === true;
  assertThat(!isEmpty, `${prefix}amountTo`, `${prefix}amountFrom or more`, "less");
  const begins = orderNo?.startsWith(orderNoPrefix ?? "") ?? true;
  assertThat(begins, `${prefix}orderNo`, `one that begins with ${prefix}orderNoPrefix`, "another");
}

function assertAfter(
  filter: CancellationFilter,
  from: "createdFrom" | "resolvedFrom",
  before: "createdBefore" | "resolvedBefore",
  prefix: string,
): void {
  const [first, end] = [filter[from], filter[before]];
  if (first === undefined || end === undefined || first < end) return;
  const found = first > end ? "an earlier one" : "the same";
  throw new InvalidArgumentError(`${prefix}${before}`, `a moment after ${prefix}${from}`, found);
}

/** The error names the first condition that leaves no status, and the statuses left before it. */
function assertSomeStatus(filter: CancellationFilter, order: HistoryOrder | null, prefix: string): void {
  let left: readonly CancellationStatus[] = filter.statuses ?? CANCELLATION_STATUSES;
  const narrow = (field: string, to: readonly CancellationStatus[]): void => {
    const both = left.filter((status) => to.includes(status));
    const expected = `the other conditions to leave one of ${to.join(", ")}`;
    assertThat(both.length > 0, field, expected, left.join(", "));
    left = both;
  };
  for (const [condition, statuses] of Object.entries(STATUSES_WITH)) {
    if (filter[condition as keyof CancellationFilter] !== undefined)
      narrow(`${prefix}${condition}`, statuses);
  }
  if (order?.field === "RESOLVED_AT") narrow("orderBy.field", DECIDED_STATUSES);
}
