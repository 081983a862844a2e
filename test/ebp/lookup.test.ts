import { createHash } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import type { PaymentState, PaymentStatuses } from "../../src/cancellation/model/payment-gateway.js";
import { MAX_ANSWER_BYTES } from "../../src/ebp/exchange.js";
import { PAYMENT_STATE_TABLE } from "../../src/ebp/payment-state-table.js";
import { DEVELOPMENT_STORE } from "../../simulator/development-store.js";
import { cancelRequest } from "../helpers/examples.js";
import { createGate, until } from "../helpers/gate.js";
import { httpAnswer, refusedPort } from "../helpers/upstream.js";
import { type ClientChanges, paymentQuestion, useEbp } from "../helpers/upstream-client.js";

const ebp = useEbp();

type Case = readonly [what: string, body: string, shows: PaymentState, reason: string, httpStatus?: number];

function details(data: unknown, resultCode = "0"): string {
  const fields = { resultCode, message: "M", requestId: "R", timestamp: "2025-01-02T10:00:00Z" };
  return JSON.stringify({ ...fields, data });
}

function payment(fields: Readonly<Record<string, unknown>>): string {
  return details({ orderNo: "ORD-1", storeRequestNo: "S-1", ...fields });
}

/** @param id the payment gateway's id of a cancel. */
function paid(paymentStatus: unknown, id?: unknown, orderNo = "ORD-1"): string {
  return payment({ orderNo, paymentStatus, pgCancelTransactionId: id });
}

const NOT_EBPS = "not EBP's, or cannot be read";
const CONTRADICTORY = "contradicts the HTTP status";
const NO_DETAILS = "did not give the details";
const OTHER_ORDER = "name no order, or another one";
const ALL_CANCELLED = "means wholly cancelled";
const HAS_CANCEL_ID = "gateway's id of a cancel, but not";
const ODD_CANCEL_ID = "is not as documented";
const REFUND = "REFUND_REQUESTED: a refund";
const REFUNDED = "REFUNDED: a refund";
const UNTOUCHED = "before any cancel";
const SAYS_NOTHING = "says nothing about cancels";
const APPROVED = payment({ paymentStatus: "APPROVED" });

/** With HTTP 200 unless a status is given. */
const CASES: readonly Case[] = [
  ["a page", "<html></html>", "UNCLEAR", NOT_EBPS],
  ["nothing", "", "UNCLEAR", NOT_EBPS],
  ["a page", "<html></html>", "UNCLEAR", NOT_EBPS, 404],
  ["half a document", APPROVED.slice(0, -10), "UNCLEAR", NOT_EBPS],
  ["a numeric result code", APPROVED.replace('"0"', "0"), "UNCLEAR", NOT_EBPS],
  ["two states", APPROVED.replace("{", '{"resultCode":"1",'), "UNCLEAR", NOT_EBPS],
  ["an error", details(null, "EBP-C-0004"), "UNCLEAR", NO_DETAILS, 400],
  ["an error", details(null, "EBP-D-0001"), "UNCLEAR", NO_DETAILS],
  ["details under an error", APPROVED.replace('"0"', '"EBP-Z-0010"'), "UNCLEAR", NO_DETAILS],
  ["an order that is not known", details(null, "EBP-Z-0002"), "UNCLEAR", NO_DETAILS, 404],
  ...[500, 404, 302].map((status): Case => ["details", APPROVED, "UNCLEAR", CONTRADICTORY, status]),
  ["no data", details(null), "UNCLEAR", OTHER_ORDER],
  ["a list for data", details([{ orderNo: "ORD-1" }]), "UNCLEAR", OTHER_ORDER],
  ["no order", details({ paymentStatus: "APPROVED" }), "UNCLEAR", OTHER_ORDER],
  ["another order", payment({ orderNo: "ORD-2", paymentStatus: "APPROVED" }), "UNCLEAR", OTHER_ORDER],
  ["another order's cancel", paid("REFUND_REQUESTED", "T", "ORD-10"), "UNCLEAR", OTHER_ORDER],
  ["the configured word", paid("ALL_GONE"), "WHOLLY_CANCELLED", ALL_CANCELLED],
  ["the configured word, and an id", paid("ALL_GONE", 7), "WHOLLY_CANCELLED", ALL_CANCELLED],
  ["an id of a cancel, and CAPTURED", paid("CAPTURED", "T-1"), "CANCELLED_IN_PART", HAS_CANCEL_ID],
  ["an id of a cancel, and CANCELED", paid("CANCELED", "T-1"), "CANCELLED_IN_PART", HAS_CANCEL_ID],
  ["an id of a cancel, and no state", paid(undefined, "T-1"), "CANCELLED_IN_PART", HAS_CANCEL_ID],
  ["REFUND_REQUESTED, and null", paid("REFUND_REQUESTED", null), "CANCELLED_IN_PART", REFUND],
  ["REFUNDED, of all or of a part", paid("REFUNDED"), "CANCELLED_IN_PART", REFUNDED],
  ["REFUND_REQUESTED, and false", paid("REFUND_REQUESTED", false), "CANCELLED_IN_PART", REFUND],
  ...[7, 0, true, false, {}, [], ["T"], "  "].map((id): Case => [
    `the id ${JSON.stringify(id)}`,
    paid("APPROVED", id),
    "UNCLEAR",
    ODD_CANCEL_ID,
  ]),
  ["APPROVED", APPROVED, "UNCANCELLED", UNTOUCHED],
  ["APPROVED", APPROVED, "UNCANCELLED", UNTOUCHED, 201],
  ["CAPTURED, and null for an id", paid("CAPTURED", null), "UNCANCELLED", UNTOUCHED],
  ["CAPTURED, and an empty id", paid("CAPTURED", ""), "UNCANCELLED", UNTOUCHED],
  // Words that may stand for a cancel are not guessed to.
  ...["REQUESTED", "FAIL", "CANCELLED", "CANCELED", "VOIDED", "approved", "APPROVED ", ""].map(
    (word): Case => [`"${word}"`, paid(word), "UNCLEAR", SAYS_NOTHING],
  ),
  ["a list of states", paid(["APPROVED"]), "UNCLEAR", SAYS_NOTHING],
  ["no state", payment({}), "UNCLEAR", SAYS_NOTHING],
];

