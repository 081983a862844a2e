import { expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  type CancelOutcome,
  type Confirmation,
  NOTHING_CONFIRMED,
} from "../../src/cancellation/model/outcome.js";
import { computeTotals } from "../../src/cancellation/model/cancel-request.js";
import { OUTCOME_TABLE } from "../../src/ebp/outcome-table.js";
import { MAX_CODE_LENGTH, MAX_MESSAGE_LENGTH } from "../../src/ebp/answer.js";
import { items } from "../helpers/arbitraries.js";
import { cancelRequest, published } from "../helpers/examples.js";
import { httpAnswer } from "../helpers/upstream.js";
import { useEbp } from "../helpers/upstream-client.js";

const ebp = useEbp();

type Proves = CancelOutcome["kind"];
type Case = readonly [what: string, httpStatus: number, body: string, proves: Proves, reason: string];

const HTML = "<html><body>Bad request</body></html>";

function envelope(resultCode: string, data?: object): string {
  const fields = { resultCode, message: "M", requestId: "R", timestamp: "2025-01-02T10:00:00Z" };
  return JSON.stringify(data === undefined ? fields : { ...fields, data });
}

const CASES: readonly Case[] = [
  ['"0"', 200, envelope("0", { orderNo: "ORD-1" }), "accepted", "EBP accepted the cancel"],
  ['"0"', 201, envelope("0", { orderNo: "ORD-1" }), "accepted", "EBP accepted the cancel"],
  ['"0" without data', 200, envelope("0"), "accepted", "EBP accepted the cancel"],
  ['"0" without an order number', 200, envelope("0", {}), "accepted", "EBP accepted the cancel"],
  ['"0" for another order', 200, envelope("0", { orderNo: "ORD-2" }), "unknown", "another order"],
  ['"0" for an unreadable order', 200, envelope("0", { orderNo: {} }), "unknown", "another order"],
  ['"0"', 301, envelope("0"), "unknown", "contradicts"],
  ['"0"', 404, envelope("0"), "unknown", "contradicts"],
  ['"0"', 500, envelope("0"), "unknown", "contradicts"],

  ["C-0010", 500, envelope("EBP-C-0010"), "rejected", "cancellation failed"],
  ["C-0010", 200, envelope("EBP-C-0010"), "rejected", "cancellation failed"],
  ["C-0010", 400, envelope("EBP-C-0010"), "rejected", "cancellation failed"],
  ["C-0010", 408, envelope("EBP-C-0010"), "rejected", "cancellation failed"],

  ...["EBP-C-0008", "EBP-C-0009", "EBP-C-0011", "EBP-C-0012"].flatMap((code) =>
    [200, 400, 404, 500].map((status): Case => [
      code,
      status,
      envelope(code),
      "unknown",
      "failed while processing",
    ]),
  ),

  ["A-0001", 400, envelope("EBP-A-0001"), "rejected", "refused the request as such"],
  ["A-0001", 401, envelope("EBP-A-0001"), "rejected", "refused the request as such"],
  ["B-0001", 400, envelope("EBP-B-0001"), "rejected", "refused the request as such"],
  ["C-0004", 400, envelope("EBP-C-0004"), "rejected", "refused the request as such"],
  ["C-0007", 422, envelope("EBP-C-0007"), "rejected", "refused the request as such"],
  ["C-0099", 400, envelope("EBP-C-0099"), "rejected", "refused the request as such"],
  ["C-0004", 409, envelope("EBP-C-0004"), "rejected", "refused the request as such"],
  ["Z-0002", 404, envelope("EBP-Z-0002"), "rejected", "404 or 405"],
  ["D-0001", 405, envelope("EBP-D-0001"), "rejected", "404 or 405"],

  ["C-0004", 200, envelope("EBP-C-0004"), "unknown", "HTTP status it is not published for"],
  ["C-0004", 500, envelope("EBP-C-0004"), "unknown", "HTTP status it is not published for"],
  ["A-0001", 302, envelope("EBP-A-0001"), "unknown", "HTTP status it is not published for"],
  ["D-0001", 200, envelope("EBP-D-0001"), "unknown", "payment gateway (D)"],
  ["D-0001", 400, envelope("EBP-D-0001"), "unknown", "payment gateway (D)"],
  ["E-0001", 200, envelope("EBP-E-0001"), "unknown", "another system (E)"],
  ["Z-0005", 500, envelope("EBP-Z-0005"), "unknown", "failed inside (Z)"],
  ["Z-0010", 400, envelope("EBP-Z-0010"), "unknown", "failed inside (Z)"],
  ["an unknown letter", 400, envelope("EBP-Q-0001"), "unknown", "not published"],
  ["another form of code", 400, envelope("ebp-c-0004"), "unknown", "not published"],
  ["a code with a space", 200, envelope("0 "), "unknown", "not published"],

  ["HTML", 400, HTML, "notSent", "A gateway in front of EBP"],
  ["HTML", 403, HTML, "notSent", "A gateway in front of EBP"],
  ["HTML", 404, HTML, "notSent", "A gateway in front of EBP"],
  ["HTML", 429, HTML, "notSent", "A gateway in front of EBP"],
  ["nothing", 413, "", "notSent", "A gateway in front of EBP"],
  ["other JSON", 403, '{"message":"Forbidden"}', "notSent", "A gateway in front of EBP"],
  ["a JSON list", 400, "[1]", "notSent", "A gateway in front of EBP"],
  ["HTML", 408, HTML, "unknown", "408 or 409"],
  ["HTML", 409, HTML, "unknown", "408 or 409"],
  ["half an envelope", 400, '{"resultCode":"EBP-C-0011","mess', "unknown", "broken off"],
  ["half a document", 400, '{"resu', "unknown", "broken off"],
  ["a numeric result code", 200, '{"resultCode":0}', "unknown", "not as documented"],
  ["a numeric result code", 400, '{"resultCode":4}', "unknown", "not as documented"],
  ["no result code", 400, '{"resultCode":null}', "unknown", "not as documented"],
  ["an empty result code", 400, '{"resultCode":""}', "unknown", "not as documented"],
  ["an envelope in a list", 400, `[${envelope("EBP-C-0004")}]`, "unknown", "not as documented"],
  ["two result codes", 200, '{"resultCode":"0","resultCode":"EBP-C-0010"}', "unknown", "ambiguous"],
  ["two result codes", 400, '{"resultCode":"EBP-C-0004","resultCode":"EBP-C-0011"}', "unknown", "ambiguous"],
  ["one code twice", 200, '{"resultCode":"0","resultCode":"0"}', "accepted", "EBP accepted the cancel"],
  ["two totals", 200, '{"resultCode":"0","data":{"a":1,"a":2}}', "unknown", "ambiguous"],
  ["HTML", 200, HTML, "unknown", "Neither EBP's answer nor a refusal"],
  ["nothing", 200, "", "unknown", "Neither EBP's answer nor a refusal"],
  ["nothing", 302, "", "unknown", "Neither EBP's answer nor a refusal"],
  ["HTML", 500, HTML, "unknown", "Neither EBP's answer nor a refusal"],
  ["HTML", 502, HTML, "unknown", "Neither EBP's answer nor a refusal"],
  ["nothing", 503, "", "unknown", "Neither EBP's answer nor a refusal"],
  ["HTML", 504, HTML, "unknown", "Neither EBP's answer nor a refusal"],
];

