import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { Decimal } from "../../cancellation/decimal.js";
import type { Language } from "../../cancellation/payment-gateway.js";
import { CANCEL_METHOD, CANCEL_PATH } from "../endpoint.js";
import type { EnvelopeDetail } from "../envelope.js";
import { errorAnswer, successAnswer } from "./answers.js";
import { checkHeaders } from "./check-headers.js";
import type { MemoryLedger } from "./ledger.js";
import type { Numbering } from "./numbering.js";
import { forcedBehaviour } from "./order-numbers.js";
import type { Reply } from "./reply.js";
import { checkSchema, parseBody, readCancel, totalsOf, type SimulatedCancel } from "./simulated-cancel.js";
import type { SimulatedStore } from "./simulated-store.js";

const HTML_PAGE = "<!doctype html><html><body><h1>The request could not be served</h1></body></html>";

export interface JudgeParts {
  readonly stores: ReadonlyMap<string, SimulatedStore>;
  readonly ledger: MemoryLedger;
  readonly numbering: Numbering;
  readonly slowMs: number;
}

export interface Verdict {
  /** For the ledger: the result code, or what is done instead. */
  readonly outcome: string;
  readonly reply: Reply;
  /** The cancel that was asked for, once it is known to be one. */
  readonly cancel?: SimulatedCancel;
  readonly afterMs?: number;
}

/** Decides as EBP does what becomes of a request, and carries the cancel out when it is to be. */
export function judge(parts: JudgeParts, request: IncomingMessage, path: string, body: Buffer): Verdict {
  const refuse = refuser(request, parts.numbering);
  if (path !== CANCEL_PATH) return refuse(404, "EBP-Z-0002");
  if (request.method !== CANCEL_METHOD) return refuse(405, "EBP-Z-0002");

  const store = parts.stores.get(headerOf(request, "x-store-id") ?? "");
  const headerFaults = checkHeaders(request.headers, store, body);
  if (headerFaults.length > 0 || store === undefined) return refuse(400, "EBP-A-0001", headerFaults);

  const document = parseBody(body);
  if (document === undefined) return refuse(400, "EBP-C-0006");
  const schemaFaults = checkSchema(document);
  if (schemaFaults.length > 0) return refuse(400, "EBP-C-0007", schemaFaults);

  const cancel = readCancel(document, store.storeId);
  const expected = totalsOf(cancel.items, store.amountBasis ?? "unit").amount;
  if (!cancel.total.equals(expected)) {
    const message = `must be ${expected.toFixed()}, as the items add up`;
    return refuse(400, "EBP-C-0004", [{ field: "totalCancelAmount", message }]);
  }
  return { ...carryOut(parts, store, cancel, sha256(body), refuse), cancel };
}

function carryOut(
  { ledger, numbering, slowMs }: JudgeParts,
  store: SimulatedStore,
  cancel: SimulatedCancel,
  bodyHash: string,
  refuse: Refuse,
): Verdict {
  const forced = forcedBehaviour(cancel.orderNo);
  const returnRequestId = numbering.returnRequestId();
  if (forced?.effect ?? true) ledger.perform(cancel, bodyHash, returnRequestId, numbering.now());

  const basis = store.amountBasis ?? "unit";
  const confirmation = (discrepancy: number): string =>
    successAnswer(cancel, basis, returnRequestId, numbering.tracking(), new Decimal(discrepancy));
  const confirmed = (discrepancy = 0): Verdict => ({
    outcome: "0",
    reply: { kind: "answer", httpStatus: 200, body: confirmation(discrepancy) },
  });

  const answer = forced?.answer;
  switch (answer?.kind) {
    case undefined:
      return confirmed();
    case "slow":
      return { ...confirmed(), afterMs: slowMs };
    case "discrepancy":
      return confirmed(1);
    case "error":
      return refuse(answer.error.httpStatus, answer.error.resultCode);
    case "html":
      return {
        outcome: "html",
        reply: { kind: "answer", httpStatus: answer.httpStatus, body: HTML_PAGE, type: "text/html" },
      };
    case "truncated":
      return { outcome: "truncated", reply: { kind: "truncated", body: confirmation(0) } };
    case "silence":
    case "reset":
      return { outcome: answer.kind, reply: { kind: answer.kind } };
  }
}

type Refuse = (httpStatus: number, resultCode: string, details?: readonly EnvelopeDetail[]) => Verdict;

function refuser(request: IncomingMessage, numbering: Numbering): Refuse {
  const language: Language = headerOf(request, "x-system-language") === "ko" ? "ko" : "en";
  return (httpStatus, resultCode, details = []) => {
    const body = errorAnswer(resultCode, language, numbering.tracking(), details);
    return { outcome: resultCode, reply: { kind: "answer", httpStatus, body } };
  };
}

export function headerOf(request: IncomingMessage, name: string): string | null {
  const value = request.headers[name];
  return typeof value === "string" ? value : null;
}

export function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
