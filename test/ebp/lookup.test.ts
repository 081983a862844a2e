import { createHash } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { MAX_ANSWER_BYTES } from "../../src/ebp/exchange.js";
import { DEVELOPMENT_STORE } from "../../simulator/development-store.js";
import { cancelRequest } from "../helpers/examples.js";
import { httpAnswer, refusedPort } from "../helpers/upstream.js";
import { paymentQuestion, useEbp } from "../helpers/upstream-client.js";

const ebp = useEbp();

const SHORT_MS = 200;
const APPROVED =
  '{"resultCode":"0","message":"SUCCESS","requestId":"1767129253910","timestamp":"2025-12-30T10:00:00Z",' +
  '"data":{"orderNo":"ORD-1","storeRequestNo":"S-1","paymentStatus":"APPROVED","extra":[1.50]}}';

test("asks for the payment's details with the order number alone, signed as every request is", async () => {
  const upstream = await ebp.upstream((_request, socket) => socket.end(httpAnswer(200, APPROVED)));
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
  expect(await ebp.lookupOf(httpAnswer(200, APPROVED))).toEqual({
    state: "UNCANCELLED",
    evidence: {
      basis: "The payment is in a state before any cancel, and carries no id of one.",
      httpStatus: 200,
      resultCode: "0",
      requestId: "1767129253910",
      timestamp: "2025-12-30T10:00:00Z",
      digest: null,
      rawAnswer: APPROVED,
    },
  });
});

test("refuses a store it has no credentials for, and asks nothing", async () => {
  const upstream = await ebp.upstream(() => undefined);
  const client = ebp.client(upstream.url);
  await expect(client.lookup(paymentQuestion({ storeId: "ELSEWHERE" }))).rejects.toThrow(
    "no credentials are configured",
  );
  await client.close();
  expect(upstream.connections).toBe(0);
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
    ["the answer breaks off", httpAnswer(200, APPROVED).subarray(0, -3)],
    ["the answer is too large", httpAnswer(200, APPROVED.padEnd(MAX_ANSWER_BYTES + 1))],
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

test("asks once, whatever comes of it", async () => {
  const upstream = await ebp.upstream((_request, socket) => socket.resetAndDestroy());
  expect((await ebp.client(upstream.url).lookup(paymentQuestion())).state).toBe("UNCLEAR");
  expect(upstream.requests).toHaveLength(1);
});

test("waits for the questions under way when it closes, and asks none after", async () => {
  let answer: () => void = () => undefined;
  let arrived: () => void = () => undefined;
  const hasArrived = new Promise<void>((resolve) => (arrived = resolve));
  const upstream = await ebp.upstream((_request, socket) => {
    answer = () => socket.end(httpAnswer(200, APPROVED));
    arrived();
  });
  const client = ebp.client(upstream.url);
  const underWay = client.lookup(paymentQuestion());
  await hasArrived;
  const closed = client.close();
  const tooLate = await client.lookup(paymentQuestion());
  answer();
  await closed;
  expect((await underWay).state).toBe("UNCANCELLED");
  expect(tooLate).toMatchObject({ state: "UNCLEAR", evidence: { httpStatus: null } });
  expect(upstream.requests).toHaveLength(1);
});

test("can ask while a cancel of the same order is under way, and does not touch it", async () => {
  let answerCancel: () => void = () => undefined;
  let arrived: () => void = () => undefined;
  const hasArrived = new Promise<void>((resolve) => (arrived = resolve));
  const upstream = await ebp.upstream((request, socket) => {
    if (request.requestLine.includes("/detail")) socket.end(httpAnswer(200, APPROVED));
    else answerCancel = () => socket.end(httpAnswer(200, '{"resultCode":"0"}'));
    arrived();
  });
  const client = ebp.client(upstream.url);
  const cancelling = client.cancel(cancelRequest(), "en");
  await hasArrived;
  expect((await client.lookup(paymentQuestion())).state).toBe("UNCANCELLED");
  answerCancel();
  expect((await cancelling).outcome.kind).toBe("accepted");
  expect(upstream.requests.map(({ requestLine }) => requestLine)).toEqual([
    "POST /api/v2/payment/cancel HTTP/1.1",
    "POST /api/v2/payment/detail HTTP/1.1",
  ]);
});
