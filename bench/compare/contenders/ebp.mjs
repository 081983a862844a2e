// Sends a cancel to EBP as the service does: the same body, headers and signature, over the same kind of connections.
import { createHash } from "node:crypto";
import { Agent } from "undici";

/** The store that everybody cancels for. Its keys open nothing. */
const STORE = {
  storeId: "KR01",
  accessKey: "compared-access-key",
  hashKey: "compared-hash-key",
  divisionCode: "KR",
  channelCode: "WEB",
  ricCode: "KIC",
  countryCode: "KR",
  currencyCode: "KRW",
};

const CANCEL_PATH = "/api/v2/payment/cancel";
const CONNECTIONS = 64;
const IDLE_CONNECTION_MS = 2_000;

export function createEbp(baseUrl) {
  const agent = new Agent({
    connections: CONNECTIONS,
    pipelining: 1,
    allowH2: false,
    keepAliveTimeout: IDLE_CONNECTION_MS,
    keepAliveMaxTimeout: IDLE_CONNECTION_MS,
  });
  return {
    cancel: (input) => post(agent, baseUrl, Buffer.from(cancelBody(input), "utf8")),
    close: () => agent.close(),
  };
}

function requestHeaders(body) {
  return {
    "Content-Type": "application/json; charset=utf-8",
    "Content-Length": String(Buffer.byteLength(body)),
    Accept: "application/json",
    "Accept-Language": "en-US",
    "Time-Zone": "UTC",
    "X-System-Language": "en",
    "X-Language-Code": "en",
    "X-Access-Key": STORE.accessKey,
    "X-EBP-Signature": createHash("sha256").update(body).update(STORE.hashKey, "utf8").digest("hex"),
    "X-Division-Code": STORE.divisionCode,
    "X-Store-Id": STORE.storeId,
    "X-Channel-Code": STORE.channelCode,
    "X-Ric-Code": STORE.ricCode,
    "X-Country-Code": STORE.countryCode,
    "X-Currency-Code": STORE.currencyCode,
  };
}

/** Amounts come as text and go as numbers with the digits they have. */
function cancelBody({ orderNo, totalCancelAmount, refundAccount, items }) {
  const { accountNumber, bankCode, accountHolderName } = refundAccount;
  const account = JSON.stringify({ accountNumber, bankCode, accountHolderName });
  const lines = items.map(
    ({ seq, itemType, itemId, quantity, amount, taxAmount }) =>
      `{"seq":${seq},"itemType":"${itemType}","itemId":${JSON.stringify(itemId)},"quantity":${quantity},"amount":${amount},"taxAmount":${taxAmount}}`,
  );
  return `{"orderNo":${JSON.stringify(orderNo)},"totalCancelAmount":${totalCancelAmount},"refundAccount":${account},"items":[${lines}]}`;
}

/** Dispatched to undici directly: its `request` makes a stream of the answer, which costs more. */
function post(agent, origin, body) {
  return new Promise((resolve, reject) => {
    const chunks = [];
    const options = { origin, path: CANCEL_PATH, method: "POST", headers: requestHeaders(body), body };
    agent.dispatch(options, {
      onRequestStart: () => undefined,
      onResponseStart: () => undefined,
      onResponseData: (_controller, chunk) => void chunks.push(chunk),
      onResponseEnd: () => resolve(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)),
      onResponseError: (_controller, error) => reject(error),
    });
  });
}
