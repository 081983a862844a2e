import { findStore, type Caller } from "../model/caller.js";
import { InvalidArgumentError } from "../model/errors.js";
import { assertText } from "../model/field-rules.js";
import { MAX_IDENTIFIER_LENGTH } from "../model/limits.js";
import type { Stores } from "../model/store.js";
import type { ChangeHint } from "./change.js";

/** Which cancellations somebody follows. `storeIds` always holds: what happens elsewhere does not exist. */
export interface Watch {
  readonly storeIds: readonly string[];
  /** Null: whichever. */
  readonly orderNo: string | null;
  /** Null: whichever. */
  readonly id: string | null;
}

/** As a caller states it; what is left out, or null, is no condition. */
export interface RequestedWatch {
  readonly storeId?: string | null | undefined;
  readonly orderNo?: string | null | undefined;
  /** A well-formed one. */
  readonly id?: string | null | undefined;
}

/** @throws InvalidArgumentError for an id beside something else, which it already says, or contradicts. */
export function checkWatch(requested: RequestedWatch, caller: Caller, stores: Stores): Watch {
  const { storeId = null, orderNo = null, id = null } = requested;
  if (id !== null) {
    const beside = Object.entries({ storeId, orderNo }).find(([, value]) => value !== null);
    if (beside !== undefined) throw new InvalidArgumentError(beside[0], "nothing beside `id`", "a value");
    return { storeIds: caller.storeIds, orderNo, id };
  }
  if (orderNo !== null) assertText("orderNo", orderNo, MAX_IDENTIFIER_LENGTH);
  // An order is of one store. Where none is named, the caller's only one is meant.
  if (storeId === null && orderNo === null) return { storeIds: caller.storeIds, orderNo, id };
  const store = findStore(caller, stores, storeId, "storeId");
  return { storeIds: store === null ? [] : [store.id], orderNo, id };
}

export function isAbout(watch: Watch, hint: ChangeHint): boolean {
  if (!watch.storeIds.includes(hint.storeId)) return false;
  if (watch.id !== null) return watch.id === hint.id;
  return watch.orderNo === null || watch.orderNo === hint.orderNo;
}
