import { request as send } from "undici";
import { Decimal } from "../../src/cancellation/model/decimal.js";
import { cancelBody, cancelUrl, detailUrl, requestHeaders } from "../../src/ebp/ebp-request.js";
import { DEVELOPMENT_STORE } from "../../simulator/development-store.js";
import type { Simulator } from "../../simulator/simulator.js";
import { cancelItem, cancelRequest } from "./examples.js";

export const OTHER_STORE = { ...DEVELOPMENT_STORE, storeId: "SIM-OTHER" };

export interface SimulatorAnswer {
  readonly status: number;
  readonly type: unknown;
  readonly text: string;
  /** Empty for a page. */
  readonly body: any;
}

export interface RequestChanges {
  /** Null leaves a header out. */
  readonly headers?: Readonly<Record<string, string | null>>;
  readonly store?: typeof DEVELOPMENT_STORE;
}

/** Posts a body to the simulator with the right headers and signature, and what a test changes about them. */
export async function post(url: URL, text: string, changes: RequestChanges = {}): Promise<SimulatorAnswer> {
  const { headers, store = DEVELOPMENT_STORE } = changes;
  const body = Buffer.from(text);
  const all = { ...requestHeaders({ ...store, baseUrl: "" }, body, "en"), ...headers };
  const present = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== null);
  const response = await send(url, { method: "POST", headers: Object.fromEntries(present), body });
  const answer = await response.body.text();
  const type = response.headers["content-type"];
  return {
    status: response.statusCode,
    type,
    text: answer,
    body: type === "text/html" ? {} : JSON.parse(answer),
  };
}

/** The body of a cancel of one item. */
export function cancelOf(orderNo: string, amount: string): string {
  return cancelBody(cancelRequest({ orderNo, items: [cancelItem({ amount: new Decimal(amount) })] }));
}

export function cancel(
  { url }: Simulator,
  orderNo: string,
  amount: string,
  changes?: RequestChanges,
): Promise<SimulatorAnswer> {
  return post(cancelUrl(url), cancelOf(orderNo, amount), changes);
}

export function lookUp(
  { url }: Simulator,
  orderNo: string,
  changes?: RequestChanges,
): Promise<SimulatorAnswer> {
  return post(detailUrl(url), JSON.stringify({ orderNo }), changes);
}

/** What the simulator serves to other processes. */
export async function servedLedger({ url }: Simulator, orderNo?: string): Promise<string> {
  return (await send(`${url}/ledger${orderNo === undefined ? "" : `?orderNo=${orderNo}`}`)).body.text();
}
