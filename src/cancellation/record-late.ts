import type { CancellationLedger, Transition } from "./cancellation-ledger.js";
import type { Cancellation } from "./cancellation.js";
import { lateFinding, type OnContradiction } from "./finding.js";
import { canMove } from "./status.js";

export interface LateParts {
  readonly ledger: CancellationLedger;
  readonly onContradiction: OnContradiction;
}

/**
 * Commits a result that comes when somebody else has taken charge of the cancellation, or has decided it. It counts as far as it still
 * can: a proof beats doubt, whoever is at it, because nothing of the one send can leave any more; what has been decided stands.
 * @returns the cancellation as it stands then.
 * @throws StaleTransitionError when it is moved again in between.
 */
export async function recordLate(
  { ledger, onContradiction }: LateParts,
  { storeId, id }: Cancellation,
  step: Transition,
): Promise<Cancellation> {
  const now = await find(ledger, storeId, id);
  // An attempt before was stored, and its acknowledgement lost.
  if (step.source === "RESPONSE" && now.answeredAt !== null) return now;
  if (canMove(now.status, step.to)) return ledger.recordTransition(now, step);
  const finding = lateFinding(now, step);
  if (!(await ledger.recordFinding(now, finding))) return find(ledger, storeId, id);
  if (finding.contradicts) onContradiction(now, step);
  return find(ledger, storeId, id);
}

async function find(ledger: CancellationLedger, storeId: string, id: string): Promise<Cancellation> {
  const found = await ledger.find([storeId], id);
  if (found === null) throw new Error(`reading cancellation ${id}: it was there, and is gone`);
  return found;
}