test.each(CASES)("reads %s with HTTP %i as %4$s", async (_what, httpStatus, body, proves, reason) => {
  const outcome = await ebp.outcomeOf(httpAnswer(httpStatus, body), cancelRequest());
  expect(outcome.evidence.basis).toContain(reason);
  expect(outcome).toMatchObject({ kind: proves, evidence: { httpStatus, rawAnswer: body } });
  if (outcome.kind === "accepted") return;
  const row = OUTCOME_TABLE.find((one) => one.reason === outcome.evidence.basis);
  expect(outcome.failure.cause).toBe(row?.cause);
  // EBP's message of success is no reason of a failure.
  if (outcome.failure.resultCode === "0") expect(outcome.failure.ebpMessage).toBeNull();
});

/** The rows about exchanges that ended otherwise than with a whole answer have tests of their own. */
test("has a case for every row about a whole answer", () => {
  const rows = OUTCOME_TABLE.filter(
    ({ reason }) => !/never left|in time|larger than|had left whole|broke after/u.test(reason),
  );
  const isCovered = (reason: string) => CASES.some(([, , , , expected]) => reason.includes(expected));
  const uncovered = rows.filter(({ reason }) => !isCovered(reason));
  expect(rows.length).toBeGreaterThan(10);
  expect(uncovered).toEqual([]);
});

