import type { Cancellation, CancellationReference } from "../model/cancellation.js";
import { matchClaimed, type MatchDependencies, type MatchResult } from "./match-webhook.js";
import { disproven, evidenceFinding, LEASE_RAN_OUT, proven } from "../cancel/transitions.js";
import { keepLate, recordLate } from "../cancel/record-outcome.js";
import type { CancellationLedger, OnContradiction, Transition } from "../model/cancellation-ledger.js";
import { StaleTransitionError } from "../model/errors.js";
import type { Evidence } from "../model/outcome.js";
import type { PaymentGateway } from "../model/payment-gateway.js";
import type { Claim, ClaimedCancellation, RecoveryQueue } from "../model/recovery-queue.js";
import { SETTLED_LOOK_MARGIN_MS, type Timing } from "../model/timing.js";
import { decideLookup, mayLaterDecide } from "./lookup-rules.js";

export interface ReconcileDependencies extends CheckDependencies, MatchDependencies {
  /** True once the process is to stop: it finishes what it has claimed, and claims no more. */
  readonly isStopping: () => boolean;
  /** Called for each cancellation or webhook that failed; it is tried again later. */
  readonly onRowFailed: (error: unknown, what: CancellationReference | { readonly webhook: string }) => void;
}

/** How many cancellations and webhooks of one run had each result. */
export type ReconcileCounts = Readonly<Record<CheckResult | MatchResult | "failed", number>>;

/** How many are claimed and looked up at once: all must be done before their lease expires. */
const BATCH_SIZE = 10;

/** Handles every cancellation and webhook that is due, once. A failure stops none of the others. */
export async function reconcile(dependencies: ReconcileDependencies): Promise<ReconcileCounts> {
  const { queue, inbox, unresolved, onRowFailed, isStopping } = dependencies;
  const counts = { ...NOTHING_DONE };
  unresolved.seeAll(await queue.idsInDoubt());
  // At the same time: an EBP that hangs delays lookups, and must not delay webhooks.
  const cancellations = inBatches(
    () => queue.claimDue(BATCH_SIZE),
    (claim) => count(checkClaimed(dependencies, claim), claim),
  );
  const webhooks = inBatches(
    () => inbox.claimDue(BATCH_SIZE),
    (claim) => count(matchClaimed(dependencies, claim), { webhook: claim.digest }),
  );
  await Promise.allSettled([cancellations, webhooks]);
  await Promise.all([cancellations, webhooks]);
  return counts;

  async function count(
    work: Promise<CheckResult | MatchResult>,
    what: Parameters<typeof onRowFailed>[1],
  ): Promise<void> {
    const result = await work.catch((error: unknown) => {
      onRowFailed(error, what);
      return "failed" as const;
    });
    counts[result] += 1;
  }

  /** Ends, because each claim plans the next attempt for later. */
  async function inBatches<T>(
    claim: () => Promise<readonly T[]>,
    handle: (one: T) => Promise<void>,
  ): Promise<void> {
    while (!isStopping()) {
      const batch = await claim();
      if (batch.length === 0) return;
      await Promise.all(batch.map(handle));
    }
  }
}

const NOTHING_DONE: ReconcileCounts = {
  recovered: 0,
  resolved: 0,
  inDoubt: 0,
  overtaken: 0,
  matched: 0,
  attached: 0,
  ignored: 0,
  waiting: 0,
  failed: 0,
};

export interface CheckDependencies {
  readonly ledger: CancellationLedger;
  readonly queue: RecoveryQueue;
  readonly gateway: PaymentGateway;
  readonly timing: Timing;
  readonly unresolved: UnresolvedWatch;
  readonly onContradiction: OnContradiction;
}

/**
 * - recovered: it was PENDING and its process is gone; it is UNKNOWN now.
 * - resolved: the lookup has decided it.
 * - inDoubt: the lookup proved nothing; its evidence is kept.
 * - overtaken: somebody else has decided or claimed it meanwhile.
 */
export type CheckResult = "recovered" | "resolved" | "inDoubt" | "overtaken";

/** Finds out what became of a claimed cancellation. Never sends it again. */
export async function checkClaimed(dependencies: CheckDependencies, claim: Claim): Promise<CheckResult> {
  const claimed = await dependencies.queue.open(claim);
  if (claimed === null) return "overtaken";
  switch (claimed.cancellation.status) {
    case "PENDING":
      return recover(dependencies, claimed.cancellation);
    case "UNKNOWN":
      return lookUp(dependencies, claimed, claim);
    case "SUCCEEDED":
    case "FAILED":
      return "overtaken";
  }
}

