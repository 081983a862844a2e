import type {
  LookedUpPayment,
  PaymentQuestion,
  PaymentState,
  PaymentStatuses,
} from "../cancellation/model/payment-gateway.js";
import {
  type AnswerText,
  createRedactor,
  evidenceOf,
  isSameOrder,
  isSuccess,
  PUBLISHED_CODE,
  type ReadExchange,
  readExchange,
} from "./answer.js";
import type { Exchange } from "./exchange.js";
import { asString, type JsonObject, matching } from "./json.js";
import type { ShownPayment, UnavailableReason } from "../cancellation/history/live-status.js";

/** What an answer about a payment says, as far as the table needs it. */
interface ShownDetails {
  /** A byte of the request was handed to the network. */
  readonly left: boolean;
  readonly end: Exchange["end"];
  readonly httpStatus: number | null;
  readonly text: AnswerText;
  /** Whether `data.orderNo` is the order asked for; null when it is not stated. */
  readonly isSameOrder: boolean | null;
  /** `data.paymentStatus`; null when it is not stated as a string. */
  readonly paymentStatus: string | null;
  /** `data.pgCancelTransactionId`, the payment gateway's id of a cancel; "illegible" when it is not as documented. */
  readonly cancelTransaction: "none" | "some" | "illegible";
}

interface PaymentStateRow {
  /** Recorded as the basis of the conclusion. */
  readonly reason: string;
  readonly when: (details: ShownDetails, statuses: PaymentStatuses) => boolean;
  readonly shows: PaymentState;
}

/**
 * What a payment's details show of cancels; the first matching row decides. It relies on documented fields only. A mistake here
 * moves no money, but would record a cancel that never was or deny one that was. So whatever is not plain is UNCLEAR: it is
 * looked up again or left to a person.
 *
 * The order matters. First: is this an answer about this order at all? Then signs of a cancel, so that an uncancelled state is
 * believed only without any of them.
 */
export const PAYMENT_STATE_TABLE: readonly PaymentStateRow[] = [
  {
    reason: "The request never left: no connection to EBP was made.",
    when: (d) => !d.left,
    shows: "UNCLEAR",
  },
  {
    reason: "No complete answer came: it was too late, too early, too large, or broke off.",
    when: (d) => d.end !== "complete",
    shows: "UNCLEAR",
  },
  {
    reason: "The answer is not EBP's, or cannot be read.",
    when: (d) => d.text.kind !== "envelope",
    shows: "UNCLEAR",
  },
  {
    reason: 'EBP did not give the details: the result code is not "0".',
    when: (d) => d.text.kind === "envelope" && d.text.envelope.resultCode !== "0",
    shows: "UNCLEAR",
  },
  {
    reason: 'Result code "0" contradicts the HTTP status, which is not a success.',
    when: (d) => !isSuccess(d),
    shows: "UNCLEAR",
  },
  {
    reason: "The details name no order, or another one.",
    when: (d) => d.isSameOrder !== true,
    shows: "UNCLEAR",
  },
  {
    reason: "The payment is in a state that means wholly cancelled, by this service's settings.",
    when: (d, { whollyCancelled }) => isOneOf(d.paymentStatus, whollyCancelled),
    shows: "WHOLLY_CANCELLED",
  },
  {
    reason: "The details carry the payment gateway's id of a cancel, but not its amount.",
    when: (d) => d.cancelTransaction === "some",
    shows: "CANCELLED_IN_PART",
  },
  {
    reason: "REFUND_REQUESTED: a refund was accepted; the details do not say its amount.",
    when: (d) => d.paymentStatus === "REFUND_REQUESTED",
    shows: "CANCELLED_IN_PART",
  },
  {
    reason: "REFUNDED: a refund was carried out; the details do not say whether of all or of a part.",
    when: (d) => d.paymentStatus === "REFUNDED",
    shows: "CANCELLED_IN_PART",
  },
  {
    reason: "The payment gateway's id of a cancel is not as documented: it may stand for a cancel.",
    when: (d) => d.cancelTransaction === "illegible",
    shows: "UNCLEAR",
  },
  {
    reason: "The payment is in a state before any cancel, and carries no id of one.",
    when: (d, { uncancelled }) => isOneOf(d.paymentStatus, uncancelled),
    shows: "UNCANCELLED",
  },
  {
    reason: "The payment is in a state that says nothing about cancels, as far as EBP's words are known.",
    when: () => true,
    shows: "UNCLEAR",
  },
];

function decidePaymentState(details: ShownDetails, statuses: PaymentStatuses): PaymentStateRow {
  const row = PAYMENT_STATE_TABLE.find(({ when }) => when(details, statuses));
  if (row === undefined) throw new Error("deciding a payment's state: the table has no last row");
  return row;
}