test("has a cause to tell callers for every row but that of an accepted cancel", () => {
  for (const { proves, cause } of OUTCOME_TABLE) expect(cause === undefined).toBe(proves === "accepted");
});

test("tolerates fields it does not know, whatever their names, and item types it does not know", async () => {
  const body =
    '{"resultCode":"0","__proto__":{"x":1},"constructor":1,"toString":2,"extra":{"deep":[1]},' +
    '"data":{"orderNo":"ORD-1","items":[{"seq":7,"itemType":"HOLOGRAM","more":true}]}}';
  const outcome = await ebp.outcomeOf(httpAnswer(200, body));
  expect(outcome).toMatchObject({
    kind: "accepted",
    confirmation: { items: [{ seq: 7, itemType: "HOLOGRAM", itemId: null, amount: null }] },
    evidence: { rawAnswer: body },
  });
});

test.each(["v0.5.12", "v0.5.21"])(
  "reads the details of an error as API docs %s publish them",
  async (version) => {
    const outcome = await ebp.outcomeOf(httpAnswer(400, published(`error-missing-headers.${version}`)));
    const message = "Missing Mandatory Header";
    const details = ["X-Store-Id", "X-Country-Code"].map((field) => ({ field, message }));
    expect(outcome).toMatchObject({
      kind: "rejected",
      failure: { resultCode: "EBP-A-0001", ebpMessage: "Missing Mandatory Headers", details },
      evidence: { requestId: "1704201234567", timestamp: "2025-01-02T10:00:00Z" },
    });
  },
);

test("does not take a refusal whose end is not marked for a whole one", async () => {
  const outcome = await ebp.outcomeOf(`HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n${HTML}`);
  expect(outcome.kind).toBe("unknown");
});

/** What is read of an accepting answer whose `data` is this JSON text. */
async function confirmation(data: string): Promise<Confirmation> {
  const outcome = await ebp.outcomeOf(httpAnswer(200, `{"resultCode":"0","data":${data}}`));
  if (outcome.kind !== "accepted") throw new Error(outcome.evidence.basis);
  return outcome.confirmation;
}

test.each(["null", "[]", '"text"', "7", "{}", '{"items":{}}', '{"items":[null,1,"x",{},{"seq":null}]}'])(
  "accepts with nothing confirmed when the data is %s",
  async (data) => {
    expect(await confirmation(data)).toEqual(NOTHING_CONFIRMED);
  },
);

test.each(
  [
    ["2000.0", "2000"],
    ["-0.0", "0"],
    ["1e3", "1000"],
    ["123456789012345.6789", "123456789012345.6789"],
    ["0.1000000000000000055511151231257827", "0.1000000000000000055511151231257827"],
    ['"2000.50"', "2000.5"],
    ["0e999999999", "0"],
    ...["1e400", "1e31", "-1e-31", "1e999999999999", "9".repeat(41), "true", "{}", "[1]", "null"],
    ...['"1,000"', '"NaN"', '"Infinity"', '"0x10"', '" 1"', '""'],
  ].map((one) => (typeof one === "string" ? [one, null] : one)),
)("reads %s as the amount %s", async (written, value) => {
  const { totalProductAmount } = await confirmation(`{"totalProductAmount":${written}}`);
  expect(totalProductAmount?.toFixed() ?? null).toBe(value);
});