const statuses: PaymentStatuses = { uncancelled: ["APPROVED", "CAPTURED"], whollyCancelled: ["ALL_GONE"] };

test.each(CASES)("takes %s for %3$s", async (_what, body, shows, reason, httpStatus = 200) => {
  const answer = httpAnswer(httpStatus, body);
  const { state, evidence } = await ebp.lookupOf(answer, {}, { paymentStatuses: statuses });
  expect(evidence.basis).toContain(reason);
  expect(state).toBe(shows);
  expect(evidence).toMatchObject({ httpStatus, rawAnswer: body });
});

/** The rows about exchanges without a whole answer have tests of their own. */
test("has a case for every row about a whole answer", () => {
  const rows = PAYMENT_STATE_TABLE.filter(({ reason }) => !/never left|No complete answer/u.test(reason));
  const uncovered = rows.filter(({ reason }) => !CASES.some(([, , , expected]) => reason.includes(expected)));
  expect(rows.length).toBe(PAYMENT_STATE_TABLE.length - 2);
  expect(uncovered).toEqual([]);
});

test("EBP's words for states are settings, of which APPROVED and CAPTURED are known from the start", async () => {
  const shown = async (status: string, changes: ClientChanges = {}): Promise<PaymentState> =>
    (await ebp.lookupOf(httpAnswer(200, payment({ paymentStatus: status })), {}, changes)).state;
  for (const status of ["APPROVED", "CAPTURED"]) expect(await shown(status)).toBe("UNCANCELLED");
  const others = { paymentStatuses: { uncancelled: ["PAID"], whollyCancelled: ["VOIDED"] } };
  expect(await shown("PAID", others)).toBe("UNCANCELLED");
  expect(await shown("VOIDED", others)).toBe("WHOLLY_CANCELLED");
  expect(await shown("APPROVED", others)).toBe("UNCLEAR");
});

const SHORT_MS = 200;
const APPROVED_ANSWER =
  '{"resultCode":"0","message":"SUCCESS","requestId":"1767129253910","timestamp":"2025-12-30T10:00:00Z",' +
  '"data":{"orderNo":"ORD-1","storeRequestNo":"S-1","paymentStatus":"APPROVED","extra":[1.50]}}';

