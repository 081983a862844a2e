import type { Caller } from "../model/caller.js";
import { InvalidArgumentError } from "../model/errors.js";
import { MAX_IDENTIFIER_LENGTH } from "../model/limits.js";
import type { Store, Stores } from "../model/store.js";
import { assertText } from "./field-rules.js";

/**
 * The store a request is about: the one named, or the caller's only one. A store that exists but is not the caller's is
 * answered exactly as one that does not exist.
 * @throws InvalidArgumentError
 */
export function chooseStore(
  caller: Caller,
  stores: Stores,
  storeId: string | null | undefined,
  field: string,
): Store {
  const store = findStore(caller, stores, storeId, field);
  if (store !== null) return store;
  const found = storeId === null || storeId === undefined ? "nothing" : "another";
  throw new InvalidArgumentError(field, "a store you can act for", found);
}

/**
 * The same for whoever only looks: null where there is nothing to be seen.
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
