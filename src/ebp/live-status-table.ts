import type { ShownPayment, UnavailableReason } from "../cancellation/history/live-status.js";
import type { PaymentStatuses } from "../cancellation/model/payment-gateway.js";
import { isSuccess, PUBLISHED_CODE, readExchange } from "./answer.js";
import type { Exchange } from "./exchange.js";
import { decidePaymentState, type ShownDetails, shownDetails } from "./payment-state-table.js";

export interface UnavailableRow {
  readonly reason: UnavailableReason;
  /** For people. */
  readonly message: string;
  readonly when: (details: ShownDetails) => boolean;
}

/** Why an answer shows nothing of the payment; the first matching row decides. Without one, the answer shows something. */
export const UNAVAILABLE_TABLE: readonly UnavailableRow[] = [
  {
    reason: "TIMED_OUT",
    message: "EBP did not answer in time.",
    when: (d) => d.end === "timedOut",
  },
  {
    reason: "NOT_REACHED",
    message: "No connection to EBP could be made.",
    when: (d) => !d.left,
  },
  {
    reason: "NOT_READABLE",
    message: "EBP's answer broke off, or was too large to be one.",
    when: (d) => d.end !== "complete",
  },
  {
    reason: "NOT_READABLE",
    message: "The answer is not EBP's, or cannot be read.",
    when: (d) => d.text.kind !== "envelope",
  },
  {
    reason: "REFUSED",
    message: "EBP answered with an error, and without the payment's details.",
    when: (d) => d.text.kind === "envelope" && d.text.envelope.resultCode !== "0",
  },
  {
    reason: "NOT_READABLE",
    message: "EBP's answer contradicts itself: it says that all is well, and its HTTP status does not.",
    when: (d) => !isSuccess(d),
  },
  {
    reason: "NOT_READABLE",
    message: "EBP's answer names no order, or another one.",
    when: (d) => d.isSameOrder !== true,
  },
];

/** What the answer to a lookup shows of its payment, for a person to look at. */
export function readLiveStatus(exchange: Exchange, orderNo: string, statuses: PaymentStatuses): ShownPayment {
  const read = readExchange(exchange);
  const details = shownDetails(read, orderNo);
  const requestId = matching(read.envelope?.requestId ?? null, TRACKING_ID);
  const paymentStatus = shownStatus(details.paymentStatus, statuses);
  const hidden = UNAVAILABLE_TABLE.find(({ when }) => when(details));
  if (hidden === undefined && paymentStatus !== null)
    return {
      paymentStatus,
      cancels: decidePaymentState(details, statuses).shows,
      requestId,
      unavailable: null,
    };
  const { reason, message } = hidden ?? NO_STATUS;
  const resultCode =
    reason === "REFUSED" ? matching(read.envelope?.resultCode ?? null, PUBLISHED_CODE) : null;
  return { paymentStatus: null, cancels: null, requestId, unavailable: { reason, message, resultCode } };
}

const NO_STATUS = {
  reason: "NOT_READABLE",
  message: "EBP's answer states no status of the payment, or not as a word.",
} as const;

// An answer about a payment holds personal data, also in undocumented fields, and no account is known here that could be
// removed. So only texts of these forms are shown.

/** Like EBP's words for states. No digits: an account number would pass for a word. */
const STATUS_WORD = /^[A-Z][A-Z_]{0,39}$/u;
/** As EBP publishes them (digits), with a short prefix, or a UUID. */
const TRACKING_ID = /^(?:(?:[A-Z]{1,6}[-_]?)?\d{1,40}|[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})$/iu;

function shownStatus(
  status: string | null,
  { uncancelled, whollyCancelled }: PaymentStatuses,
): string | null {
  const isKnown = [...uncancelled, ...whollyCancelled].some((word) => word === status);
  return isKnown ? status : matching(status, STATUS_WORD);
}

function matching(text: string | null, form: RegExp): string | null {
  return text !== null && form.test(text) ? text : null;
}
