import type { ShownPayment, UnavailableReason } from "../cancellation/history/live-status.js";
import type { PaymentStatuses } from "../cancellation/model/payment-gateway.js";
import { MIN_ACCOUNT_NUMBER_LENGTH } from "../cancellation/model/limits.js";
import { readExchange, type ReadExchange } from "./answer.js";
import { PUBLISHED_CODE } from "./evidence.js";
import type { Exchange } from "./exchange.js";
import { decidePaymentState, isSuccess, type ShownDetails, shownDetails } from "./payment-state-table.js";

export interface UnavailableRow {
  readonly reason: UnavailableReason;
  /** For whoever looks. */
  readonly message: string;
  readonly when: (details: ShownDetails) => boolean;
}

/** Why the answer to a question shows nothing of the payment; the first row that fits decides. None fits: it shows something. */
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

/** What one exchange shows of the payment it asked for, for somebody to look at. */
export function readLiveStatus(happened: Exchange, orderNo: string, statuses: PaymentStatuses): ShownPayment {
  const read = readExchange(happened);
  const details = shownDetails(read, orderNo);
  const requestId = shownRequestId(read);
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
  const resultCode = reason === "REFUSED" ? shownResultCode(read) : null;
  return { paymentStatus: null, cancels: null, requestId, unavailable: { reason, message, resultCode } };
}

const NO_STATUS = {
  reason: "NOT_READABLE",
  message: "EBP's answer states no status of the payment, or not as a word.",
} as const;

/** As EBP's words for states are. No digits: an account number would pass for a word. */
const STATUS_WORD = /^[A-Z][A-Z_]{0,39}$/u;
/** As EBP's tracking ids are published, or with a short prefix. */
const NUMBER_ID = /^(?:[A-Z]{1,6}[-_]?)?\d{1,40}$/u;
const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/iu;

/**
 * What may be shown of an answer about a payment. It can hold personal data, and in fields that nobody has published: so a text is shown
 * for its form, and none for not being known to be a secret.
 */
export function shownStatus(
  status: string | null,
  { uncancelled, whollyCancelled }: PaymentStatuses,
): string | null {
  if (status === null) return null;
  const isKnown = uncancelled.includes(status) || whollyCancelled.includes(status);
  return isKnown || STATUS_WORD.test(status) ? status : null;
}

export function shownResultCode({ envelope }: ReadExchange): string | null {
  const code = envelope?.resultCode ?? null;
  return code !== null && PUBLISHED_CODE.test(code) ? code : null;
}

/** A number that stands in the answer a second time may be somebody's account. */
export function shownRequestId({ envelope, rawText }: ReadExchange): string | null {
  const id = envelope?.requestId ?? null;
  if (id === null || UUID.test(id)) return id;
  return NUMBER_ID.test(id) && !isRepeated(id, rawText) ? id : null;
}

function isRepeated(id: string, rawText: string): boolean {
  const digits = id.replace(/\D/gu, "").replace(/^0+/u, "");
  const others = rawText.replace(id, "").replace(/[\s-]/gu, "");
  return digits.length >= MIN_ACCOUNT_NUMBER_LENGTH && others.includes(digits);
}
