import type { IncomingMessage } from "node:http";
import { CANCEL_METHOD, CANCEL_PATH, DETAIL_METHOD, DETAIL_PATH } from "../src/ebp/ebp-request.js";
import { checkHeaders } from "./check-headers.js";
import type { Effects } from "./effects.js";
import { judgeCancel } from "./judge-cancel.js";
import { judgeDetail } from "./judge-detail.js";
import type { Numbering } from "./numbering.js";
import type { Payments } from "./payments.js";
import { orderNoOf, parseBody } from "./simulated-cancel.js";
import type { SimulatedStore } from "./simulated-store.js";
import { headerOf, refuser, type Refuse, type Verdict } from "./verdict.js";

export interface JudgeParts {
  readonly stores: ReadonlyMap<string, SimulatedStore>;
  readonly payments: Payments;
  readonly effects: Effects;
  readonly numbering: Numbering;
  readonly slowMs: number;
}

/** A request whose headers and signature are right. */
export interface AdmittedRequest {
  readonly store: SimulatedStore;
  readonly body: Buffer;
  /** The body, numbers as written. */
  readonly document: unknown;
  readonly refuse: Refuse;
}

interface Endpoint {
  readonly method: string;
  readonly judge: (parts: JudgeParts, request: AdmittedRequest) => Verdict;
}

const ENDPOINTS: ReadonlyMap<string, Endpoint> = new Map([
  [CANCEL_PATH, { method: CANCEL_METHOD, judge: judgeCancel }],
  [DETAIL_PATH, { method: DETAIL_METHOD, judge: judgeDetail }],
]);

/** Decides as EBP does what becomes of a request, and carries a cancel out when it is to be. */
export function judge(parts: JudgeParts, request: IncomingMessage, path: string, body: Buffer): Verdict {
  const refuse = refuser(request, parts.numbering);
  const endpoint = ENDPOINTS.get(path);
  if (endpoint === undefined) return refuse(404, "EBP-Z-0002");
  if (request.method !== endpoint.method) return refuse(405, "EBP-Z-0002");

  const store = parts.stores.get(headerOf(request, "x-store-id") ?? "");
  const headerFaults = checkHeaders(request.headers, store, body);
  if (headerFaults.length > 0 || store === undefined) return refuse(400, "EBP-A-0001", headerFaults);

  const document = parseBody(body);
  if (document === undefined) return refuse(400, "EBP-C-0006");
  const orderNo = orderNoOf(document);
  // An order number can stand for a payment, which is there from the first request that names it, right or wrong.
  if (orderNo !== null) parts.payments.find(store.storeId, orderNo);
  return endpoint.judge(parts, { store, body, document, refuse });
}
