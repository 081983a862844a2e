import { describe, expect, test } from "@jest/globals";
import { createHash } from "node:crypto";
import fc from "fast-check";
import type { RefundAccount } from "../../src/cancellation/request/cancel-request.js";
import type { CancelOutcome } from "../../src/cancellation/outcome.js";
import { createRedactor, REDACTED } from "../../src/ebp/redactor.js";
import { cancelRequest } from "../helpers/examples.js";
import { httpAnswer } from "../helpers/upstream.js";
import { useEbp } from "../helpers/upstream-client.js";

const ebp = useEbp();

/** For each of many properties. */
const RUNS = { numRuns: 40 };

type Echo = (secret: string) => string;

const unicodeEscaped: Echo = (secret) =>
  Array.from(
    { length: secret.length },
    (_, i) => `\\u${secret.charCodeAt(i).toString(16).padStart(4, "0")}`,
  ).join("");
const everySecondEscaped: Echo = (secret) =>
  Array.from(secret, (character, i) =>
    i % 2 === 0 ? unicodeEscaped(character) : jsonEscaped(character),
  ).join("");
const jsonEscaped: Echo = (secret) => JSON.stringify(secret).slice(1, -1);

/** The forms a text can be echoed in. */
const ECHOES: readonly (readonly [form: string, echo: Echo])[] = [
  ["as it is", (secret) => secret],
  ["escaped for JSON", jsonEscaped],
  ["in JSON inside JSON", (secret) => jsonEscaped(jsonEscaped(secret))],
  ["in \\u escapes", unicodeEscaped],
  [
    "in upper-case \\U escapes' digits",
    (secret) => unicodeEscaped(secret).replace(/[a-f]/gu, (c) => c.toUpperCase()),
  ],
  ["in \\u escapes here and there", everySecondEscaped],
  ["in \\u escapes inside JSON", (secret) => jsonEscaped(unicodeEscaped(secret))],
  ["in HTML entities", (secret) => Array.from(secret, (c) => `&#${c.codePointAt(0)};`).join("")],
  [
    "escaped for HTML",
    (secret) => secret.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;"),
  ],
  ["escaped for a URL", encodeURIComponent],
];

const accountNumbers = fc.stringMatching(/^[0-9]{4,34}$/u);
const ibans = fc.stringMatching(/^[A-Z]{2}[0-9A-Z]{8,32}$/u);
const names = fc
  .string({ minLength: 2, maxLength: 30, unit: "grapheme" })
  .filter((name) => name.trim().length >= 2 && !REDACTED.includes(name.trim()));

function account(accountNumber: string, accountHolderName: string | null = null): RefundAccount {
  return { accountNumber, bankCode: "001", accountHolderName };
}

/** Everything a Failure or an accepting outcome keeps of what EBP wrote. */
function kept(outcome: CancelOutcome): string {
  return JSON.stringify(outcome);
}

describe.each(ECHOES)("takes out of an answer, echoed %s,", (_form, echo) => {
  test("the account number", () => {
    fc.assert(
      fc.property(fc.oneof(accountNumbers, ibans), fc.string(), (number, before) => {
        const answer = createRedactor(account(number)).answer(`${before}|${echo(number)}|`, true);
        expect(answer.replaceAll(REDACTED, "")).not.toContain(echo(number));
      }),
      RUNS,
    );
  });

  test("the holder's name", () => {
    fc.assert(
      fc.property(names, fc.string(), (name, before) => {
        const echoed = echo(name.trim());
        const answer = createRedactor(account("9999999999", name)).answer(`${before}|${echoed}|`, true);
        expect(answer.replaceAll(REDACTED, "")).not.toContain(echoed);
        expect(answer).toContain(REDACTED);
      }),
      RUNS,
    );
  });

  test("also what came of it before the answer broke off", () => {
    fc.assert(
      fc.property(accountNumbers, fc.nat(), (number, position) => {
        const echoed = echo(number);
        const cut = echoed.slice(0, 1 + (position % echoed.length));
        const answer = createRedactor(account(number)).answer(`{"accountNumber":"${cut}`, false);
        // A piece of the first character's escape tells nothing; the digits of an escape may themselves be the number.
        const scrap = String.raw`(?:\\+(?:u[\da-f]{0,3})?|&#?\d*)?`;
        expect(answer).toMatch(new RegExp(`^\\{"accountNumber":"${scrap}(?:\\[redacted\\])*$`, "iu"));
      }),
      RUNS,
    );
  });
});

describe("takes out of an answer the account number", () => {
  test.each([
    ["as a number", "1234567890", "[1234567890]"],
    ["as a number without its leading zeros", "0001234567", "[1234567]"],
    ["as a float", "1234567890", "[1234567890.0]"],
    ["as a float with an exponent", "1234567890", "[1.23456789E9]"],
    ["as a float with a signed exponent", "1200000000", "[1.2e+9]"],
    ["as a float that has lost digits", "12345678901234567890", "[12345678901234567000]"],
    ["as a float that has lost digits, with an exponent", "12345678901234567890", "[1.2345678901234567E19]"],
    ["in groups", "1234567890", "[1234-567 890]"],
    ["in lower case", "DE89370400440532013000", "[de89 3704 0044 0532 0130 00]"],
    ["given in groups itself", "1234-567-890", "[1234567890]"],
  ])("%s", (_form, number, text) => {
    const answer = createRedactor(account(number)).answer(text, true);
    expect(answer).toContain(REDACTED);
    expect(answer.replace(/^\[/u, "").replaceAll(REDACTED, "")).toMatch(/^(?:\.0)?\]$/u);
  });
});

