import type { CancelOutcome } from "../cancellation/model/outcome.js";
import { type AnswerText, isSuccess } from "./answer.js";
import type { Exchange } from "./exchange.js";

/** What is known after one exchange, as far as the table needs it. */
export interface Answered {
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
  },
  {
    reason: "The request never left: no connection to EBP was made.",
    when: (a) => !a.left,
    proves: "notSent",
  },
  {
    reason: "No complete answer came in time; EBP may have processed the request.",
    when: (a) => a.end === "timedOut",
    proves: "unknown",
  },
  {
    reason: "The answer is larger than any of EBP's and was not read to its end.",
    when: (a) => a.end === "tooLarge",
    proves: "unknown",
  },
  {
    reason: "The answer began before the request had left whole: it may be an answer to something else.",
    when: (a) => a.end === "early",
    proves: "unknown",
  },
  {
    reason: "The connection broke after the request had begun to leave; EBP may have processed it.",
    when: (a) => a.end !== "complete",
    proves: "unknown",
  },
  {
    reason: 'EBP accepted (result code "0"), but its answer names another order.',
    when: (a) => codeIs(a, "0") && isSuccess(a) && a.isSameOrder === false,
    proves: "unknown",
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
  },
  {
    reason: "EBP-C-0010: EBP says that the cancellation failed.",
    when: (a) => codeIs(a, "EBP-C-0010"),
    proves: "rejected",
  },
  {
    reason: "EBP failed while processing (EBP-C-0008, 0009, 0011 or 0012); nothing says how far it got.",
    when: (a) => codeIs(a, "EBP-C-0008", "EBP-C-0009", "EBP-C-0011", "EBP-C-0012"),
    proves: "unknown",
  },
  {
    reason: "HTTP 404 or 405 from EBP: there was nothing to process the request.",
    when: (a) => a.text.kind === "envelope" && statusIs(a, 404, 405),
    proves: "rejected",
  },
  {
    reason:
      "EBP refused the request as such: authentication (A), format (B) or validation (C), with HTTP 4xx.",
    when: (a) => isRefusal(a) && letterIs(a, "A", "B", "C"),
    proves: "rejected",
  },
  {
    reason: "EBP passed on an error of the payment gateway (D) or another system (E), which may have acted.",
    when: (a) => letterIs(a, "D", "E"),
    proves: "unknown",
  },
  {
    reason: "EBP failed inside (Z); nothing says how far it got.",
    when: (a) => letterIs(a, "Z"),
    proves: "unknown",
  },
  {
    reason: "A result code that is not published, or with an HTTP status it is not published for.",
    when: (a) => a.text.kind === "envelope",
    proves: "unknown",
  },
  {
    reason: "HTTP 408 or 409 without an answer of EBP: the request may have been forwarded before.",
    when: (a) => statusIs(a, 408, 409),
    proves: "unknown",
  },
  {
    reason: "The answer may be EBP's, but it is broken off, ambiguous or not as documented.",
    when: (a) => a.text.kind === "illegible",
    proves: "unknown",
  },
  {
    reason:
      "A gateway in front of EBP refused the request (HTTP 4xx, no answer of EBP): nothing was cancelled.",
    when: (a) => isRefusal(a) && a.endMarked,
    proves: "notSent",
  },
  {
    reason: "Neither EBP's answer nor a refusal; EBP may have processed the request.",
    when: () => true,
    proves: "unknown",
  },
];

export function decide(answer: Answered): OutcomeRow {
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
