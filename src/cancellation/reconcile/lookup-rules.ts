import type { Decimal } from "../model/decimal.js";
import type { PaymentState } from "../model/payment-gateway.js";
import type { ClaimedCancellation } from "../model/recovery-queue.js";
import type { WebhookEvent } from "../model/webhook-inbox.js";

type KnownBefore = Omit<ClaimedCancellation, "cancellation" | "openRefundAccount">;

/** What is known once the payment of an UNKNOWN cancel has been looked up. */
export interface LookupFacts extends KnownBefore {
  readonly payment: PaymentState;
  /** The total of the UNKNOWN cancel. */
  readonly amount: Decimal;
  /** It has been UNKNOWN for longer than EBP may take, counted from when it could no longer be sent. */
  readonly settled: boolean;
}

interface LookupRule {
  /** In words, for the record. */
  readonly reason: string;
  readonly when: (facts: LookupFacts) => boolean;
  readonly proves: "cancelled" | "notCancelled" | "nothing";
}

/**
 * What the payment's details prove about an order's UNKNOWN cancel; the first row that fits decides. The order may be cancelled elsewhere too,
 * for example in EBP's back office. So "some cancel took effect" does not prove that it was this one, and "all is cancelled" proves it only
 * when this cancel was needed to reach the whole amount.
 */
export const LOOKUP_RULES: readonly LookupRule[] = [
  {
    reason:
      "The whole payment is cancelled, and what was captured is just what has been cancelled here together with this cancel.",
    when: (f) => f.payment === "WHOLLY_CANCELLED" && completesThePayment(f),
    proves: "cancelled",
  },
  {
    reason: "Cancels of the payment have taken effect; EBP does not say that this one did.",
    when: (f) => f.payment === "WHOLLY_CANCELLED" || f.payment === "CANCELLED_IN_PART",
    proves: "nothing",
  },
  {
    reason: "EBP gave no readable answer about the state of the payment.",
    when: (f) => f.payment === "UNCLEAR",
    proves: "nothing",
  },
  {
    reason:
      "The payment shows no cancel at all, although a cancel of this order is known to have taken effect: what it shows cannot be relied on.",
    when: (f) => !f.cancelledBefore.isZero() || f.unaccountedEvents > 0,
    proves: "nothing",
  },
  {
    reason: "The payment shows no cancel yet; EBP may still be carrying it out.",
    when: (f) => !f.settled,
    proves: "nothing",
  },
  {
    reason:
      "The payment shows no cancel at all, for longer than EBP may take to carry one out: nothing was cancelled.",
    when: () => true,
    proves: "notCancelled",
  },
];

export function decideLookup(facts: LookupFacts): LookupRule {
  const rule = LOOKUP_RULES.find(({ when }) => when(facts));
  if (rule === undefined) throw new Error("deciding a lookup: the table has no last row");
  return rule;
}

function completesThePayment(facts: Omit<LookupFacts, "payment" | "settled">): boolean {
  const { amount, cancelledBefore, capturedAmount, othersInDoubt } = facts;
  return (
    othersInDoubt === 0 && capturedAmount !== null && cancelledBefore.plus(amount).equals(capturedAmount)
  );
}

/**
 * Whether a later lookup may decide it, as far as is known now. A webhook may decide it in any case.
 * @param canShow whether EBP's payment details have a known word for this state.
 */
export function mayLaterDecide(
  facts: Omit<LookupFacts, "payment" | "settled">,
  canShow: (payment: PaymentState) => boolean,
): boolean {
  const states: PaymentState[] = ["WHOLLY_CANCELLED", "UNCANCELLED"];
  return states
    .filter(canShow)
    .some((payment) => decideLookup({ ...facts, payment, settled: true }).proves !== "nothing");
}

/**
 * What was captured of a payment when its webhooks report one capture, however often. Null when they report none, an unreadable one, or
 * several: then there may be more.
 */
export function capturedAmountOf(
  told: readonly Pick<WebhookEvent, "amount" | "currencyCode" | "eventTime">[],
  currencyCode: string,
): Decimal | null {
  const [first, ...more] = told;
  if (first === undefined || first.amount === null || first.currencyCode !== currencyCode) return null;
  const { amount, eventTime } = first;
  const isOne = more.every(
    (one) =>
      one.currencyCode === currencyCode &&
      one.amount?.equals(amount) === true &&
      eventTime !== null &&
      one.eventTime?.getTime() === eventTime.getTime(),
  );
  return isOne ? amount : null;
}
