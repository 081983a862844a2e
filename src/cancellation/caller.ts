import { InvalidArgumentError, quoted } from "./errors.js";
import type { Store, Stores } from "./store.js";

/**
 * What a caller may be trusted with:
 * - `cancellations:write`: ask for cancels.
 * - `cancellations:read`: read the history.
 * - `cancellations:resolve`: have a doubt looked at, and decide it.
 */
export const SCOPES = ["cancellations:write", "cancellations:read", "cancellations:resolve"] as const;
export type Scope = (typeof SCOPES)[number];

/** Who is calling, for what, and for which stores. */
export interface Caller {
  /** The subject of the caller's token; null when authentication is off. */
  readonly subject: string | null;
  readonly scopes: readonly Scope[];
  /** Ids of the stores this caller may act for. What is outside does not exist for the caller. */
  readonly storeIds: readonly string[];
}

function storesOf(caller: Caller, stores: Stores): Store[] {
  return caller.storeIds.map((id) => stores.get(id)).filter((store) => store !== undefined);
}

/**
 * The store a request is about: the one named, or the caller's only one. A store that exists but is not the caller's is
 * answered exactly as one that does not exist.
 */
export function chooseStore(
  caller: Caller,
  stores: Stores,
  storeId: string | null | undefined,
  field: string,
): Store {
  const own = storesOf(caller, stores);
  if (storeId !== null && storeId !== undefined) {
    const named = own.find((store) => store.id === storeId);
    if (named !== undefined) return named;
    throw new InvalidArgumentError(field, "a store you can act for", quoted(storeId));
  }
  const [only] = own;
  if (only !== undefined && own.length === 1) return only;
  throw new InvalidArgumentError(
    field,
    own.length === 0 ? "a store you can act for" : "one of your stores",
    "nothing",
  );
}
