import type {
  LookedUpPayment,
  PaymentQuestion,
  PaymentState,
  PaymentStatuses,
} from "../cancellation/model/payment-gateway.js";
import { type AnswerText, isSameOrder, type ReadExchange, readExchange } from "./answer.js";
import { evidenceOf } from "./evidence.js";
import type { Exchange } from "./exchange.js";
import { asString, type JsonObject } from "./json.js";
import { createRedactor } from "./redactor.js";

/** What is known after asking for a payment's details, as far as it decides what they show. */
export interface ShownDetails {
  /** A byte of the question was handed to the network. */
  readonly left: boolean;
  readonly end: Exchange["end"];
  readonly httpStatus: number | null;
  readonly text: AnswerText;
  /** What `data.orderNo` says; null when it is not stated. */
  readonly isSameOrder: boolean | null;
  /** `data.paymentStatus`; null when it is not stated as a string. */
  readonly paymentStatus: string | null;
  /** `data.pgCancelTransactionId`, the payment gateway's id of a cancel; "illegible" when it is of a kind that is not documented. */
  readonly cancelTransaction: "none" | "some" | "illegible";
}

export interface PaymentStateRow {
  /** In words, for the record. */
  readonly reason: string;
  readonly when: (details: ShownDetails, statuses: PaymentStatuses) => boolean;
  readonly shows: PaymentState;
}

/**
 * What a payment's details show of cancels; the first row that fits decides. Only the fields that EBP's documentation names
 * are relied on. A mistake here moves no money, and yet would record a cancel that never was, or deny one that was:
 * whatever is not plainly one or the other is UNCLEAR, and is asked again or left to a person.
 *
 * The order is part of the meaning. First whether this is an answer about this order at all; then what speaks for a
 * cancel, so that a state that is said to be uncancelled is believed only where nothing does.
 */
export const PAYMENT_STATE_TABLE: readonly PaymentStateRow[] = [
  {
    reason: "The question never left: no connection to EBP was made.",
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
    reason: "The payment is in a state that stands for wholly cancelled, by this service's settings.",
    when: (d, { whollyCancelled }) => isOneOf(d.paymentStatus, whollyCancelled),
    shows: "WHOLLY_CANCELLED",
  },
  {
    reason: "The details carry the payment gateway's id of a cancel; of how much they do not say.",
    when: (d) => d.cancelTransaction === "some",
    shows: "CANCELLED_IN_PART",
  },
  {
    reason: "REFUND_REQUESTED: a refund was accepted; of how much the details do not say.",
    when: (d) => d.paymentStatus === "REFUND_REQUESTED",
    shows: "CANCELLED_IN_PART",
  },
  {
    reason: "The payment gateway's id of a cancel is not of the documented kind: it may stand for a cancel.",
    when: (d) => d.cancelTransaction === "illegible",
    shows: "UNCLEAR",
  },
  {
    reason: "The payment is in a state before any cancel, and carries no id of one.",
    when: (d, { uncancelled }) => isOneOf(d.paymentStatus, uncancelled),
    shows: "UNCANCELLED",
  },
  {
    reason: "The payment is in a state that says nothing about cancels, by what is known of EBP's words.",
    when: () => true,
    shows: "UNCLEAR",
  },
];

export function decidePaymentState(details: ShownDetails, statuses: PaymentStatuses): PaymentStateRow {
  const row = PAYMENT_STATE_TABLE.find(({ when }) => when(details, statuses));
  if (row === undefined) throw new Error("deciding a payment's state: the table has no last row");
  return row;
}

/** Whether details can ever show this: a word that stands for it may not be known. */
export function canShow(state: PaymentState, { uncancelled, whollyCancelled }: PaymentStatuses): boolean {
  if (state === "UNCANCELLED") return uncancelled.length > 0;
  return state !== "WHOLLY_CANCELLED" || whollyCancelled.length > 0;
}

export function isSuccess({ httpStatus }: ShownDetails): boolean {
  return httpStatus !== null && httpStatus >= 200 && httpStatus <= 299;
}

function isOneOf(status: string | null, statuses: readonly string[]): boolean {
  return status !== null && statuses.includes(status);
}

/** What an answer to a question about an order tells of its payment. */
export function shownDetails({ happened, text, envelope }: ReadExchange, orderNo: string): ShownDetails {
  const data = envelope?.data ?? null;
  return {
    left: happened.sentAt !== null,
    end: happened.end,
    httpStatus: happened.httpStatus,
    text,
    isSameOrder: isSameOrder(envelope, orderNo),
    paymentStatus: asString(data?.["paymentStatus"]),
    cancelTransaction: cancelTransactionOf(data),
  };
}

/** Blanks are no id, and not the documented absence of one either. */
function cancelTransactionOf(data: JsonObject | null): ShownDetails["cancelTransaction"] {
  const id = data?.["pgCancelTransactionId"] ?? "";
  if (typeof id !== "string" || (id !== "" && id.trim() === "")) return "illegible";
  return id === "" ? "none" : "some";
}

/** What one exchange showed of the payment it asked for. */
export function readPaymentState(
  happened: Exchange,
  { orderNo, refundAccount }: PaymentQuestion,
  statuses: PaymentStatuses,
): LookedUpPayment {
  const read = readExchange(happened);
  const { reason, shows } = decidePaymentState(shownDetails(read, orderNo), statuses);
  // Payment details name a buyer.
  return { state: shows, evidence: evidenceOf(read, reason, createRedactor(refundAccount), false) };
}
