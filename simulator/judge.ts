import { createHash } from "node:crypto";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { Decimal } from "../src/cancellation/model/decimal.js";
import {
  CANCEL_METHOD,
  CANCEL_PATH,
  DETAIL_METHOD,
  DETAIL_PATH,
  signRequest,
} from "../src/ebp/ebp-request.js";
import type { EnvelopeDetail } from "../src/ebp/answer.js";
import {
  detailAnswer,
  errorAnswer,
  HTML_PAGE,
  ORDER_NOT_FOUND,
  successAnswer,
  type Reply,
  type Wording,
} from "./answers.js";
import {
  checkSchema,
  orderNoOf,
  parseBody,
  readCancel,
  totalsOf,
  type SimulatedCancel,
} from "./cancel-body.js";
import type { SimulatedStore } from "./development-store.js";
import type { Effects } from "./effects.js";
import { forcedBehaviour } from "./order-numbers.js";
import { refusalOf, type Numbering, type Payments } from "./payments.js";

export interface JudgeDependencies {
  readonly stores: ReadonlyMap<string, SimulatedStore>;
  readonly payments: Payments;
  readonly effects: Effects;
  readonly numbering: Numbering;
  readonly slowMs: number;
}

/** What a request is answered. */
export interface Verdict {
  /** For the ledger: the result code, or what happens instead of an answer. */
  readonly outcome: string;
  readonly reply: Reply;
  /** Set once the request is known to be a cancel. */
  readonly cancel?: SimulatedCancel;
  /** The order; set once the request is known to be a lookup. */
  readonly lookedUp?: string;
  readonly afterMs?: number;
}

type Refuse = (
  httpStatus: number,
  resultCode: string,
  details?: readonly EnvelopeDetail[],
  wording?: Wording,
) => Verdict;

/** A request whose headers and signature are right. */
interface AdmittedRequest {
  readonly store: SimulatedStore;
  readonly body: Buffer;
  /** The body, numbers as written. */
  readonly document: unknown;
  readonly refuse: Refuse;
}

interface Endpoint {
  readonly method: string;
  readonly judge: (dependencies: JudgeDependencies, request: AdmittedRequest) => Verdict;
}

const ENDPOINTS: ReadonlyMap<string, Endpoint> = new Map([
  [CANCEL_PATH, { method: CANCEL_METHOD, judge: judgeCancel }],
  [DETAIL_PATH, { method: DETAIL_METHOD, judge: judgeDetail }],
]);

/** Decides like EBP how a request is answered, and performs a cancel that is accepted. */
export function judge(
  dependencies: JudgeDependencies,
  request: IncomingMessage,
  path: string,
  body: Buffer,
): Verdict {
  const language = headerOf(request, "x-system-language") === "ko" ? "ko" : "en";
  const refuse: Refuse = (httpStatus, resultCode, details, wording) => {
    const tracking = dependencies.numbering.tracking();
    const answer = errorAnswer(resultCode, language, tracking, details, wording);
    return { outcome: resultCode, reply: { kind: "answer", httpStatus, body: answer } };
  };
  const endpoint = ENDPOINTS.get(path);
  if (endpoint === undefined) return refuse(404, "EBP-Z-0002");
  if (request.method !== endpoint.method) return refuse(405, "EBP-Z-0002");

  const store = dependencies.stores.get(headerOf(request, "x-store-id") ?? "");
  const headerFaults = checkHeaders(request.headers, store, body);
  if (headerFaults.length > 0 || store === undefined) return refuse(400, "EBP-A-0001", headerFaults);

  const document = parseBody(body);
  if (document === undefined) return refuse(400, "EBP-C-0006");
  const orderNo = orderNoOf(document);
  // An order number can stand for a payment, which exists from the first request that names it, valid or not.
  if (orderNo !== null) dependencies.payments.find(store.storeId, orderNo);
  return endpoint.judge(dependencies, { store, body, document, refuse });
}

