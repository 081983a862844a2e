import type { Caller } from "../model/caller.js";
import { checkClaimed, type CheckParts } from "./check-in-doubt.js";
import type { OperatorResult } from "./operator-result.js";
import { errorsOf, notFound } from "../model/user-error.js";

/** One step recovers it, when its process went away; the next looks it up. */
const STEPS = 2;

/** Looks now at what became of a cancellation, instead of when its turn comes. Sends nothing that moves money. */
export async function refreshCancellation(
  parts: CheckParts,
  caller: Caller,
  id: string,
): Promise<OperatorResult> {
  for (let step = 0; step < STEPS; step += 1) {
    const claim = await parts.queue.claim(caller.storeIds, id);
    if (claim === null || (await checkClaimed(parts, claim)) !== "recovered") break;
  }
  const cancellation = await parts.ledger.find(caller.storeIds, id);
  return cancellation === null
    ? { cancellation, errors: [notFound("id")] }
    : { cancellation, errors: errorsOf(cancellation) };
}
