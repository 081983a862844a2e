import { afterEach, expect, test } from "@jest/globals";
import { cancelRequest, published } from "../helpers/examples.js";
import { httpAnswer } from "../helpers/upstream.js";
import { useEbp } from "../helpers/upstream-client.js";
import { startUpstreamThread, type UpstreamThread } from "../helpers/upstream-thread.js";

const ebp = useEbp();

const TIMEOUT_MS = 400;
const ACCEPTED = '{"resultCode":"0","data":{"orderNo":"ORD-1"}}';
/** No answer of EBP, and no refusal that is believed of a gateway either unless it is one to this request. */
const REFUSED = httpAnswer(400, "<html>idle for too long</html>");

let upstream: UpstreamThread;
afterEach(() => upstream.close());

/** Resolves once the kernel has been told to connect, and before the process has heard that it has. */
function connecting(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}

test.each([
  ["a short answer", ACCEPTED],
  ["the largest answer of 500 lines", ACCEPTED.padEnd(100_000)],
])("a process that stands still across the time-out finds %s that came meanwhile", async (_what, body) => {
  upstream = await startUpstreamThread({ answer: httpAnswer(200, body) });
  const begun = performance.now();
  const cancelling = ebp.client(upstream.url, { timeoutMs: TIMEOUT_MS }).cancel(cancelRequest(), "en");
  await upstream.received();
  upstream.standStill(begun + TIMEOUT_MS + 1);
  expect((await cancelling).outcome.kind).toBe("accepted");
});

test("an answer of which half has come by then leaves the outcome unknown", async () => {
  const answer = httpAnswer(200, published("item-unit.response"));
  upstream = await startUpstreamThread({ answer: answer.subarray(0, answer.length / 2) });
  const begun = performance.now();
  const cancelling = ebp.client(upstream.url, { timeoutMs: TIMEOUT_MS }).cancel(cancelRequest(), "en");
  await upstream.received();
  upstream.standStill(begun + TIMEOUT_MS + 1);
  const { outcome } = await cancelling;
  expect(outcome).toMatchObject({
    kind: "unknown",
    evidence: { httpStatus: 200, basis: expect.stringContaining("in time") },
  });
});

test("a process that stands still while it connects, across the time-out, sends nothing any more", async () => {
  upstream = await startUpstreamThread({ greeting: REFUSED });
  const begun = performance.now();
  const cancelling = ebp.client(upstream.url, { timeoutMs: TIMEOUT_MS }).cancel(cancelRequest(), "en");
  await connecting();
  upstream.standStill(begun + TIMEOUT_MS + 1);
  expect(await cancelling).toMatchObject({ outcome: { kind: "notSent" }, sentAgoMs: null });
  expect(upstream.bytesReceived).toBe(0);
});

test("a cancel is not written to a connection on which the other side has spoken first", async () => {
  upstream = await startUpstreamThread({ greeting: REFUSED });
  const cancelling = ebp.client(upstream.url).cancel(cancelRequest(), "en");
  await connecting();
  upstream.standStill(0);
  expect(await cancelling).toMatchObject({
    outcome: { kind: "notSent", failure: { message: expect.stringContaining("never left") } },
    sentAgoMs: null,
  });
  expect(upstream.bytesReceived).toBe(0);
});