/** Cancel Payment: the request must be valid, then the payment must allow it, then the order number may force something else. */
function judgeCancel(
  { payments, effects, numbering, slowMs }: JudgeDependencies,
  { store, body, document, refuse }: AdmittedRequest,
): Verdict {
  const schemaFaults = checkSchema(document);
  if (schemaFaults.length > 0) return refuse(400, "EBP-C-0007", schemaFaults);

  const cancel = readCancel(document, store.storeId);
  const basis = store.amountBasis ?? "unit";
  const expected = totalsOf(cancel.items, basis).amount;
  if (!cancel.total.equals(expected)) {
    const message = `must be ${expected.toFixed()}, as the items add up`;
    return refuse(400, "EBP-C-0004", [{ field: "totalCancelAmount", message }]);
  }

  const refusal = refusalOf(payments.findFor(cancel), cancel.total);
  if (refusal !== null) return { ...refuse(refusal.httpStatus, refusal.resultCode), cancel };
  const returnRequestId = numbering.next("RETREQ");
  const intended = { cancel, bodyHash: sha256(body), returnRequestId };
  const forced = forcedBehaviour(cancel.orderNo);
  if (forced?.isLate === true) effects.performLater(intended);
  else if (forced?.effect ?? true) effects.perform(intended);
  const confirmation = (discrepancy = 0): string =>
    successAnswer(cancel, basis, returnRequestId, numbering.tracking(), new Decimal(discrepancy));
  return { ...verdict(), cancel };

  function verdict(): Verdict {
    const answer = forced?.answer ?? { kind: "usual" };
    switch (answer.kind) {
      case "usual":
        return confirmed(confirmation());
      case "slow":
        return { ...confirmed(confirmation()), afterMs: slowMs };
      case "discrepancy":
        return confirmed(confirmation(1));
      case "error":
        return refuse(answer.error.httpStatus, answer.error.resultCode);
      case "html":
        return htmlPage(answer.httpStatus);
      case "truncated":
        return { outcome: "truncated", reply: { kind: "truncated", body: confirmation() } };
      case "silence":
      case "reset":
        return { outcome: answer.kind, reply: { kind: answer.kind } };
    }
  }
}

/** Get Payment Details, as of now. */
function judgeDetail(
  { payments, numbering }: JudgeDependencies,
  { store, document, refuse }: AdmittedRequest,
): Verdict {
  const orderNo = orderNoOf(document);
  if (orderNo === null || orderNo === "")
    return refuse(400, "EBP-C-0007", [{ field: "orderNo", message: "must be a string" }]);
  return { ...answer(orderNo), lookedUp: orderNo };

  function answer(found: string): Verdict {
    const forced = forcedBehaviour(found)?.lookup;
    if (forced?.kind === "html") return htmlPage(forced.httpStatus);
    if (forced?.kind === "error") return refuse(forced.error.httpStatus, forced.error.resultCode);
    const payment = payments.find(store.storeId, found);
    // Never "no cancel": after a restart the simulator has forgotten cancels, and they would be made again.
    if (payment === null)
      return refuse(400, "EBP-C-0005", [{ field: "orderNo", message: "is not known" }], ORDER_NOT_FOUND);
    return confirmed(detailAnswer(payment, numbering.tracking()));
  }
}

function confirmed(body: string): Verdict {
  return { outcome: "0", reply: { kind: "answer", httpStatus: 200, body } };
}

/** A gateway's page in place of EBP's answer. */
function htmlPage(httpStatus: number): Verdict {
  return { outcome: "html", reply: { kind: "answer", httpStatus, body: HTML_PAGE, type: "text/html" } };
}

type HeaderCheck = (value: string, store: SimulatedStore | undefined, body: Buffer) => boolean;

/** The required headers of EBP's documentation, and when a value is right. For an unknown store none is. */
const REQUIRED_HEADERS: readonly (readonly [header: string, isRight: HeaderCheck])[] = [
  ["Content-Type", (value) => /^application\/json;\s*charset=utf-8$/iu.test(value)],
  ["Content-Length", (value, _store, body) => value === String(body.byteLength)],
  ["Accept", (value) => value === "application/json"],
  ["X-Store-Id", (_value, store) => store !== undefined],
  ["X-Access-Key", (value, store) => value === store?.accessKey],
  ["X-EBP-Signature", (value, store, body) => value === (store && signRequest(body, store.hashKey))],
  ["X-Division-Code", (value, store) => value === store?.divisionCode],
  ["X-Channel-Code", (value, store) => value === store?.channelCode],
  ["X-Ric-Code", (value, store) => value === store?.ricCode],
  ["X-Country-Code", (value, store) => value === store?.countryCode],
  ["X-Currency-Code", (value, store) => value === store?.currencyCode],
];

/** One entry for each header that is missing or wrong. The signature is checked over the bytes as received. */
function checkHeaders(
  headers: IncomingHttpHeaders,
  store: SimulatedStore | undefined,
  body: Buffer,
): EnvelopeDetail[] {
  return REQUIRED_HEADERS.flatMap(([header, isRight]) => {
    const value = headers[header.toLowerCase()];
    if (typeof value !== "string" || value === "")
      return { field: header, message: "Missing Mandatory Header" };
    return isRight(value, store, body) ? [] : { field: header, message: "Invalid Header Value" };
  });
}

export function headerOf(request: IncomingMessage, name: string): string | null {
  const value = request.headers[name];
  return typeof value === "string" ? value : null;
}

/** In hex. */
export function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
