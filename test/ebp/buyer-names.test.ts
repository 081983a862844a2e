import { createHash } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { buyerNames } from "../../src/ebp/buyer-names.js";
import { parseJson } from "../../src/ebp/parse-json.js";
import { asObject } from "../../src/ebp/json-values.js";
import { WITHHELD } from "../../src/ebp/read-payment-state.js";
import { createRedactor, REDACTED } from "../../src/ebp/redactor.js";
import { httpAnswer } from "../helpers/upstream.js";
import { useEbp } from "../helpers/upstream-client.js";

const ebp = useEbp();

const NAME = '김 "O\'Neil" 철수';
const PIECE_OF_NAME = /O\\*'Neil|철수|\\u/u;

function details(
  data: Readonly<Record<string, unknown>>,
  more: Readonly<Record<string, unknown>> = {},
): string {
  const fields = { resultCode: "0", message: "SUCCESS", requestId: "1767129253910", timestamp: "T" };
  return JSON.stringify({
    ...fields,
    ...more,
    data: { orderNo: "ORD-1", paymentStatus: "APPROVED", ...data },
  });
}

const escaped = (text: string): string =>
  text.replace(/[^\x20-\x7e]/gu, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);

describe("takes the buyer's name out of what is kept of a payment's details", () => {
  test.each([
    ["where it is documented", details({ buyerName: NAME })],
    ["in \\u escapes", escaped(details({ buyerName: NAME }))],
    ["echoed elsewhere", details({ buyerName: NAME, history: [{ note: `by ${NAME}` }] })],
    ["echoed inside of a text", details({ buyerName: NAME, raw: JSON.stringify({ by: NAME }) })],
    ["in EBP's ids", details({ buyerName: NAME }, { requestId: `REQ-${NAME}`, timestamp: NAME })],
    ["further inside", details({ payments: [{ buyer_name: NAME }] })],
    ["in parts", details({ buyerName: { family: "철수", given: "O'Neil", both: [NAME] } })],
    ["beside the data", details({}, { buyerName: NAME })],
    ["twice, the same", details({ buyerName: NAME, sub: { buyerName: NAME } })],
    ["as two names", details({ buyerName: "O'Neil", sub: { buyerName: NAME } })],
  ])("%s", async (_where, body) => {
    const { state, evidence } = await ebp.lookupOf(httpAnswer(200, body));
    expect(state).toBe("UNCANCELLED");
    expect(evidence.rawAnswer).toContain(REDACTED);
    expect(JSON.stringify(evidence)).not.toMatch(PIECE_OF_NAME);
    expect(evidence.digest).toBe(
      createHash("sha256")
        .update(evidence.rawAnswer ?? "")
        .digest("hex"),
    );
  });

  test("beside the refund account of the cancel in doubt", async () => {
    const refundAccount = { accountNumber: "0012345678901", bankCode: null, accountHolderName: "John Doe" };
    const body = details({ buyerName: "홍길동", refund: { to: 12_345_678_901, holder: "JOHN DOE" } });
    const { evidence } = await ebp.lookupOf(httpAnswer(200, body), { refundAccount });
    expect(evidence.rawAnswer).toBe(
      details({ buyerName: REDACTED, refund: { to: "X", holder: REDACTED } }).replace('"X"', REDACTED),
    );
  });
});

describe("does not keep an answer out of which the buyer's name cannot be taken", () => {
  test.each([
    ["because it breaks off", httpAnswer(200, details({ buyerName: NAME })).subarray(0, -1)],
    ["because it breaks off within the name", httpAnswer(200, details({ buyerName: NAME })).subarray(0, -8)],
    [
      "because it states two",
      httpAnswer(200, details({}).replace("{", `{"buyerName":"${escaped("철수")}","buyerName":1,`)),
    ],
    ["because it is no envelope", httpAnswer(200, JSON.stringify([{ buyerName: NAME }]))],
    [
      "because it stands inside of a text",
      httpAnswer(200, details({ raw: JSON.stringify({ buyerName: NAME }) })),
    ],
    ["because it is too long to be one", httpAnswer(200, details({ buyerName: NAME.repeat(20) }))],
    [
      "because there are too many",
      httpAnswer(200, details({ all: Array.from({ length: 9 }, (_, n) => ({ buyerName: `${NAME}${n}` })) })),
    ],
    ["because a gateway wrote it", httpAnswer(502, `<p>buyerName=${NAME}</p>`)],
  ])("%s", async (_why, answer) => {
    const { evidence } = await ebp.lookupOf(answer);
    expect(evidence).toMatchObject({
      rawAnswer: WITHHELD,
      digest: createHash("sha256").update(WITHHELD).digest("hex"),
    });
    expect(JSON.stringify(evidence)).not.toMatch(PIECE_OF_NAME);
  });
});

test("keeps an answer without a buyer's name as it came", async () => {
  for (const body of [details({}), details({ buyerName: null }), details({ buyerName: "" })]) {
    expect((await ebp.lookupOf(httpAnswer(200, body))).evidence.rawAnswer).toBe(body);
  }
});

test("keeps the ids of an answer that it does not keep", async () => {
  const body = details({ raw: '{"buyerName":' });
  expect((await ebp.lookupOf(httpAnswer(200, body))).evidence).toMatchObject({
    resultCode: "0",
    requestId: "1767129253910",
    rawAnswer: WITHHELD,
  });
});

test("never keeps a buyer's name, whatever it is and wherever it is echoed", () => {
  const name = fc
    .string({ minLength: 2, maxLength: 30, unit: "grapheme" })
    .filter((text) => text.trim().length >= 2 && !/^[[\]redact"\\]+$/u.test(text.trim()));
  fc.assert(
    fc.property(name, fc.jsonValue(), (buyer, other) => {
      const text = JSON.stringify({
        resultCode: "X",
        data: { buyerName: buyer, echo: [`<${buyer}>`], other },
      });
      const { names, areAll } = buyerNames(text, asObject(parseJson(text)));
      fc.pre(areAll);
      const kept = createRedactor(null, names).answer(text, true).replaceAll(REDACTED, "\u0000");
      expect(kept).not.toContain(JSON.stringify(buyer.trim()).slice(1, -1));
    }),
    { numRuns: 200 },
  );
});

test("reads a document nested as deep as can be", () => {
  const text = `{"x":${"[".repeat(3_000)}{"buyerName":"Kim"}${"]".repeat(3_000)}}`;
  expect(buyerNames(text, asObject(parseJson(text)))).toEqual({ names: ["Kim"], areAll: true });
});