test.each([
  ["3", 3],
  ["3.0", 3],
  ["2147483647", 2_147_483_647],
  ["2147483648", null],
  ["1e300", null],
  ["1.5", null],
  ['"three"', null],
])("reads a count written as %s as %s", async (written, value) => {
  const { processedCount, items: lines } = await confirmation(
    `{"processedCount":${written},"items":[{"seq":${written},"quantity":${written}}]}`,
  );
  expect(processedCount).toBe(value);
  // Without a line number there is nothing to match an item by.
  expect(lines.map(({ seq, quantity }) => [seq, quantity])).toEqual(value === null ? [] : [[value, value]]);
});

test("keeps nothing that PostgreSQL could not store, and nothing without bound", async () => {
  const bad = String.raw`a\u0000b\ud800c\udc00`;
  const long = "x".repeat(5_000);
  const answer =
    `{"resultCode":"EBP-C-0004${bad}","message":"${bad}${long}","requestId":"${bad}${long}","timestamp":"${bad}",` +
    `"errors":[${`{"field":"${bad}","message":"${bad}${long}"},`.repeat(200)}{"x":1}]}`;
  const outcome = await ebp.outcomeOf(httpAnswer(400, answer));
  if (outcome.kind === "accepted") throw new Error("not expected");
  const { failure, evidence } = outcome;
  expect(failure.ebpMessage).toHaveLength(MAX_MESSAGE_LENGTH);
  expect(failure.ebpMessage).toMatch(/^a\uFFFDb\uFFFDc\uFFFDx/u);
  expect(failure.resultCode).toBe("EBP-C-0004a\uFFFDb\uFFFDc\uFFFD");
  expect(failure.details).toHaveLength(50);
  expect(failure.details[0]?.field).toBe("a\uFFFDb\uFFFDc\uFFFD");
  expect(failure.details[0]?.message).toHaveLength(MAX_MESSAGE_LENGTH);
  expect(evidence.requestId).toHaveLength(MAX_CODE_LENGTH);
  expect(evidence.timestamp).toBe("a\uFFFDb\uFFFDc\uFFFD");
});

test("keeps a page with raw NUL bytes and invalid UTF-8 as text that can be sealed", async () => {
  const page = Buffer.from([0x3c, 0x00, 0xed, 0xa0, 0x80, 0xff, 0x3e]);
  const outcome = await ebp.outcomeOf(httpAnswer(502, page));
  expect(outcome.evidence.rawAnswer).toMatch(/^<\0\uFFFD+>$/u);
});

test("carries every amount to EBP and back without losing a digit", async () => {
  const simulator = await ebp.simulator();
  const client = ebp.client(simulator.url);
  let run = 0;
  await fc.assert(
    fc.asyncProperty(items(4, 5), async (list) => {
      const orderNo = `ORD-EXACT-${(run += 1)}`;
      const request = cancelRequest({ orderNo, items: list });
      const { outcome } = await client.cancel(request, "en");
      const { productTotal, deliveryTotal } = computeTotals(list, "unit");
      const totals = { totalProductAmount: productTotal, totalDeliveryAmount: deliveryTotal };
      const confirmed = { processedCount: list.length, ...totals, items: list };
      expect(outcome).toMatchObject({ kind: "accepted", confirmation: confirmed });
      const effect = { total: request.totalCancelAmount, items: list };
      expect(simulator.ledger.effects(orderNo)).toMatchObject([effect]);
    }),
    { numRuns: 30 },
  );
});
