import type { Caller } from "../model/caller.js";
import { InvalidArgumentError } from "../model/errors.js";
import { MAX_IDENTIFIER_LENGTH } from "../model/limits.js";
import type { Store, Stores } from "../model/store.js";
import { assertText } from "./field-rules.js";

/**
 * The store a request is about: the one named, or the caller's only one. A store that exists but is not the caller's gets the same answer as
 * one that does not exist.
 */
export function chooseStore(
  caller: Caller,
  stores: Stores,
  storeId: string | null | undefined,
  field: string,
): Store | InvalidArgumentError {
  try {
    const found = (storeId ?? null) === null ? "nothing" : "another";
    return (
      findStore(caller, stores, storeId, field) ??
      new InvalidArgumentError(field, "a store you can act for", found)
    );
  } catch (error) {
    if (error instanceof InvalidArgumentError) return error;
    throw error;
  }
}

/**
 * The store a question is about; null when it does not exist for this caller.
 * @throws InvalidArgumentError for a text that is no id, and when none is named and the caller has several.
 */
export function findStore(
  caller: Caller,
  stores: Stores,
  storeId: string | null | undefined,
  field: string,
): Store | null {
  const own = caller.storeIds.map((id) => stores.get(id)).filter((store) => store !== undefined);
  if (storeId !== null && storeId !== undefined) {
    assertText(field, storeId, MAX_IDENTIFIER_LENGTH);
    return own.find((store) => store.id === storeId) ?? null;
  }
  if (own.length > 1) throw new InvalidArgumentError(field, "one of your stores", "nothing");
  return own[0] ?? null;
}
