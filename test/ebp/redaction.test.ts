import { describe, expect, test } from "@jest/globals";
import { createHash } from "node:crypto";
import fc from "fast-check";
import type { CancelOutcome } from "../../src/cancellation/model/outcome.js";
import type { RefundAccount } from "../../src/cancellation/model/cancel-request.js";
import { createRedactor, REDACTED } from "../../src/ebp/answer.js";
import { cancelRequest } from "../helpers/examples.js";
import { httpAnswer } from "../helpers/upstream.js";
import { useEbp } from "../helpers/upstream-client.js";

const ebp = useEbp();

const accountNumbers = fc.stringMatching(/^[0-9]{6,34}$/u);
const ibans = fc.stringMatching(/^[A-Z]{2}[0-9A-Z]{8,32}$/u);
const names = fc
  .string({ minLength: 2, maxLength: 30, unit: "grapheme" })
  .filter((name) => name.trim().length >= 2 && !REDACTED.includes(name.trim()));

function account(accountNumber: string, accountHolderName: string | null = null): RefundAccount {
  return { accountNumber, bankCode: "001", accountHolderName };
}

describe("what EBP says is shown", () => {
  test("without the account's number, in messages and in identifiers", () => {
    fc.assert(
      fc.property(fc.oneof(accountNumbers, ibans), (number) => {
        const redactor = createRedactor(account(number));
        expect(redactor.message(`to ${number}.`)).toBe(`to ${REDACTED}.`);
        expect(redactor.identifier(`RET-${number}-1`)).toBe(`RET-${REDACTED}-1`);
      }),
    );
  });

  test("without the holder's name, as it is and as it stands in JSON", () => {
    fc.assert(
      fc.property(names, (name) => {
        fc.pre(!'|{"name":""}|'.includes(name.trim()));
        const message = createRedactor(account("9999999999", name)).message(
          `|${name.trim()}|${JSON.stringify({ name: name.trim() })}|`,
        );
        expect(message).toBe(`|${REDACTED}|{"name":"${REDACTED}"}|`);
      }),
    );
  });

  test("without the whole of a name that has the number in it", () => {
    const redactor = createRedactor(account("1234567890", "Kim 1234567890 Lee"));
    expect(redactor.message("for Kim 1234567890 Lee, 1234567890")).toBe(`for ${REDACTED}, ${REDACTED}`);
  });

  test("as it came where there is no account, and where the account does not stand in it", () => {
    const text = "Order 1767129253910 cannot be cancelled, 취소할 수 없습니다";
    expect(createRedactor(null).message(text)).toBe(text);
    expect(createRedactor(account("0001234567890", "John Doe")).message(text)).toBe(text);
  });

  test("with tracking ids whole where a number or name is too short to tell anything", async () => {
    const request = cancelRequest({ refundAccount: account("0004", "E") });
    const body = '{"resultCode":"EBP-C-0004","message":"E is not valid","requestId":"REQ-10004"}';
    expect(await ebp.outcomeOf(httpAnswer(400, body), request)).toMatchObject({
      kind: "rejected",
      failure: { cause: "REJECTED", resultCode: "EBP-C-0004", ebpMessage: "E is not valid" },
      evidence: { resultCode: "EBP-C-0004", requestId: "REQ-10004" },
    });
  });
});

describe("nothing shown holds an account number or a holder's name", () => {
  const number = "0012345678901";
  const name = '김 "O\'Neil" 철수';
  const request = cancelRequest({ refundAccount: account(number, name) });
  const envelope = (resultCode: string): string =>
    JSON.stringify({
      resultCode,
      message: `Cannot refund ${name} (${number})`,
      requestId: `REQ-${number}`,
      timestamp: name,
      errors: [{ field: `account[${number}]`, message: `${name}: ${JSON.stringify({ number, name })}` }],
      data: {
        returnRequestId: `RET-${number}`,
        items: [{ seq: 1, itemId: number, itemType: name }],
        number,
        name,
      },
    });

  test.each([
    ["an accepting answer", httpAnswer(200, envelope("0"))],
    ["a rejecting answer", httpAnswer(400, envelope("EBP-C-0004"))],
    ["an answer that proves nothing", httpAnswer(500, envelope(`EBP-Z-0005 ${number}`))],
    ["a gateway's page", httpAnswer(403, `<p>${name} ${number}</p>`)],
    ["an answer that breaks off", httpAnswer(200, envelope("0")).subarray(0, 140)],
  ])("of %s; what came is kept as it came, to be sealed", async (_what, answer) => {
    const { evidence, ...outcome } = await ebp.outcomeOf(answer, request);
    const { rawAnswer, ...shown } = evidence;
    expect(JSON.stringify([outcome, shown])).not.toMatch(/12345678901|O\\*'Neil|철수/u);
    expect(answer.toString("utf8").endsWith(rawAnswer ?? "none")).toBe(true);
    expect(rawAnswer).toContain("철수");
  });
});

describe("the digest of an answer", () => {
  async function evidenceOf(refundAccount: RefundAccount | null): Promise<CancelOutcome["evidence"]> {
    const body = JSON.stringify({ resultCode: "EBP-C-0004", message: "no", requestId: "r", timestamp: "t" });
    return (await ebp.outcomeOf(httpAnswer(400, body), cancelRequest({ refundAccount }))).evidence;
  }

  test("is of the bytes as they came", async () => {
    const { digest, rawAnswer } = await evidenceOf(null);
    const expected = createHash("sha256").update(rawAnswer ?? "");
    expect(digest).toBe(expected.digest("hex"));
  });

  test("is not kept of an answer that may repeat an account number, which could be found by trying", async () => {
    expect((await evidenceOf(account("1234567890"))).digest).toBeNull();
  });
});