/** Whether details can show this state: EBP's word for it may not be known. */
export function canShow(state: PaymentState, { uncancelled, whollyCancelled }: PaymentStatuses): boolean {
  if (state === "UNCANCELLED") return uncancelled.length > 0;
  return state !== "WHOLLY_CANCELLED" || whollyCancelled.length > 0;
}

function isOneOf(status: string | null, statuses: readonly string[]): boolean {
  return status !== null && statuses.includes(status);
}

/** Reads what the table needs. */
function shownDetails({ exchange, text, envelope }: ReadExchange, orderNo: string): ShownDetails {
  const data = envelope?.data ?? null;
  return {
    left: exchange.sentAt !== null,
    end: exchange.end,
    httpStatus: exchange.httpStatus,
    text,
    isSameOrder: isSameOrder(envelope, orderNo),
    paymentStatus: asString(data?.["paymentStatus"]),
    cancelTransaction: cancelTransactionOf(data),
  };
}

/** A blank text is neither an id nor the documented way to leave it out. */
function cancelTransactionOf(data: JsonObject | null): ShownDetails["cancelTransaction"] {
  const id = data?.["pgCancelTransactionId"] ?? "";
  if (typeof id !== "string" || (id !== "" && id.trim() === "")) return "illegible";
  return id === "" ? "none" : "some";
}

/** What the answer to a lookup shows of its payment. */
export function readPaymentState(
  exchange: Exchange,
  { orderNo, refundAccount }: PaymentQuestion,
  statuses: PaymentStatuses,
): LookedUpPayment {
  const read = readExchange(exchange);
  const { reason, shows } = decidePaymentState(shownDetails(read, orderNo), statuses);
  // No digest: payment details name a buyer.
  return { state: shows, evidence: evidenceOf(read, reason, createRedactor(refundAccount), false) };
}

interface UnavailableRow {
  readonly reason: UnavailableReason;
  readonly when: (details: ShownDetails) => boolean;
}

/** Why an answer shows nothing of the payment; the first matching row decides. Without one, the answer shows something. */
const UNAVAILABLE_TABLE: readonly UnavailableRow[] = [
  { reason: "TIMED_OUT", when: (d) => d.end === "timedOut" },
  { reason: "NOT_REACHED", when: (d) => !d.left },
  // Broken off, or too large to be an answer of EBP.
  { reason: "NOT_READABLE", when: (d) => d.end !== "complete" },
  { reason: "NOT_READABLE", when: (d) => d.text.kind !== "envelope" },
  { reason: "REFUSED", when: (d) => d.text.kind === "envelope" && d.text.envelope.resultCode !== "0" },
  // It says that all is well, and its HTTP status does not.
  { reason: "NOT_READABLE", when: (d) => !isSuccess(d) },
  { reason: "NOT_READABLE", when: (d) => d.isSameOrder !== true },
];

/** What the answer to a lookup shows of its payment, for a person to look at. */
export function readLiveStatus(exchange: Exchange, orderNo: string, statuses: PaymentStatuses): ShownPayment {
  const read = readExchange(exchange);
  const details = shownDetails(read, orderNo);
  const requestId = matching(read.envelope?.requestId, TRACKING_ID);
  const paymentStatus = shownStatus(details.paymentStatus, statuses);
  const hidden = UNAVAILABLE_TABLE.find(({ when }) => when(details));
  if (hidden === undefined && paymentStatus !== null) {
    const cancels = decidePaymentState(details, statuses).shows;
    return { paymentStatus, cancels, requestId, unavailable: null };
  }
  // Without a status, or with one that is no word, there is nothing to show.
  const reason = hidden?.reason ?? "NOT_READABLE";
  const resultCode = reason === "REFUSED" ? matching(read.envelope?.resultCode, PUBLISHED_CODE) : null;
  return { paymentStatus: null, cancels: null, requestId, unavailable: { reason, resultCode } };
}

// An answer about a payment holds personal data, also in undocumented fields, and no account is known here that could be
// removed. So only texts of these forms are shown.

/** Like EBP's words for states. No digits: an account number would pass for a word. */
const STATUS_WORD = /^[A-Z][A-Z_]{0,39}$/u;
/** As EBP publishes them (digits), with a short prefix, or a UUID. */
const TRACKING_ID = /^(?:(?:[A-Z]{1,6}[-_]?)?\d{1,40}|[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})$/iu;

function shownStatus(status: string | null, statuses: PaymentStatuses): string | null {
  const isKnown = isOneOf(status, [...statuses.uncancelled, ...statuses.whollyCancelled]);
  return isKnown ? status : matching(status, STATUS_WORD);
}