async function recover(
  { ledger, unresolved }: CheckDependencies,
  pending: Cancellation,
): Promise<CheckResult> {
  if ((await inTime(ledger.recordTransition(pending, LEASE_RAN_OUT))) === null) return "overtaken";
  unresolved.see(pending.id);
  return "recovered";
}

/** Null when somebody else has moved or claimed the cancellation since. */
async function inTime(recording: Promise<Cancellation>): Promise<Cancellation | null> {
  return recording.catch((error: unknown) => {
    if (error instanceof StaleTransitionError) return null;
    throw error;
  });
}

async function lookUp(
  dependencies: CheckDependencies,
  { cancellation, openRefundAccount, ...known }: ClaimedCancellation,
  { id, inDoubtForMs }: Claim,
): Promise<CheckResult> {
  const { storeId, orderNo, totalCancelAmount: amount } = cancellation;
  const { gateway, ledger, timing, unresolved } = dependencies;
  // Until the settling time is over by both clocks: the database's, read with the claim, and this process's own.
  const unsettledMs = timing.settlingMs - Math.min(unresolved.seenForMs(id), inDoubtForMs);
  const question = { storeId, orderNo, refundAccount: openRefundAccount() };
  const { state, evidence } = await gateway.lookup(question);
  const facts = { ...known, amount };
  const rule = decideLookup({ ...facts, payment: state, settled: unsettledMs <= 0 });
  const found: Evidence = { ...evidence, basis: `${rule.reason} (${evidence.basis})` };
  switch (rule.proves) {
    case "cancelled":
      return decide(dependencies, cancellation, proven("LOOKUP", found));
    case "notCancelled":
      return decide(dependencies, cancellation, disproven("LOOKUP", found));
    case "nothing": {
      const isForOperator = !mayLaterDecide(facts, (payment) => gateway.canShow(payment));
      // A process that has just started has not seen it UNKNOWN for the settling time. The next lookup comes when it has, not hours later.
      const onlyWaits = decideLookup({ ...facts, payment: state, settled: true }).proves !== "nothing";
      const lookWithinMs = onlyWaits ? unsettledMs + SETTLED_LOOK_MARGIN_MS : null;
      const finding = { ...evidenceFinding("LOOKUP", found), isForOperator, lookWithinMs };
      await ledger.recordFinding(cancellation, finding);
      return "inDoubt";
    }
  }
}

async function decide(
  dependencies: CheckDependencies,
  before: Cancellation,
  step: Transition,
): Promise<CheckResult> {
  if (await inTime(dependencies.ledger.recordTransition(before, step))) return "resolved";
  // Somebody else has claimed it since. That money has moved stays true and still decides; that it has not may no longer be true, and the
  // new claimer's lookup is later.
  for (let attempt = 0; step.to === "SUCCEEDED" && attempt < LATE_ATTEMPTS; attempt += 1) {
    const now = await inTime(recordLate(dependencies, before, step));
    if (now !== null)
      return now.resolvedBy === step.source && now.status === step.to ? "resolved" : "overtaken";
  }
  await keepLate(dependencies, before, step);
  return "overtaken";
}

/** Each attempt is lost only to a claim within a millisecond or two. */
const LATE_ATTEMPTS = 5;

/**
 * How long this process has seen each cancellation UNKNOWN, by a clock that nobody can set. A database clock that is set ahead would end EBP's
 * settling time too early, and a cancel that EBP is still carrying out would be called FAILED. So both clocks must agree.
 */
export class UnresolvedWatch {
  readonly #seenAt = new Map<string, number>();

  /** @param monotonicMs milliseconds that never go back and never jump. */
  constructor(private readonly monotonicMs: () => number) {}

  see(id: string): void {
    if (!this.#seenAt.has(id)) this.#seenAt.set(id, this.monotonicMs());
  }

  /** Takes the ids of all UNKNOWN cancellations, and forgets all others. */
  seeAll(ids: readonly string[]): void {
    const unknown = new Set(ids);
    for (const id of this.#seenAt.keys()) if (!unknown.has(id)) this.#seenAt.delete(id);
    for (const id of ids) this.see(id);
  }

  /** Milliseconds since it was first seen; 0 the first time. */
  seenForMs(id: string): number {
    this.see(id);
    return this.monotonicMs() - (this.#seenAt.get(id) ?? this.monotonicMs());
  }
}
