import type { Decimal } from "../model/decimal.js";
import type { PaymentState } from "../model/payment-gateway.js";

/** What is known when the payment of a cancel in doubt has been looked up. */
export interface LookupFacts {
  readonly payment: PaymentState;
  /** What the cancel in doubt is for. */
  readonly amount: Decimal;
  /** What cancels of ours that succeeded have taken from this order before. */
  readonly cancelledBefore: Decimal;
  /** What was captured, as EBP's webhooks said; null when they did not, or contradict each other. */
  readonly capturedAmount: Decimal | null;
  /** Events of success of this order that no cancellation here accounts for. */
  readonly unaccountedEvents: number;
  /** Other cancels of this order that are in doubt: only where several were entered again after the database forgot them. */
  readonly othersInDoubt: number;
  /** It has been in doubt for longer than EBP may take, counted from when nothing of it could be sent any more. */
  readonly settled: boolean;
}

export interface LookupRule {
  /** In words, for the record. */
  readonly reason: string;
  readonly when: (facts: LookupFacts) => boolean;
  readonly proves: "cancelled" | "notCancelled" | "nothing";
}

/**
 * What the payment's details prove about the one cancel in doubt of an order; the first row that fits decides. An order has one
 * such cancel at most, but it may be cancelled elsewhere too, in EBP's back office for one: so "some cancel took effect"
 * does not prove that it was this one, and "all is cancelled" does so only when this one was needed to make it all.
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
    reason: "EBP gave no readable answer about what became of the payment.",
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

/** What a lookup could ever show, by what is known of EBP's words for the state of a payment. */
export type Showable = (payment: PaymentState) => boolean;

/** Whether a later look may decide it, as far as is known now. A webhook may, whatever the looks show. */
export function mayLaterDecide(facts: Omit<LookupFacts, "payment" | "settled">, canShow: Showable): boolean {
  const states: PaymentState[] = ["WHOLLY_CANCELLED", "UNCANCELLED"];
  return states
    .filter(canShow)
    .some((payment) => decideLookup({ ...facts, payment, settled: true }).proves !== "nothing");
}

/** What one webhook has told of a capture; null is not stated, or not readable. */
export interface ToldCapture {
  readonly amount: Decimal | null;
  readonly currencyCode: string | null;
  readonly eventTime: Date | null;
}

/**
 * What was captured of a payment, when all that is told is one capture, however often it is told. Null when nothing is told, or it cannot
 * be read, or there were several captures: of those nobody says that there are no more.
 */
export function capturedAmountOf(told: readonly ToldCapture[], currencyCode: string): Decimal | null {
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