test("asks for the payment's details with the order number alone, signed as every request is", async () => {
  const upstream = await ebp.upstream((_request, socket) => socket.end(httpAnswer(200, APPROVED_ANSWER)));
  const question = paymentQuestion({
    orderNo: 'ORD-"1"',
    refundAccount: { accountNumber: "1234567890", bankCode: "001", accountHolderName: "John Doe" },
  });
  await ebp.client(`${upstream.url}/ebp/`).lookup(question);
  const [received] = upstream.requests;
  const body = '{"orderNo":"ORD-\\"1\\""}';
  expect(received?.requestLine).toBe("POST /ebp/api/v2/payment/detail HTTP/1.1");
  expect(received?.body.toString("utf8")).toBe(body);
  expect(received?.headers).toMatchObject({
    "accept-language": "en-US",
    "x-system-language": "en",
    "x-store-id": DEVELOPMENT_STORE.storeId,
    "x-ebp-signature": createHash("sha256").update(body).update(DEVELOPMENT_STORE.hashKey).digest("hex"),
  });
});

test("keeps what the answer was, as evidence", async () => {
  expect(await ebp.lookupOf(httpAnswer(200, APPROVED_ANSWER))).toEqual({
    state: "UNCANCELLED",
    evidence: {
      basis: "The payment is in a state before any cancel, and carries no id of one.",
      httpStatus: 200,
      resultCode: "0",
      requestId: "1767129253910",
      timestamp: "2025-12-30T10:00:00Z",
      digest: null,
      rawAnswer: APPROVED_ANSWER,
    },
  });
});

describe("learns nothing, and does not throw, when", () => {
  test("the connection is refused", async () => {
    const client = ebp.client(`http://127.0.0.1:${await refusedPort()}`);
    expect(await client.lookup(paymentQuestion())).toMatchObject({
      state: "UNCLEAR",
      evidence: { basis: expect.stringContaining("never left"), httpStatus: null, rawAnswer: null },
    });
  });

  test("no answer comes in time", async () => {
    const upstream = await ebp.upstream(() => undefined);
    const looked = await ebp.client(upstream.url, { timeoutMs: SHORT_MS }).lookup(paymentQuestion());
    expect(looked).toMatchObject({ state: "UNCLEAR", evidence: { httpStatus: null, digest: null } });
    expect(upstream.requests).toHaveLength(1);
  });

  test.each([
    ["the connection closes without an answer", ""],
    ["the answer breaks off", httpAnswer(200, APPROVED_ANSWER).subarray(0, -3)],
    ["the answer is too large", httpAnswer(200, APPROVED_ANSWER.padEnd(MAX_ANSWER_BYTES + 1))],
    ["the answer is no HTTP", "garbage\r\n\r\n"],
  ])("%s", async (_what, answer) => {
    expect(await ebp.lookupOf(answer)).toMatchObject({
      state: "UNCLEAR",
      evidence: { basis: expect.stringContaining("No complete answer"), resultCode: null },
    });
  });

  test("the answer is compressed unasked", async () => {
    const answer = httpAnswer(200, Buffer.from([31, 139, 8, 0]), { "Content-Encoding": "gzip" });
    expect((await ebp.lookupOf(answer)).state).toBe("UNCLEAR");
  });
});

test("waits for the questions under way when it closes, and asks none after", async () => {
  const gate = createGate();
  gate.close();
  const upstream = await ebp.upstream((_request, socket) => {
    void gate.pass().then(() => socket.end(httpAnswer(200, APPROVED_ANSWER)));
  });
  const client = ebp.client(upstream.url);
  const underWay = client.lookup(paymentQuestion());
  await until(() => upstream.requests.length > 0);
  const closed = client.close();
  const tooLate = await client.lookup(paymentQuestion());
  gate.open();
  await closed;
  expect((await underWay).state).toBe("UNCANCELLED");
  expect(tooLate).toMatchObject({ state: "UNCLEAR", evidence: { httpStatus: null } });
  expect(upstream.requests).toHaveLength(1);
});

test("can ask while a cancel of the same order is under way, and does not touch it", async () => {
  const gate = createGate();
  gate.close();
  const upstream = await ebp.upstream((request, socket) => {
    if (request.requestLine.includes("/detail")) socket.end(httpAnswer(200, APPROVED_ANSWER));
    else void gate.pass().then(() => socket.end(httpAnswer(200, '{"resultCode":"0"}')));
  });
  const client = ebp.client(upstream.url);
  const cancelling = client.cancel(cancelRequest(), "en");
  await until(() => upstream.requests.length > 0);
  expect((await client.lookup(paymentQuestion())).state).toBe("UNCANCELLED");
  gate.open();
  expect((await cancelling).outcome.kind).toBe("accepted");
  expect(upstream.requests.map(({ requestLine }) => requestLine)).toEqual([
    "POST /api/v2/payment/cancel HTTP/1.1",
    "POST /api/v2/payment/detail HTTP/1.1",
  ]);
});
