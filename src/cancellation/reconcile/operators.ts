import { disproven, proven } from "../cancel/transitions.js";
import type { Caller } from "../model/caller.js";
import type { RefundAccount } from "../model/cancel-request.js";
import type { Cancellation } from "../model/cancellation.js";
import { StaleTransitionError } from "../model/errors.js";
import { MAX_NOTE_LENGTH } from "../model/limits.js";
import { evidenceInWords } from "../model/outcome.js";
import type { PaymentGateway } from "../model/payment-gateway.js";
import type { ClaimedCancellation } from "../model/recovery-queue.js";
import type { Timing } from "../model/timing.js";
import {
  errorsOf,
  invalid,
  notFound,
  notInDoubt,
  notYetFailed,
  type ResolutionObstacle,
  type UserError,
} from "../model/user-error.js";
import { proseFaults } from "../request/field-rules.js";
import { checkClaimed, type CheckDependencies } from "./reconcile.js";

/** What an operator gets who refreshes or resolves a cancellation. */
export interface OperatorResult {
  /** As it stands now; null when there is none, or when the request was refused. */
  readonly cancellation: Cancellation | null;
  readonly errors: readonly UserError[];
}

/** One step to recover it, if its process is gone, and one to look it up. */
const STEPS = 2;

/** Looks up now, instead of at the planned time, what became of a cancellation. Sends nothing that moves money. */
export async function refreshCancellation(
  dependencies: CheckDependencies,
  caller: Caller,
  id: string,
): Promise<OperatorResult> {
  for (let step = 0; step < STEPS; step += 1) {
    const claim = await dependencies.queue.claim(caller.storeIds, id);
    if (claim === null || (await checkClaimed(dependencies, claim)) !== "recovered") break;
  }
  const cancellation = await dependencies.ledger.find(caller.storeIds, id);
  return cancellation === null
    ? { cancellation, errors: [notFound("id")] }
    : { cancellation, errors: errorsOf(cancellation) };
}

export const OPERATOR_OUTCOMES = ["SUCCEEDED", "FAILED"] as const;
export type OperatorOutcome = (typeof OPERATOR_OUTCOMES)[number];

export interface Resolution {
  readonly id: string;
  readonly outcome: OperatorOutcome;
  /** What the decision rests on, for the audit trail. */
  readonly note: string;
  /** The obstacles to FAILED that the operator knows of and accepts. */
  readonly evenThough: readonly ResolutionObstacle[];
}

export interface ResolveDependencies extends Pick<CheckDependencies, "ledger" | "queue"> {
  readonly gateway: Pick<PaymentGateway, "lookup">;
  readonly timing: Pick<Timing, "settlingMs">;
  /** The database's clock. */
  readonly now: () => Promise<Date>;
}

/** A lookup may claim it between reading and deciding; more often than this is a fault. */
const ROUNDS = 5;

/** An operator decides an UNKNOWN cancellation, with a note, under the operator's name. */
export async function resolveCancellation(
  dependencies: ResolveDependencies,
  caller: Caller,
  resolution: Resolution,
): Promise<OperatorResult> {
  const faults = proseFaults("input.note", resolution.note, MAX_NOTE_LENGTH);
  if (faults.length > 0) return refused(faults.map(invalid));
  for (let round = 0; round < ROUNDS; round += 1) {
    const result = await tryResolving(dependencies, caller, resolution);
    if (result !== "overtaken") return result;
  }
  throw new Error(`resolving cancellation ${resolution.id}: it was overtaken ${ROUNDS} times`);
}

async function tryResolving(
  dependencies: ResolveDependencies,
  caller: Caller,
  { id, outcome, note, evenThough }: Resolution,
): Promise<OperatorResult | "overtaken"> {
  const { ledger, queue } = dependencies;
  const found = await ledger.find(caller.storeIds, id);
  if (found === null) return refused([notFound("input.id")]);
  if (found.status !== "UNKNOWN") return { cancellation: found, errors: [notInDoubt(found)] };
  // Without a claim: the first decision stands, and two operators cannot take the lease from each other forever.
  const opened = await queue.open({ ...found, inDoubtForMs: 0 });
  if (opened?.cancellation.status !== "UNKNOWN") return "overtaken";
  const account = accountOrNull(opened);
  const faults = proseFaults("input.note", note, MAX_NOTE_LENGTH, account);
  if (faults.length > 0) return refused(faults.map(invalid));
  const standing =
    outcome === "FAILED" ? await whatStandsAgainst(dependencies, opened, account) : NOTHING_STANDS;
  const unnamed = standing.obstacles.filter((obstacle) => !evenThough.includes(obstacle));
  if (unnamed.length > 0) return refused([notYetFailed(unnamed, standing.settledAt)]);
  const evidence = evidenceInWords([note.trim(), ...standing.words].join(" "));
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

function refused(errors: readonly UserError[]): OperatorResult {
  return { cancellation: null, errors };
}

interface Standing {
  readonly obstacles: readonly ResolutionObstacle[];
  readonly settledAt: Date | null;
  /** For the audit trail. */
  readonly words: readonly string[];
}

const NOTHING_STANDS: Standing = { obstacles: [], settledAt: null, words: [] };

/** Looks the payment up now, holding nothing of the database meanwhile. */
async function whatStandsAgainst(
  { gateway, timing, now }: ResolveDependencies,
  { cancellation, unaccountedEvents }: ClaimedCancellation,
  refundAccount: RefundAccount | null,
): Promise<Standing> {
  const { storeId, orderNo, inDoubtSince } = cancellation;
  const settledAt = new Date((inDoubtSince ?? (await now())).getTime() + timing.settlingMs);
  const { state } = await gateway.lookup({ storeId, orderNo, refundAccount });
  const obstacles: ResolutionObstacle[] = [];
  if ((await now()) < settledAt) obstacles.push("SETTLING");
  if (state === "CANCELLED_IN_PART" || state === "WHOLLY_CANCELLED") obstacles.push("CANCEL_SHOWN");
  if (unaccountedEvents > 0) obstacles.push("EVENT_OF_SUCCESS");
  return {
    obstacles,
    settledAt,
    words: [
      ...(obstacles.length > 0 ? [`(Decided even though: ${obstacles.join(", ")}.)`] : []),
      ...(state === "UNCLEAR" ? ["(EBP's payment details were unclear at that moment.)"] : []),
    ],
  };
}

/** It is only needed to keep its number out of the note: an operator may decide without it. */
function accountOrNull({ openRefundAccount }: ClaimedCancellation): RefundAccount | null {
  try {
    return openRefundAccount();
  } catch {
    return null;
  }
}
