import { applyTransition } from "../cancellation/cancel/apply-transition.js";
import type { Transition } from "../cancellation/cancellation-ledger.js";
import type { Cancellation } from "../cancellation/cancellation.js";
import { StaleTransitionError } from "../cancellation/errors.js";
import type { Finding } from "../cancellation/doubt/finding.js";
import type { CancellationReference } from "../cancellation/history/history.js";
import { assertCanMove } from "../cancellation/status.js";
import type { Sealer } from "./sealer.js";
import { findingStatement } from "./finding-statement.js";
import type { Prisma } from "./generated/client.js";
import { transitionStatement, type TransitionRow } from "./transition-statement.js";

/** Connections, or one transaction on one of them. */
export type Database = Pick<Prisma.TransactionClient, "$queryRaw">;

/** @throws StaleTransitionError as the ledger does. */
export async function recordTransition(
  database: Database,
  sealer: Sealer,
  before: Cancellation,
  step: Transition,
): Promise<Cancellation> {
  assertCanMove(before.status, step.to);
  const [row] = await database.$queryRaw<TransitionRow[]>(transitionStatement(before, step, sealer));
  if (row === undefined) throw new StaleTransitionError(before.id, before.status, step.to);
  return applyTransition(before, step, {
    sentAt: row.sent_at,
    resolvedAt: row.resolved_at,
    inDoubtSince: row.in_doubt_since,
    nextCheckAt: row.next_check_at,
    answeredAt: row.answered_at,
    fencingToken: row.fencing_token,
  });
}

/** False when there was nothing to record it on. */
export async function recordFinding(
  database: Database,
  sealer: Sealer,
  reference: CancellationReference,
  finding: Finding,
): Promise<boolean> {
  const rows = await database.$queryRaw<{ id: string }[]>(findingStatement(reference, finding, sealer));
  return rows.length > 0;
}
