import type {
  CancelOutcome,
  Confirmation,
  ConfirmedItem,
  Failure,
  FailureCause,
} from "../cancellation/model/outcome.js";
import {
  type AnswerText,
  createRedactor,
  evidenceOf,
  isSameOrder,
  isSuccess,
  readExchange,
  type ReadExchange,
  type Redactor,
  resultCodeOf,
} from "./answer.js";
import { type Exchange, SEND_WINDOW_CLOSED } from "./exchange.js";
import type { CancelRequest } from "../cancellation/model/cancel-request.js";
import { asArray, asDecimal, asInt32, asObject, asText, type JsonObject } from "./json.js";

/** What is known after one exchange, as far as the table needs it. */
interface Answered {
  /** A byte of the request was handed to the network. */
  readonly left: boolean;
  /** The send window had closed before it could be handed over. */
  readonly tooLate: boolean;
  readonly end: Exchange["end"];
  readonly httpStatus: number | null;
  /** A length or chunks mark the end of the answer, so "complete" means more than "the peer hung up". */
  readonly endMarked: boolean;
  readonly text: AnswerText;
  /** Whether `data.orderNo` is the order of the request; null when it is not stated. */
  readonly isSameOrder: boolean | null;
}

export interface OutcomeRow {
  /** Recorded as the basis of the outcome. */
  readonly reason: string;
  readonly when: (answer: Answered) => boolean;
  readonly proves: CancelOutcome["kind"];
  /** What callers are told; an accepted cancel has none. */
  readonly cause?: FailureCause;
}

/**
 * What an answer proves about the money; the first matching row decides. Source: the published result codes and HTTP statuses.
 * EBP does not say which codes leave the money untouched. So a row proves "nothing cancelled" only where the request was refused
 * before it could be processed, or where the code itself says that cancelling failed.
 *
 * The order matters. The code comes before the HTTP status: EBP-C-0011 is unknown even with HTTP 404, EBP-C-0004 a rejection even
 * with HTTP 409. And an answer that may be EBP's but cannot be read never counts as a gateway's refusal.
 */
export const OUTCOME_TABLE: readonly OutcomeRow[] = [
  {
    reason: "The request never left: the time to send it was over before it could be sent.",
    when: (a) => !a.left && a.tooLate,
    proves: "notSent",
    cause: "SENT_TOO_LATE",
  },
  {
    reason: "The request never left: no connection to EBP was made.",
    when: (a) => !a.left,
    proves: "notSent",
    cause: "NOT_CONNECTED",
  },
  {
    reason: "No complete answer came in time; EBP may have processed the request.",
    when: (a) => a.end === "timedOut",
    proves: "unknown",
    cause: "TIMED_OUT",
  },
  {
    reason: "The answer is larger than any of EBP's and was not read to its end.",
    when: (a) => a.end === "tooLarge",
    proves: "unknown",
    cause: "ANSWER_NOT_READABLE",
  },
  {
    reason: "The answer began before the request had left whole: it may be an answer to something else.",
    when: (a) => a.end === "early",
    proves: "unknown",
    cause: "ANSWER_NOT_READABLE",
  },
  {
    reason: "The connection broke after the request had begun to leave; EBP may have processed it.",
    when: (a) => a.end !== "complete",
    proves: "unknown",
    cause: "CONNECTION_BROKE",
  },
  {
    reason: 'EBP accepted (result code "0"), but its answer names another order.',
    when: (a) => codeIs(a, "0") && isSuccess(a) && a.isSameOrder === false,
    proves: "unknown",
    cause: "ANSWER_PROVES_NOTHING",
  },
  {
    reason: 'EBP accepted the cancel: result code "0".',
    when: (a) => codeIs(a, "0") && isSuccess(a),
    proves: "accepted",
  },
  {
    reason: 'Result code "0" contradicts the HTTP status, which is not a success.',
    when: (a) => codeIs(a, "0"),
    proves: "unknown",
    cause: "ANSWER_PROVES_NOTHING",
  },
  {
    reason: "EBP-C-0010: EBP says that the cancellation failed.",
    when: (a) => codeIs(a, "EBP-C-0010"),
    proves: "rejected",
    cause: "REJECTED",
  },
  {
    reason: "EBP failed while processing (EBP-C-0008, 0009, 0011 or 0012); nothing says how far it got.",
    when: (a) => codeIs(a, "EBP-C-0008", "EBP-C-0009", "EBP-C-0011", "EBP-C-0012"),
    proves: "unknown",
    cause: "ANSWER_PROVES_NOTHING",
  },
  {
    reason: "HTTP 404 or 405 from EBP: there was nothing to process the request.",
    when: (a) => a.text.kind === "envelope" && statusIs(a, 404, 405),
    proves: "rejected",
    cause: "REJECTED",
  },
  {
    reason:
      "EBP refused the request as such: authentication (A), format (B) or validation (C), with HTTP 4xx.",
    when: (a) => isRefusal(a) && letterIs(a, "A", "B", "C"),
    proves: "rejected",
    cause: "REJECTED",
  },
  {
    reason: "EBP passed on an error of the payment gateway (D) or another system (E), which may have acted.",
    when: (a) => letterIs(a, "D", "E"),
    proves: "unknown",
    cause: "ANSWER_PROVES_NOTHING",
  },
  {
    reason: "EBP failed inside (Z); nothing says how far it got.",
    when: (a) => letterIs(a, "Z"),
    proves: "unknown",
    cause: "ANSWER_PROVES_NOTHING",
  },
  {
    reason: "A result code that is not published, or with an HTTP status it is not published for.",
    when: (a) => a.text.kind === "envelope",
    proves: "unknown",
    cause: "ANSWER_PROVES_NOTHING",
  },
  {
    reason: "HTTP 408 or 409 without an answer of EBP: the request may have been forwarded before.",
    when: (a) => statusIs(a, 408, 409),
    proves: "unknown",
    cause: "ANSWER_PROVES_NOTHING",
  },
  {
    reason: "The answer may be EBP's, but it is broken off, ambiguous or not as documented.",
    when: (a) => a.text.kind === "illegible",
    proves: "unknown",
    cause: "ANSWER_NOT_READABLE",
  },
  {
    reason:
      "A gateway in front of EBP refused the request (HTTP 4xx, no answer of EBP): nothing was cancelled.",
    when: (a) => isRefusal(a) && a.endMarked,
    proves: "notSent",
    cause: "REFUSED_BY_GATEWAY",
  },
  {
    reason: "Neither EBP's answer nor a refusal; EBP may have processed the request.",
    when: () => true,
    proves: "unknown",
    cause: "ANSWER_PROVES_NOTHING",
  },
];

