import type { Caller } from "../model/caller.js";
import { ITEM_TYPES, type ItemType } from "../model/cancel-request.js";
import { Decimal } from "../model/decimal.js";
import { InvalidArgumentError } from "../model/errors.js";
import type { Fault } from "../model/fault.js";
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
  readonly [Condition in keyof CancellationFilter]?: CancellationFilter[Condition] | null;
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
  const { storeIds, statuses, ...rest } = requested;
  const conditions = Object.fromEntries(Object.entries(rest).filter(([, value]) => given(value)));
  const filter: CancellationFilter = {
    ...conditions,
    storeIds: checkedStores(storeIds, caller, `${prefix}storeIds`),
    // Without repetitions: a list may name the same status ten thousand times.
    ...(given(statuses) && { statuses: [...new Set(statuses)] }),
  };
  assertThat(filter.statuses?.length !== 0, { kind: "emptyList", field: `${prefix}statuses` });
  for (const [name, value] of Object.entries(conditions))
    assertReadable(`${prefix}${name}`, name as keyof Conditions, value);
  assertPossible(filter, order, prefix);
  if (given(filter.amountFrom) || given(filter.amountTo))
    assertOneCurrency(filter, stores, `${prefix}${given(filter.amountFrom) ? "amountFrom" : "amountTo"}`);
  if (order?.field === "TOTAL_CANCEL_AMOUNT") assertOneCurrency(filter, stores, "orderBy.field");
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
  assertThat(requested.length > 0, { kind: "emptyList", field });
  for (const id of requested) assertText(field, id, limits.MAX_IDENTIFIER_LENGTH);
  return caller.storeIds.filter((id) => requested.includes(id));
}

/** Refuses values that no cancellation can have, some of which PostgreSQL would reject in its own words. */
function assertReadable(field: string, name: keyof Conditions, value: unknown): void {
  const kind = CONDITION_KINDS[name];
  // ISO 8601 has a year 0, PostgreSQL does not.
  if (kind === "moment") assertThat((value as Date).getUTCFullYear() >= 1, { kind: "momentTooEarly", field });
  else if (kind === "decimal") assertAmount(field, value as Decimal);
  else if (kind === "whole") assertSeconds(field, value as number);
  else if (kind === "text") assertNoFault(proseFaults(field, value as string, limits.MAX_REASON_LENGTH));
  else if (typeof kind === "object" && "longest" in kind) assertText(field, value as string, kind.longest);
  if (name !== "orderNoPrefix") return;
  const { length } = value as string;
  assertThat(length >= MIN_PREFIX_LENGTH, { kind: "tooShort", field, min: MIN_PREFIX_LENGTH });
}

function assertThat(holds: boolean, fault: Fault): void {
  if (!holds) throw new InvalidArgumentError(fault);
}

const LEAST_AMOUNT = new Decimal(0);
const MOST_AMOUNT = new Decimal(10).pow(limits.MAX_AMOUNT_INTEGER_DIGITS).minus("0.0001");

function assertAmount(field: string, amount: Decimal): void {
  assertThat(amount.isFinite(), { kind: "notANumber", field });
  assertThat(amount.greaterThanOrEqualTo(LEAST_AMOUNT), { kind: "belowLeast", field, min: LEAST_AMOUNT });
  const isFitting = amount.e < limits.MAX_AMOUNT_INTEGER_DIGITS;
  assertThat(isFitting, { kind: "aboveMost", field, max: MOST_AMOUNT });
}

function assertSeconds(field: string, seconds: number): void {
  const holds = seconds >= 0 && seconds <= MAX_UNKNOWN_SECONDS;
  assertThat(holds, { kind: "outOfRange", field, min: 0, max: MAX_UNKNOWN_SECONDS });
}

/** Amounts of different currencies cannot be compared. */
function assertOneCurrency({ storeIds }: CancellationFilter, stores: Stores, field: string): void {
  const currencies = [...new Set(storeIds.flatMap((id) => stores.get(id)?.currencyCode ?? []))].sort();
  assertThat(currencies.length <= 1, { kind: "severalCurrencies", field, currencies });
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
  assertThat(!isEmpty, { kind: "lessThan", field: `${prefix}amountTo`, other: "amountFrom" });
  const begins = orderNo?.startsWith(orderNoPrefix ?? "") ?? true;
  assertThat(begins, { kind: "otherPrefix", field: `${prefix}orderNo`, other: "orderNoPrefix" });
}

function assertAfter(
  filter: CancellationFilter,
  from: "createdFrom" | "resolvedFrom",
  before: "createdBefore" | "resolvedBefore",
  prefix: string,
): void {
  const [first, end] = [filter[from], filter[before]];
  if (first === undefined || end === undefined) return;
  assertThat(first < end, { kind: "notAfter", field: `${prefix}${before}`, other: from });
}

/** The error names the first condition that leaves no status, and the statuses left before it. */
function assertSomeStatus(filter: CancellationFilter, order: HistoryOrder | null, prefix: string): void {
  let left: readonly CancellationStatus[] = filter.statuses ?? CANCELLATION_STATUSES;
  const narrow = (field: string, to: readonly CancellationStatus[]): void => {
    const both = left.filter((status) => to.includes(status));
    assertThat(both.length > 0, { kind: "noStatusLeft", field, possible: to, left });
    left = both;
  };
  for (const [condition, statuses] of Object.entries(STATUSES_WITH)) {
    if (filter[condition as keyof CancellationFilter] !== undefined)
      narrow(`${prefix}${condition}`, statuses);
  }
  if (order?.field === "RESOLVED_AT") narrow("orderBy.field", DECIDED_STATUSES);
}
