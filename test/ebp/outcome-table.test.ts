import { expect, test } from "@jest/globals";
import type { CancelOutcome } from "../../src/cancellation/model/outcome.js";
import { OUTCOME_TABLE } from "../../src/ebp/outcome-table.js";
import { cancelRequest, published } from "../helpers/examples.js";
import { httpAnswer } from "../helpers/upstream.js";
import { useEbp } from "../helpers/upstream-client.js";

const ebp = useEbp();

type Case = readonly [
  what: string,
  httpStatus: number,
  body: string,
  proves: CancelOutcome["kind"],
  reason: string,
];

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
  [
    "a code of letter C not published",
    400,
    envelope("EBP-C-0099"),
    "rejected",
    "refused the request as such",
  ],
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
});

/** The rows about exchanges that ended otherwise than with a whole answer have tests of their own. */
test("has a case for every row about a whole answer", () => {
  const rows = OUTCOME_TABLE.filter(
    ({ reason }) => !/never left|in time|larger than|had left whole|broke after/u.test(reason),
  );
  const uncovered = rows.filter(
    ({ reason }) => !CASES.some(([, , , , expected]) => reason.includes(expected)),
  );
  expect(rows.length).toBeGreaterThan(10);
  expect(uncovered).toEqual([]);
});

test("reads a key given twice with the same value as one", async () => {
  const outcome = await ebp.outcomeOf(httpAnswer(200, '{"resultCode":"0","resultCode":"0"}'));
  expect(outcome.kind).toBe("accepted");
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
    expect(outcome).toMatchObject({
      kind: "rejected",
      failure: {
        resultCode: "EBP-A-0001",
        message: "Missing Mandatory Headers",
        details: [
          { field: "X-Store-Id", message: "Missing Mandatory Header" },
          { field: "X-Country-Code", message: "Missing Mandatory Header" },
        ],
      },
      evidence: { requestId: "1704201234567", timestamp: "2025-01-02T10:00:00Z" },
    });
  },
);

test("does not give EBP's message of success as the reason of a failure", async () => {
  const body = '{"resultCode":"0","message":"SUCCESS","data":{"orderNo":"ORD-2"}}';
  const outcome = await ebp.outcomeOf(httpAnswer(200, body));
  expect(outcome).toMatchObject({
    kind: "unknown",
    failure: { message: expect.stringContaining("another order") },
  });
});

test("does not take a refusal whose end is not marked for a whole one", async () => {
  const outcome = await ebp.outcomeOf(`HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n${HTML}`);
  expect(outcome.kind).toBe("unknown");
});
