import { disproven, proven } from "../cancel/transitions.js";
import type { Caller } from "../model/caller.js";
import type { RefundAccount } from "../model/cancel-request.js";
import type { CancellationLedger } from "../model/cancellation-ledger.js";
import type { Cancellation } from "../model/cancellation.js";
import { StaleTransitionError } from "../model/errors.js";
import { MAX_NOTE_LENGTH } from "../model/limits.js";
import { evidenceInWords } from "../model/outcome.js";
import type { PaymentGateway } from "../model/payment-gateway.js";
import type { ClaimedCancellation, RecoveryQueue } from "../model/recovery-queue.js";
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
import { checkClaimed, type CheckDependencies } from "./check-unresolved.js";

/** What an operator gets who looks at a cancellation, or decides it. */
export interface OperatorResult {
  /** As it stands now; null when there is none, or when what was asked cannot be accepted. */
  readonly cancellation: Cancellation | null;
  readonly errors: readonly UserError[];
}

/** One step recovers it, when its process went away; the next looks it up. */
const STEPS = 2;

/** Looks now at what became of a cancellation, instead of when its turn comes. Sends nothing that moves money. */
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
  /** What the decision rests on, for whoever reads the trail. */
  readonly note: string;
  /** What speaks against FAILED, and is known to the operator who decides so all the same. */
  readonly evenThough: readonly ResolutionObstacle[];
}

export interface ResolveDependencies {
  readonly ledger: CancellationLedger;
  readonly queue: RecoveryQueue;
  readonly gateway: Pick<PaymentGateway, "lookup">;
  readonly timing: Pick<Timing, "settlingMs">;
  /** The time by the database's clock. */
  readonly now: () => Promise<Date>;
}

/** Between reading it and deciding it a lookup may take charge; more often than this it is a fault. */
const ROUNDS = 5;

/** A person decides what nothing else could: only of a cancellation in doubt, with a note, under the person's name. */
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
  // Nothing is claimed: who decides first has decided, and two operators must not take charge from each other for ever.
  const opened = await queue.open({ ...found, inDoubtForMs: 0 });
  if (opened?.cancellation.status !== "UNKNOWN") return "overtaken";
  const account = orNull(opened.openRefundAccount);
  const faults = proseFaults("input.note", note, MAX_NOTE_LENGTH, account);
  if (faults.length > 0) return refused(faults.map(invalid));
  const standing =
    outcome === "FAILED" ? await whatStandsAgainst(dependencies, opened, account) : NOTHING_STANDS;
  const unnamed = standing.obstacles.filter((obstacle) => !evenThough.includes(obstacle));
  if (unnamed.length > 0) return refused([notYetFailed(opened.cancellation, unnamed, standing.settledAt)]);
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
  /** For the trail. */
  readonly words: readonly string[];
}

const NOTHING_STANDS: Standing = { obstacles: [], settledAt: null, words: [] };

/** EBP is asked now, with nothing of the database held meanwhile. */
async function whatStandsAgainst(
  { gateway, timing, now }: ResolveDependencies,
  { cancellation, unaccountedEvents }: ClaimedCancellation,
  refundAccount: RefundAccount | null,
): Promise<Standing> {
  const { storeId, orderNo, inDoubtSince } = cancellation;
  const settledAt = new Date((inDoubtSince ?? (await now())).getTime() + timing.settlingMs);
  const question = { storeId, orderNo, refundAccount };
  const { state } = await gateway.lookup(question);
  const obstacles: ResolutionObstacle[] = [];
  if ((await now()) < settledAt) obstacles.push("SETTLING");
  if (state === "CANCELLED_IN_PART" || state === "WHOLLY_CANCELLED") obstacles.push("CANCEL_SHOWN");
  if (unaccountedEvents > 0) obstacles.push("EVENT_OF_SUCCESS");
  return {
    obstacles,
    settledAt,
    words: [
      ...(obstacles.length > 0 ? [`(Decided even though: ${obstacles.join(", ")}.)`] : []),
      ...(state === "UNCLEAR" ? ["(EBP's payment details told nothing at that moment.)"] : []),
    ],
  };
}

/** Only to be kept out of texts: that it cannot be opened must not keep a person from deciding. */
function orNull(open: ClaimedCancellation["openRefundAccount"]): RefundAccount | null {
  try {
    return open();
  } catch {
    return null;
  }
}
