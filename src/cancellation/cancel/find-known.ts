import type { Caller } from "../model/caller.js";
import { chooseStore } from "../model/caller.js";
import { InvalidArgumentError, KeyNotReadError } from "../model/errors.js";
import { textFaults } from "../model/field-rules.js";
import type { CancellationHistory, KnownCancellation } from "../history/history.js";
import { MAX_IDEMPOTENCY_KEY_LENGTH } from "../model/limits.js";
import type { CancelPaymentInput, CancelRequest } from "../model/cancel-request.js";
import { normalise } from "../request/check-request.js";
import type { Stores } from "../model/store.js";

export interface FindKnownParts {
  readonly stores: Stores;
  readonly history: Pick<CancellationHistory, "findRequestByKey">;
}

/**
 * The cancellation that this key stands for already, whatever is wrong with the rest of the request now; null when there is none, or the
 * key or the store cannot be one.
 * @throws KeyNotReadError when that cannot be told now.
 */
export async function findKnown(
  { stores, history }: FindKnownParts,
  caller: Caller,
  input: CancelPaymentInput,
): Promise<(KnownCancellation & { readonly request: CancelRequest }) | null> {
  // Not as a key is judged now: it may have been used when the rule was another.
  if (textFaults("", input.idempotencyKey, MAX_IDEMPOTENCY_KEY_LENGTH).length > 0) return null;
  const store = storeOf(stores, caller, input);
  if (store === null) return null;
  const found = await history.findRequestByKey(store.id, input.idempotencyKey).catch((error: unknown) => {
    throw new KeyNotReadError(error);
  });
  return found === null ? null : { ...found, request: normalise(input, store) };
}

function storeOf(
  stores: Stores,
  caller: Caller,
  { storeId }: CancelPaymentInput,
): ReturnType<typeof chooseStore> | null {
  try {
    return chooseStore(caller, stores, storeId, "input.storeId");
  } catch (error) {
    if (error instanceof InvalidArgumentError) return null;
    throw error;
  }
}
