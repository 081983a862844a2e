import type { CancellationLedger } from "../cancellation-ledger.js";
import type { Caller } from "../caller.js";
import { disproven, proven } from "../cancel/conclude.js";
import { StaleTransitionError } from "../errors.js";
import { proseFaults, type Fault } from "../field-rules.js";
import { MAX_NOTE_LENGTH } from "../limits.js";
import type { OperatorResult } from "./operator-result.js";
import { evidenceInWords } from "../outcome.js";
import type { ClaimedCancellation, RecoveryQueue } from "./recovery-queue.js";
import { holdsAccount } from "../request/holds-account.js";
import { mayHoldAccount } from "../request/refund-account.js";
import { invalid, notFound, notInDoubt, type UserError } from "../user-error.js";

export const OPERATOR_OUTCOMES = ["SUCCEEDED", "FAILED"] as const;
export type OperatorOutcome = (typeof OPERATOR_OUTCOMES)[number];

export interface Resolution {
  readonly id: string;
  readonly outcome: OperatorOutcome;
  /** What the decision rests on, for whoever reads the trail. */
  readonly note: string;
}

export interface ResolveParts {
  readonly ledger: CancellationLedger;
  readonly queue: RecoveryQueue;
}

/** Between reading it and deciding it a lookup may take charge; more often than this it is a fault. */
const ROUNDS = 5;

/** A person decides what nothing else could: only of a cancellation in doubt, with a note, under the person's name. */
export async function resolveCancellation(
  parts: ResolveParts,
  caller: Caller,
  resolution: Resolution,
): Promise<OperatorResult> {
  const faults = proseFaults("input.note", resolution.note, MAX_NOTE_LENGTH);
  if (faults.length > 0) return refused(faults.map(invalid));
  for (let round = 0; round < ROUNDS; round += 1) {
    const result = await tryResolving(parts, caller, resolution);
    if (result !== "overtaken") return result;
  }
  throw new Error(`resolving cancellation ${resolution.id}: it was overtaken ${ROUNDS} times`);
}

async function tryResolving(
  { ledger, queue }: ResolveParts,
  caller: Caller,
  { id, outcome, note }: Resolution,
): Promise<OperatorResult | "overtaken"> {
  const found = await ledger.find(caller.storeIds, id);
  if (found === null) return refused([notFound("input.id")]);
  if (found.status !== "UNKNOWN") return { cancellation: found, errors: [notInDoubt(found)] };
  // Nothing is claimed: who decides first has decided, and two operators must not take charge from each other for ever.
  const opened = await queue.open({ ...found, inDoubtForMs: 0 });
  if (opened?.cancellation.status !== "UNKNOWN") return "overtaken";
  if (givesAccountAway(note, opened)) return refused([invalid(ACCOUNT_IN_NOTE)]);
  const evidence = evidenceInWords(note.trim());
  const step =
    outcome === "SUCCEEDED"
      ? proven("OPERATOR", evidence, { actor: caller.subject })
      : disproven("OPERATOR", evidence, caller.subject);
  try {
    return { cancellation: await ledger.recordTransition(opened.cancellation, step), errors: [] };
  } catch (error) {
    if (error instanceof StaleTransitionError) return "overtaken";
    throw error;
  }
}

/** An account that cannot be opened any more must not keep a person from deciding: then what is shown of it has to do. */
function givesAccountAway(note: string, { cancellation, openRefundAccount }: ClaimedCancellation): boolean {
  try {
    return holdsAccount(note, openRefundAccount());
  } catch {
    return mayHoldAccount(note, cancellation.request.refundAccount);
  }
}

function refused(errors: readonly UserError[]): OperatorResult {
  return { cancellation: null, errors };
}

const ACCOUNT_IN_NOTE: Fault = {
  field: "input.note",
  expected: "a note without the refund account: it is kept where everybody may read it",
  found: "the account's number or holder",
};
