import type { WebhookConclusion } from "../../src/cancellation/model/webhook-inbox.js";
import { Decimal } from "../../src/cancellation/model/decimal.js";
import { pendingCancellation } from "../../src/cancellation/cancel/transitions.js";
import type { Cancellation } from "../../src/cancellation/model/cancellation.js";
import { cancelItem } from "./examples.js";
import { intent } from "./ledger.js";

/** When cancellations made here were asked for. */
export const ASKED_AT = new Date("2027-03-01T09:00:00.000Z");

/** A cancellation that stands in no database. */
export function cancellation(
  status: Cancellation["status"],
  changes: Partial<Omit<Cancellation, "status">> & { readonly amount?: number } = {},
): Cancellation {
  const { amount = 1000, ...rest } = changes;
  const one = intent({ orderNo: "ORD-1", items: [cancelItem({ amount: new Decimal(amount) })] });
  const lease = { createdAt: ASKED_AT, nextCheckAt: ASKED_AT, fencingToken: 1 };
  return { ...pendingCancellation(one, lease), ...BY_STATUS[status], ...rest, status };
}

const BY_STATUS: Readonly<Record<Cancellation["status"], Partial<Cancellation>>> = {
  PENDING: {},
  UNKNOWN: { inDoubtSince: ASKED_AT, failureKind: "IN_DOUBT" },
  SUCCEEDED: { nextCheckAt: null, resolvedBy: "RESPONSE", settlement: "AWAITED" },
  FAILED: { nextCheckAt: null, resolvedBy: "RESPONSE", failureKind: "REJECTED", resolvedAt: ASKED_AT },
};

/** So many milliseconds after cancellations made in tests were asked for. */
export const after = (ms: number): Date => new Date(ASKED_AT.getTime() + ms);

/** What was told to whom, in words that do not depend on any order. */
export function inWords(conclusion: WebhookConclusion | null): unknown {
  if (conclusion === null) return "waiting";
  const told = conclusion.told.map((one) => ({
    id: one.cancellation.id,
    ...("transition" in one
      ? { to: one.transition.to, settlement: one.transition.settlement }
      : { settlement: one.finding.settlement, discrepancies: one.finding.discrepancies }),
  }));
  return { state: conclusion.state, told: told.sort((a, b) => a.id.localeCompare(b.id)) };
}
