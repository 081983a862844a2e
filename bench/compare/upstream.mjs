// The upstream that every contender sends its cancels to: EBP's answers at the least cost, in a process of its own so that its CPU time
// can be told apart. It checks no signature. It is forked: see processes.mjs.
import { createServer } from "node:http";
import { setTimeout } from "node:timers";
import { serveParent } from "./processes.mjs";

const HEADERS = { "content-type": "application/json;charset=UTF-8", "cache-control": "no-store" };
/** A contender waits for its turn: longer than the time-out of any connection that is being kept. */
const KEEP_ALIVE_MS = 30 * 60_000;

let delayMs = 0;
let cancels = 0;
let lookups = 0;

const server = createServer((request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    const body = JSON.parse(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks));
    const data = request.url.endsWith("/detail") ? detailsOf(body) : cancelled(body);
    const answer = envelope(data);
    if (delayMs === 0) send(response, answer);
    else setTimeout(send, delayMs, response, answer);
  });
});
server.keepAliveTimeout = KEEP_ALIVE_MS;

serveParent({
  listen: () =>
    new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen(0, "127.0.0.1", () => resolve({ url: `http://127.0.0.1:${server.address().port}` }));
    }),
  setDelay({ ms }) {
    delayMs = ms;
  },
  counts: () => ({ cancels }),
});

function send(response, answer) {
  response.writeHead(200, { ...HEADERS, "content-length": Buffer.byteLength(answer) });
  response.end(answer);
}

function cancelled({ orderNo, items }) {
  cancels += 1;
  const [goods, delivery] = [totalsOf(items, false), totalsOf(items, true)];
  return {
    orderNo,
    totalProductAmount: goods.amount,
    totalProductTaxAmount: goods.tax,
    totalDeliveryAmount: delivery.amount,
    totalDeliveryTaxAmount: delivery.tax,
    processedCount: items.length,
    returnRequestId: `RETREQ${cancels}`,
    items,
  };
}

/** An amount is a unit's, as in EBP's published examples. */
function totalsOf(items, ofDelivery) {
  let [amount, tax] = [0, 0];
  for (const item of items) {
    if ((item.itemType === "DELIVERY") !== ofDelivery) continue;
    amount += item.quantity * item.amount;
    tax += item.quantity * (item.taxAmount ?? 0);
  }
  return { amount, tax };
}

function detailsOf({ orderNo }) {
  lookups += 1;
  return { orderNo, storeRequestNo: `SR-${orderNo}`, paymentStatus: "CAPTURED" };
}

function envelope(data) {
  return JSON.stringify({
    resultCode: "0",
    message: "SUCCESS",
    requestId: String(cancels + lookups),
    timestamp: new Date().toISOString(),
    data,
  });
}