function decide(answer: Answered): OutcomeRow {
  const row = OUTCOME_TABLE.find(({ when }) => when(answer));
  if (row === undefined) throw new Error("deciding an outcome: the table has no last row");
  return row;
}

function resultCode(answer: Answered): string | null {
  return answer.text.kind === "envelope" ? answer.text.envelope.resultCode : null;
}

function codeIs(answer: Answered, ...codes: readonly string[]): boolean {
  return codes.includes(resultCode(answer) ?? "");
}

function letterIs(answer: Answered, ...letters: readonly string[]): boolean {
  const letter = /^EBP-([A-Z])-\d+$/u.exec(resultCode(answer) ?? "")?.[1];
  return letter !== undefined && letters.includes(letter);
}

function statusIs(answer: Answered, ...statuses: readonly number[]): boolean {
  return answer.httpStatus !== null && statuses.includes(answer.httpStatus);
}

function isRefusal({ httpStatus }: Answered): boolean {
  return httpStatus !== null && httpStatus >= 400 && httpStatus <= 499;
}

/** More details than this help nobody. */
const MAX_DETAILS = 50;

/** What one exchange proved about its cancel. Every text but the raw answer is storable, bounded and free of the refund account. */
export function readOutcome(exchange: Exchange, request: CancelRequest): CancelOutcome {
  const read = readExchange(exchange);
  const row = decide({
    left: exchange.sentAt !== null,
    tooLate: exchange.errorCode === SEND_WINDOW_CLOSED,
    end: exchange.end,
    httpStatus: exchange.httpStatus,
    endMarked: isEndMarked(exchange),
    text: read.text,
    isSameOrder: isSameOrder(read.envelope, request.orderNo),
  });
  const redactor = createRedactor(request.refundAccount);
  const basis = exchange.errorCode === null ? row.reason : `${row.reason} (${exchange.errorCode})`;
  const evidence = evidenceOf(read, basis, redactor, request.refundAccount === null);
  if (row.proves === "accepted") {
    const confirmation = readConfirmation(read.envelope?.data ?? null, redactor);
    return { kind: "accepted", confirmation, evidence };
  }
  return { kind: row.proves, failure: failureIn(read, row, redactor), evidence };
}

function isEndMarked({ headers }: Exchange): boolean {
  return headers["content-length"] !== undefined || headers["transfer-encoding"] !== undefined;
}

/** EBP's message where it gave a reason, but not its "SUCCESS" in an answer that proves none. */
function failureIn({ envelope }: ReadExchange, { cause }: OutcomeRow, redactor: Redactor): Failure {
  const ebpMessage = envelope?.resultCode === "0" ? null : envelope?.message;
  return {
    cause: cause ?? "ANSWER_PROVES_NOTHING",
    resultCode: resultCodeOf(envelope, redactor),
    ebpMessage: ebpMessage ? redactor.message(ebpMessage) : null,
    details: (envelope?.details ?? []).slice(0, MAX_DETAILS).map(({ field, message }) => ({
      field: redactor.identifier(field),
      message: redactor.message(message),
    })),
  };
}

/** Twice the lines that a request may have. Further items stay in the raw answer. */
const MAX_CONFIRMED_ITEMS = 1_000;

/** What an accepting answer says was cancelled. Fields that are missing or cannot be read are null. */
function readConfirmation(data: JsonObject | null, redactor: Redactor): Confirmation {
  const items = asArray(data?.["items"]).slice(0, MAX_CONFIRMED_ITEMS);
  return {
    returnRequestId: redactor.identifier(asText(data?.["returnRequestId"])),
    processedCount: asInt32(data?.["processedCount"]),
    totalProductAmount: asDecimal(data?.["totalProductAmount"]),
    totalProductTaxAmount: asDecimal(data?.["totalProductTaxAmount"]),
    totalDeliveryAmount: asDecimal(data?.["totalDeliveryAmount"]),
    totalDeliveryTaxAmount: asDecimal(data?.["totalDeliveryTaxAmount"]),
    items: items.flatMap((item) => readItem(asObject(item), redactor) ?? []),
  };
}

/** Null without a readable `seq`: such an item cannot be matched with the request. */
function readItem(item: JsonObject | null, redactor: Redactor): ConfirmedItem | null {
  const seq = asInt32(item?.["seq"]);
  if (item === null || seq === null) return null;
  return {
    seq,
    itemType: redactor.identifier(asText(item["itemType"])),
    itemId: redactor.identifier(asText(item["itemId"])),
    quantity: asInt32(item["quantity"]),
    amount: asDecimal(item["amount"]),
    taxAmount: asDecimal(item["taxAmount"]),
  };
}
