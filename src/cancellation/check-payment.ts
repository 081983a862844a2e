import type { CancellationLedger } from "./cancellation-ledger.js";
import type { Cancellation } from "./cancellation.js";
import { disproven, LEASE_RAN_OUT, proven } from "./conclude.js";
import { StaleTransitionError } from "./errors.js";
import { evidenceFinding } from "./finding.js";
import { decideLookup } from "./lookup-rules.js";
import type { Evidence } from "./outcome.js";
import type { PaymentGateway } from "./payment-gateway.js";
import type { Claim, ClaimedCancellation, RecoveryQueue } from "./recovery-queue.js";
import type { Timing } from "./timing.js";

export interface CheckParts {
  readonly ledger: CancellationLedger;
  readonly queue: RecoveryQueue;
  readonly gateway: PaymentGateway;
  readonly timing: Timing;
}

/**
 * - recovered: it was PENDING and nobody was left to send it; it is in doubt now.
 * - resolved: the lookup has decided it.
 * - inDoubt: the lookup proved nothing; what it showed is kept.
 * - overtaken: somebody else has decided it, or taken charge of it, meanwhile.
 */
export type CheckResult = "recovered" | "resolved" | "inDoubt" | "overtaken";

/** Finds out what became of one cancellation that has been claimed. Never sends it again. */
export async function checkClaimed(parts: CheckParts, claim: Claim): Promise<CheckResult> {
  const claimed = await parts.queue.open(claim);
  if (claimed === null) return "overtaken";
  switch (claimed.cancellation.status) {
    case "PENDING":
      return recover(parts, claimed.cancellation);
    case "UNKNOWN":
      return lookUp(parts, claimed, claim.inDoubtForMs >= parts.timing.settlingMs);
    case "SUCCEEDED":
    case "FAILED":
      return "overtaken";
  }
}

async function recover({ ledger }: CheckParts, pending: Cancellation): Promise<CheckResult> {
  try {
    await ledger.recordTransition(pending, LEASE_RAN_OUT);
    return "recovered";
  } catch (error) {
    if (error instanceof StaleTransitionError) return "overtaken";
    throw error;
  }
}

async function lookUp(
  { ledger, gateway }: CheckParts,
  { cancellation, refundAccount, cancelledBefore, capturedAmount }: ClaimedCancellation,
  settled: boolean,
): Promise<CheckResult> {
  const { storeId, request } = cancellation;
  const { state, evidence } = await gateway.lookup({ storeId, orderNo: request.orderNo, refundAccount });
  const amount = request.totalCancelAmount;
  const rule = decideLookup({ payment: state, amount, cancelledBefore, capturedAmount, settled });
  const found: Evidence = { ...evidence, basis: `${rule.reason} (${evidence.basis})` };
  try {
    switch (rule.proves) {
      case "cancelled":
        await ledger.recordTransition(cancellation, proven("LOOKUP", found));
        return "resolved";
      case "notCancelled":
        await ledger.recordTransition(cancellation, disproven("LOOKUP", found));
        return "resolved";
      case "nothing":
        await ledger.recordFinding(cancellation, evidenceFinding("LOOKUP", found));
        return "inDoubt";
    }
  } catch (error) {
    if (!(error instanceof StaleTransitionError)) throw error;
    // What it showed was asked for before somebody else took charge: it decides nothing any more, and is kept.
    await ledger.recordFinding(cancellation, evidenceFinding("LOOKUP", found));
    return "overtaken";
  }
}
