import type { CancellationLedger, Transition } from "../model/cancellation-ledger.js";
import type { Cancellation } from "../model/cancellation.js";
import { lateFinding, type OnContradiction } from "../reconcile/finding.js";
import { canMove } from "../model/status.js";

export interface LateParts {
  readonly ledger: CancellationLedger;
  readonly onContradiction: OnContradiction;
}

/**
 * Commits a proof that comes when somebody else has taken charge of the cancellation, or has decided it. It counts as far as it still
 * can: what EBP has said of the one send, or that money has moved, is so whoever is at it; what has been decided stands.
 * @returns the cancellation as it stands then.
 * @throws StaleTransitionError when it is moved again in between.
 */
export async function recordLate(
  parts: LateParts,
  { storeId, id }: Cancellation,
  step: Transition,
): Promise<Cancellation> {
  const now = await find(parts.ledger, storeId, id);
  // An attempt before was stored, and its acknowledgement lost.
  if (step.source === "RESPONSE" && now.answeredAt !== null) return now;
  if (canMove(now.status, step.to)) return parts.ledger.recordTransition(now, step);
  return keep(parts, now, step);
}

/** Keeps what came too late to decide anything: as an event, and as a contradiction where it is one. */
export async function keepLate(
  parts: LateParts,
  { storeId, id }: Cancellation,
  step: Transition,
): Promise<Cancellation> {
  return keep(parts, await find(parts.ledger, storeId, id), step);
}

async function keep(
  { ledger, onContradiction }: LateParts,
  now: Cancellation,
  step: Transition,
): Promise<Cancellation> {
  const finding = lateFinding(now, step);
  if ((await ledger.recordFinding(now, finding)) && finding.contradicts) onContradiction(now, finding);
  return find(ledger, now.storeId, now.id);
}

async function find(ledger: CancellationLedger, storeId: string, id: string): Promise<Cancellation> {
  const found = await ledger.find([storeId], id);
  if (found === null) throw new Error(`reading cancellation ${id}: it was there, and is gone`);
  return found;
}