test.each([
  ["in another normal form", "홍길동", "홍길동".normalize("NFD")],
  ["in capitals", "John Doe", "JOHN DOE"],
  ["with other white space", "John Doe", "John\\n  Doe"],
  ["for a URL's query", "John Doe", "John+Doe"],
  ["with an apostrophe in HTML", "Conan O'Brien", "Conan O&#39;Brien"],
])("takes out a holder's name written %s", (_how, name, written) => {
  const answer = createRedactor(account("9999999999", name)).answer(`{"x":"${written}"}`, true);
  expect(answer).toBe(`{"x":"${REDACTED}"}`);
});

test("leaves everything else of an answer as it came", () => {
  const redactor = createRedactor(account("0001234567890", "John Doe"));
  const text = '{"resultCode":"0","requestId":"1767129253910","data":{"totalProductAmount":123456.0,"n":0}}';
  expect(redactor.answer(text, true)).toBe(text);
  expect(createRedactor(null).answer(text, true)).toBe(text);
});

test("does not let a holder's name of one letter destroy codes and tracking ids", async () => {
  const request = cancelRequest({ refundAccount: account("1234567890", "E") });
  const body = '{"resultCode":"EBP-C-0004","message":"E is not valid","requestId":"REQ-1"}';
  const outcome = await ebp.outcomeOf(httpAnswer(400, body), request);
  expect(outcome).toMatchObject({
    kind: "rejected",
    failure: { resultCode: "EBP-C-0004", message: `${REDACTED} is not valid` },
    evidence: { resultCode: "EBP-C-0004", requestId: "REQ-1" },
  });
});

test("keeps a published result code whose digits are those of the account number", async () => {
  const request = cancelRequest({ refundAccount: account("0004") });
  const outcome = await ebp.outcomeOf(httpAnswer(400, '{"resultCode":"EBP-C-0004"}'), request);
  expect(outcome).toMatchObject({
    failure: { resultCode: "EBP-C-0004" },
    evidence: { resultCode: "EBP-C-0004", rawAnswer: `{"resultCode":"EBP-C-${REDACTED}"}` },
  });
});

test("does not hang on an answer made to be slow to search", () => {
  const redactor = createRedactor(account("1".repeat(34), `\\ ${"/ ".repeat(49)}`));
  for (const unit of ["1", "\\", "1 ", "/ ", "\\\\/", "&#x1", "9".repeat(60), "1.", "1e1"]) {
    const text = unit.repeat(1_000_000 / unit.length);
    expect(redactor.answer(text, false).length).toBeLessThanOrEqual(10 * text.length);
  }
});

describe("keeps no account number and no holder's name", () => {
  const number = "0012345678901";
  const name = '김 "O\'Neil" 철수';
  const request = cancelRequest({ refundAccount: account(number, name) });
  const echoed = { accountNumber: number, asNumber: 12_345_678_901, accountHolderName: name };
  const envelope = (resultCode: string): string =>
    JSON.stringify({
      resultCode,
      message: `Cannot refund ${name} (${number})`,
      requestId: `REQ-${number}`,
      timestamp: name,
      errors: [{ field: `refundAccount[${number}]`, message: `${name}: ${JSON.stringify(echoed)}` }],
      data: {
        returnRequestId: `RET-${number}`,
        items: [{ seq: 1, itemId: number, itemType: name }],
        ...echoed,
      },
    });

  test.each([
    ["an accepting answer", httpAnswer(200, envelope("0"))],
    ["a rejecting answer", httpAnswer(400, envelope("EBP-C-0004"))],
    ["an answer that proves nothing", httpAnswer(500, envelope(`EBP-Z-0005 ${number}`))],
    [
      "an answer escaped throughout",
      httpAnswer(500, `{"resultCode":"EBP-Z-0005","message":"${unicodeEscaped(name + number)}"}`),
    ],
    ["a gateway's page", httpAnswer(403, `<p>${name} ${number}</p>`)],
    ["an answer that breaks off", httpAnswer(200, envelope("0")).subarray(0, 140)],
  ])("of %s", async (_what, answer) => {
    const outcome = await ebp.outcomeOf(answer, request);
    expect(kept(outcome)).toContain(REDACTED);
    expect(kept(outcome)).not.toMatch(/12345678901|O\\*'Neil|철수|\\u/u);
  });
});

describe("the digest of an answer", () => {
  const account = { accountNumber: "1234567890", bankCode: "001", accountHolderName: null };

  async function evidenceOf(message: string): Promise<CancelOutcome["evidence"]> {
    const body = JSON.stringify({ resultCode: "EBP-C-0004", message, requestId: "r", timestamp: "t" });
    return (await ebp.outcomeOf(httpAnswer(400, body), cancelRequest({ refundAccount: account }))).evidence;
  }

  test("is of the bytes as they came when nothing of the refund account was in them", async () => {
    const { digest, rawAnswer } = await evidenceOf("not valid");
    expect(digest).toBe(
      createHash("sha256")
        .update(rawAnswer ?? "")
        .digest("hex"),
    );
  });

  test("cannot give back the account number that was taken out of the answer", async () => {
    const { digest, rawAnswer } = await evidenceOf("the account 1234567890 is not valid");
    const restored = rawAnswer?.replace(REDACTED, account.accountNumber) ?? "";

    expect(rawAnswer).toContain(REDACTED);
    expect(digest).not.toBe(createHash("sha256").update(restored).digest("hex"));
  });
});
