import type { IncomingMessage } from "node:http";
import type { Language } from "../src/cancellation/model/payment-gateway.js";
import type { EnvelopeDetail } from "../src/ebp/answer.js";
import { errorAnswer, type Wording } from "./answers.js";
import type { Numbering } from "./numbering.js";
import type { Reply } from "./reply.js";
import type { SimulatedCancel } from "./simulated-cancel.js";

const HTML_PAGE = "<!doctype html><html><body><h1>The request could not be served</h1></body></html>";

/** What becomes of a request. */
export interface Verdict {
  /** For the ledger: the result code, or what is done instead. */
  readonly outcome: string;
  readonly reply: Reply;
  /** The cancel that was asked for, once it is known to be one. */
  readonly cancel?: SimulatedCancel;
  /** The order that was looked up, once the request is known to be a lookup. */
  readonly lookedUp?: string;
  readonly afterMs?: number;
}

export type Refuse = (
  httpStatus: number,
  resultCode: string,
  details?: readonly EnvelopeDetail[],
  wording?: Wording,
) => Verdict;

/** Words refusals in the language that the request asks for. */
export function refuser(request: IncomingMessage, numbering: Numbering): Refuse {
  const language: Language = headerOf(request, "x-system-language") === "ko" ? "ko" : "en";
  return (httpStatus, resultCode, details, wording) => {
    const body = errorAnswer(resultCode, language, numbering.tracking(), details, wording);
    return { outcome: resultCode, reply: { kind: "answer", httpStatus, body } };
  };
}

export function confirmed(body: string): Verdict {
  return { outcome: "0", reply: { kind: "answer", httpStatus: 200, body } };
}

/** A gateway's page in place of EBP's answer. */
export function htmlPage(httpStatus: number): Verdict {
  return { outcome: "html", reply: { kind: "answer", httpStatus, body: HTML_PAGE, type: "text/html" } };
}

export function headerOf(request: IncomingMessage, name: string): string | null {
  const value = request.headers[name];
  return typeof value === "string" ? value : null;
}
