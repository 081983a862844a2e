import { describe, expect, test } from "@jest/globals";
import type { ShownPayment } from "../../src/cancellation/history/live-status.js";
import { MAX_ANSWER_BYTES } from "../../src/ebp/exchange.js";
import { DEVELOPMENT_STORE } from "../../simulator/development-store.js";
import { cancelRequest } from "../helpers/examples.js";
import { createGate, until } from "../helpers/gate.js";
import { httpAnswer, refusedPort } from "../helpers/upstream.js";
import { useEbp, type ClientChanges } from "../helpers/upstream-client.js";

const ebp = useEbp();

const { storeId } = DEVELOPMENT_STORE;
const PATIENT_MS = 10_000;
const SHORT_MS = 50;

const REQUEST_ID = "1767129253910";

function payment(fields: object = {}, more: object = {}): string {
  const head = { resultCode: "0", message: "M", requestId: REQUEST_ID, timestamp: "2025-12-30T10:00:00Z" };
  const data = { orderNo: "ORD-1", storeRequestNo: "S-1", paymentStatus: "CAPTURED", ...fields };
  return JSON.stringify({ ...head, data, ...more });
}

async function shownOf(answer: string | Buffer, changes?: ClientChanges): Promise<ShownPayment> {
  const { url } = await ebp.upstream((_request, socket) => socket.end(answer));
  return ebp.client(url, changes).showPayment(storeId, "ORD-1", PATIENT_MS);
}

const NOTHING = { paymentStatus: null, cancels: null };

describe("shows EBP's word, and what it says of cancels:", () => {
  const statuses = { uncancelled: ["CAPTURED"], whollyCancelled: ["STATE_9"] };

  test.each([
    ["CAPTURED", {}, "UNCANCELLED"],
    ["CAPTURED", { pgCancelTransactionId: "PG-1" }, "CANCELLED_IN_PART"],
    ["REFUND_REQUESTED", {}, "CANCELLED_IN_PART"],
    ["REFUNDED", {}, "CANCELLED_IN_PART"],
    ["STATE_9", {}, "WHOLLY_CANCELLED"],
    ["REQUESTED", {}, "UNCLEAR"],
    ["CAPTURED", { pgCancelTransactionId: 7 }, "UNCLEAR"],
  ])("%s with %p is %s", async (paymentStatus, more, cancels) => {
    const answer = httpAnswer(200, payment({ paymentStatus, ...more }));
    const shown = await shownOf(answer, { paymentStatuses: statuses });
    expect(shown).toEqual({ paymentStatus, cancels, requestId: REQUEST_ID, unavailable: null });
  });
});

test("asks as a lookup does, for the payment's details with the order number alone", async () => {
  const upstream = await ebp.upstream((_request, socket) => socket.end(httpAnswer(200, payment())));
  await ebp.client(upstream.url).showPayment(storeId, "ORD-1", PATIENT_MS);
  expect(upstream.requests).toHaveLength(1);
  expect(upstream.requests[0]?.requestLine).toBe("POST /api/v2/payment/detail HTTP/1.1");
  expect(upstream.requests[0]?.body.toString("utf8")).toBe('{"orderNo":"ORD-1"}');
});

