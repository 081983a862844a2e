import { applyTransition } from "../cancellation/cancel/transitions.js";
import type { Finding, Transition } from "../cancellation/model/cancellation-ledger.js";
import type { Cancellation, CancellationReference } from "../cancellation/model/cancellation.js";
import { StaleTransitionError } from "../cancellation/model/errors.js";
import type { AnnounceChange } from "../cancellation/live/change.js";
import { assertCanMove } from "../cancellation/model/status.js";
import type { Encryptor } from "./encryptor.js";
import { findingStatement, type FindingRow } from "./finding-statement.js";
import type { Database } from "./prepared-statements.js";
import { transitionStatement, type TransitionRow } from "./transition-statement.js";

export interface RecordParts {
  readonly database: Database;
  readonly encryptor: Encryptor;
  /** Of what is written in a transaction, before it is committed: whoever opened it passes it on afterwards. */
  readonly announce: AnnounceChange;
}

/** @throws StaleTransitionError as the ledger does. */
export async function recordTransition(
  { database, encryptor, announce }: RecordParts,
  before: Cancellation,
  step: Transition,
): Promise<Cancellation> {
  assertCanMove(before.status, step.to);
  const [row] = await database.rows<TransitionRow>(transitionStatement(before, step, encryptor));
  if (row === undefined) throw new StaleTransitionError(before.id, before.status, step.to);
  const { storeId, id, orderNo } = before;
  announce({ storeId, id, orderNo, version: row.event_count });
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
  { database, encryptor, announce }: RecordParts,
  reference: CancellationReference,
  finding: Finding,
): Promise<boolean> {
  const [row] = await database.rows<FindingRow>(findingStatement(reference, finding, encryptor));
  if (row === undefined) return false;
  const { storeId, id } = reference;
  announce({ storeId, id, orderNo: row.order_no, version: row.event_count });
  return true;
}