describe("shows nothing, and says why, when", () => {
  test.each([
    ["a page", httpAnswer(502, "<html></html>", { "Content-Type": "text/html" })],
    ["nothing at all", httpAnswer(200, "")],
    ["half a document", httpAnswer(200, payment().slice(0, -9))],
    ["an answer that breaks off", httpAnswer(200, payment()).subarray(0, -3)],
    ["no HTTP", "garbage\r\n\r\n"],
    ["too much", httpAnswer(200, payment().padEnd(MAX_ANSWER_BYTES + 1))],
    ["a compressed one", httpAnswer(200, Buffer.from([31, 139]), { "Content-Encoding": "gzip" })],
    ["success under an error's HTTP status", httpAnswer(500, payment())],
    ["another order", httpAnswer(200, payment({ orderNo: "ORD-2" }))],
    ["no order", httpAnswer(200, payment({ orderNo: undefined }))],
    ["no status", httpAnswer(200, payment({ paymentStatus: undefined }))],
    ["a status that is no text", httpAnswer(200, payment({ paymentStatus: 7 }))],
    ["a status that is no word", httpAnswer(200, payment({ paymentStatus: "Paid, twice" }))],
    ["a number for a status", httpAnswer(200, payment({ paymentStatus: "1234567890" }))],
    ["an endless status", httpAnswer(200, payment({ paymentStatus: "A".repeat(41) }))],
  ])("%s comes", async (_what, answer) => {
    const unavailable = { reason: "NOT_READABLE", resultCode: null };
    expect(await shownOf(answer)).toMatchObject({ ...NOTHING, unavailable });
  });

  test.each([
    ["EBP-C-0005", 400, "EBP-C-0005"],
    ["EBP-Z-0010", 200, "EBP-Z-0010"],
    ["EBP-C-0005 of John Doe", 400, null],
  ])("EBP answers %s under HTTP %s", async (resultCode, httpStatus, shown) => {
    const answer = httpAnswer(httpStatus, payment({}, { resultCode, message: "words of EBP's" }));
    const unavailable = { reason: "REFUSED", resultCode: shown };
    expect(await shownOf(answer)).toEqual({ ...NOTHING, requestId: REQUEST_ID, unavailable });
  });

  test("the connection is refused", async () => {
    const client = ebp.client(`http://127.0.0.1:${await refusedPort()}`);
    const unavailable = { reason: "NOT_REACHED", resultCode: null };
    const shown = await client.showPayment(storeId, "ORD-1", PATIENT_MS);
    expect(shown).toEqual({ ...NOTHING, requestId: null, unavailable });
  });

  test("no answer comes within the limit of whoever looks, and the connection is given back", async () => {
    const upstream = await ebp.upstream(() => undefined);
    const shown = await ebp.client(upstream.url).showPayment(storeId, "ORD-1", SHORT_MS);
    expect(shown).toMatchObject({ ...NOTHING, unavailable: { reason: "TIMED_OUT" } });
    await upstream.allClosed();
    expect(upstream.requests).toHaveLength(1);
  });

  test("no answer comes within EBP's own time-out, however patient whoever looks is", async () => {
    const upstream = await ebp.upstream(() => undefined);
    const client = ebp.client(upstream.url, { timeoutMs: SHORT_MS });
    expect((await client.showPayment(storeId, "ORD-1", PATIENT_MS)).unavailable?.reason).toBe("TIMED_OUT");
  });

  test("no connection is free within the limit; then it is not asked later either, nor is who has the connection disturbed", async () => {
    const gate = createGate();
    gate.close();
    const upstream = await ebp.upstream((_request, socket) => {
      void gate.pass().then(() => socket.write(httpAnswer(200, '{"resultCode":"0"}')));
    });
    const client = ebp.client(upstream.url, { connectionsPerOrigin: 1 });
    const cancelling = client.cancel(cancelRequest(), "en");
    await until(() => upstream.requests.length > 0);
    const shown = await client.showPayment(storeId, "ORD-1", SHORT_MS);
    expect(shown).toMatchObject({ ...NOTHING, unavailable: { reason: "TIMED_OUT" } });
    gate.open();
    expect((await cancelling).outcome.kind).toBe("accepted");
    await client.close();
    expect(upstream.requests).toHaveLength(1);
  });
});

describe("of what may be personal, shows nothing:", () => {
  const [name, number] = ["JOHN Q CANARY", "110-234-567890"];
  const bare = number.replaceAll("-", "");
  const leaks = { buyerName: name, refund: { number, name }, note: `to ${name} (${bare})` };
  const everywhere = { message: name, timestamp: number, requestId: `REQ ${number}` };
  const errors = [{ field: name, message: number }];
  const shows = (text: string): boolean =>
    ["JOHN", "CANARY", number, bare, "567890"].some((secret) => text.includes(secret));

  test.each([
    ["shown", httpAnswer(200, payment(leaks))],
    ["shown, with it in every field of the head", httpAnswer(200, payment(leaks, everywhere))],
    ["shown, with the name for an id", httpAnswer(200, payment(leaks, { requestId: `REQ-${name}` }))],
    ["refused", httpAnswer(400, payment(leaks, { resultCode: `EBP-C-0004 ${bare}`, message: name }))],
    ["refused with it for a code", httpAnswer(400, payment(leaks, { resultCode: bare, errors }))],
    ["with it for a status", httpAnswer(200, payment({ ...leaks, paymentStatus: name }))],
    ["with it for a status", httpAnswer(200, payment({ ...leaks, paymentStatus: bare }))],
    ["with it for an order", httpAnswer(200, payment({ ...leaks, orderNo: bare }))],
    ["in a page", httpAnswer(502, `<p>${name} ${number}</p>`, { "Content-Type": "text/html" })],
    ["in an answer that breaks off", httpAnswer(200, payment(leaks)).subarray(0, -2)],
  ])("%s", async (_what, answer) => {
    expect(shows(answer.toString("utf8"))).toBe(true);
    expect(shows(JSON.stringify(await shownOf(answer)))).toBe(false);
  });

  test.each(["1767129253910", "REQ-1767129253910", "0191b3a8-7c5e-7d0a-9a51-3f0f8a4c2b11"])(
    "but the tracking id %s is",
    async (requestId) => {
      const shown = await shownOf(httpAnswer(200, payment(leaks, { requestId })));
      expect(shown.requestId).toBe(requestId);
    },
  );
});
