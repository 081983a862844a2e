import { describe, expect, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { parse } from "csv-parse/sync";
import { SCOPES } from "../../src/cancellation/model/caller.js";
import { download, letHistoryBeComplete } from "../helpers/exports.js";
import { read } from "../helpers/in-doubt.js";
import { subscribe } from "../helpers/live.js";
import { cancel, CANCEL, cancelInput, item, PREVIEW } from "../helpers/operations.js";
import { useTwoStores } from "../helpers/two-stores.js";

const world = useTwoStores();

const HANGUL = /\p{Script=Hangul}/u;
const ENGLISH = { "accept-language": "en" };
const KOREAN = { "accept-language": "ko-KR,ko;q=0.9,en;q=0.8" };

/** What stands in words, and what does not, in both languages. */
function expectBoth(english: string, korean: string): void {
  expect([english, HANGUL.test(english)]).toEqual([english, false]);
  expect([korean, HANGUL.test(korean)]).toEqual([korean, true]);
}

test.each([
  ["ko", "ko"],
  ["ko-KR,ko;q=0.9,en;q=0.8", "ko"],
  ["ja, ko;q=0.5", "ko"],
  ["en, ko;q=0.5", "en"],
  ["fr", "en"],
  ["", "en"],
])("a caller who accepts %p is answered in %s, and told so", async (accepted, language) => {
  const headers = { ...(await world.bearer()), "accept-language": accepted };
  const answer = await world.service.graphql("{ __typename }", {}, headers);
  expect(answer.headers.get("content-language")).toBe(language);
  expect(answer.headers.get("vary")).toContain("accept-language");
});

describe("the same in the caller's language, with the same codes, is", () => {
  test("every user error of an input", async () => {
    const input = cancelInput({
      idempotencyKey: "k".repeat(300),
      orderNo: "",
      totalCancelAmount: "0",
      items: [item({ quantity: 0, amount: "0.5" }), item({ itemId: " P" })],
      refundAccount: { accountNumber: "12" },
      expectedCancelledTotal: "-1",
    });
    const inLanguage = async (language: object): Promise<any[]> => {
      const headers = { ...(await world.bearer()), ...language };
      return (await world.service.graphql(PREVIEW, { input }, headers)).data.cancelPaymentPreview.userErrors;
    };
    const [english, korean] = [await inLanguage(ENGLISH), await inLanguage(KOREAN)];
    expect(english.length).toBeGreaterThan(7);
    const withoutWords = (errors: any[]): any[] => errors.map(({ message: _, ...rest }) => rest);
    expect(withoutWords(korean)).toEqual(withoutWords(english));
    for (const [n, { message }] of english.entries()) expectBoth(message, korean[n].message);
  });

  const MANY = `{ ${Array.from({ length: 16 }, (_, n) => `a${n}: __typename`).join(" ")} }`;
  const ALL = SCOPES.join(" ");
  const WRITE = "cancellations:write";
  const NESTED = "mutation ($input: CancelPaymentInput!) { cancelPayment(input: $input) { order { id } } }";
  test.each([
    ["a bad cursor", "BAD_USER_INPUT", '{ cancellations(after: "x") { totalCount } }', {}, ALL],
    ["a missing scope", "FORBIDDEN", "{ cancellations { totalCount } }", {}, WRITE],
    ["a missing scope below a mutation", "FORBIDDEN", NESTED, { input: cancelInput() }, WRITE],
    ["too much at once", "QUERY_TOO_COMPLEX", MANY, {}, ALL],
    ["a syntax error", "GRAPHQL_PARSE_FAILED", "{", {}, ALL],
    ["an unknown field", "GRAPHQL_VALIDATION_FAILED", "{ cancelations }", {}, ALL],
    ["a wrong value", "GRAPHQL_VALIDATION_FAILED", "{ node(id: 1.5) { id } }", {}, ALL],
    ["a wrong variable", "BAD_USER_INPUT", CANCEL, { input: { orderNo: 7 } }, ALL],
    [
      "no operation",
      "OPERATION_RESOLUTION_FAILURE",
      "query A { __typename } query B { __typename }",
      {},
      ALL,
    ],
    ["a subscription elsewhere", "BAD_REQUEST", "subscription { cancellationChanged { id } }", {}, ALL],
  ])("a top-level error: %s", async (_what, code, query, variables, scope) => {
    const bearer = await world.bearer("desk-1", ["SIM-KR"], { scope });
    const inLanguage = async (language: object): Promise<any[]> => {
      const answer = await world.service.graphql(query, variables, { ...bearer, ...language });
      const expected = language === KOREAN ? "ko" : "en";
      expect(answer.headers.get("content-language")).toBe(expected);
      return answer.errors ?? [];
    };
    const [english, korean] = [await inLanguage(ENGLISH), await inLanguage(KOREAN)];
    const codes = (errors: any[]): unknown[] => errors.map(({ extensions }) => extensions);
    expect(codes(korean)).toEqual(codes(english));
    expect(english[0].extensions.code).toBe(code);
    for (const [n, { message }] of english.entries()) expectBoth(message, korean[n].message);
  });

  test("a refused subscription", async () => {
    const inLanguage = async (language: object): Promise<string> => {
      const stream = await subscribe(world.service, { ids: [] }, { ...(await world.bearer()), ...language });
      expect(stream.headers.get("content-language")).toBe(language === KOREAN ? "ko" : "en");
      return (await stream.json()).errors[0].message;
    };
    expectBoth(await inLanguage(ENGLISH), await inLanguage(KOREAN));
  });

  const JSON_TYPE = { "content-type": "application/json" };
  const post = { method: "POST", headers: JSON_TYPE };
  test.each<[status: number, path: string, request: RequestInit, isKnown: boolean]>([
    [401, "/graphql", { ...post, body: "{}" }, false],
    [401, "/exports/cancellations.csv", {}, false],
    [404, "/nothing-here", {}, true],
    [405, "/graphql", { method: "PUT" }, true],
    [400, "/graphql", { ...post, body: "{" }, true],
    [413, "/graphql", { ...post, body: `{"query":"${"x".repeat(1_000_001)}"}` }, true],
    [406, "/graphql", { ...post, body: "{}", headers: { ...JSON_TYPE, accept: "text/html" } }, true],
    [400, "/exports/cancellations.csv?status=FAILED", {}, true],
    [400, "/exports/cancellations.ndjson?statuses=FALED", {}, true],
    [400, "/exports/cancellations.csv?limit=0", {}, true],
  ])("a refusal with %i of %s", async (status, path, request, isKnown) => {
    const bearer = isKnown ? await world.bearer() : {};
    const inLanguage = async (language: object): Promise<any> => {
      const headers = { ...(request.headers as object | undefined), ...bearer, ...language };
      const answer = await fetch(world.service.url + path, { ...request, headers });
      expect([answer.status, answer.headers.get("content-language")]).toEqual([
        status,
        language === KOREAN ? "ko" : "en",
      ]);
      return ((await answer.json()) as any).errors[0];
    };
    const [english, korean] = [await inLanguage(ENGLISH), await inLanguage(KOREAN)];
    expect(korean.extensions).toEqual(english.extensions);
    expectBoth(english.message, korean.message);
  });
});

test("an export is refused in Korean to whoever may not read", async () => {
  const headers = { ...(await world.bearer("w", ["SIM-KR"], { scope: "cancellations:write" })), ...KOREAN };
  const { status, text } = await download(world.service.url, "csv", {}, headers);
  expect(status).toBe(403);
  expect(JSON.parse(text).errors[0].message).toMatch(HANGUL);
});

describe("a cancel that was made in English", () => {
  test("is told of in Korean when it is repeated or read, and EBP's own words stay as EBP sent them", async () => {
    const bearer = await world.bearer();
    const input = cancelInput({ orderNo: `SIM-CANCELLATION-FAILED-${randomUUID()}` });
    const first = await cancel(world.service, input, { ...bearer, ...ENGLISH });
    const again = await cancel(world.service, input, { ...bearer, ...KOREAN });
    const shown = await read(world.service, first.cancellation.id, { ...bearer, ...KOREAN });

    expect(again.replayed).toBe(true);
    expectBoth(first.userErrors[0].message, again.userErrors[0].message);
    const { failure } = first.cancellation;
    expectBoth(failure.message, again.cancellation.failure.message);
    expect(shown.failure).toEqual(again.cancellation.failure);
    expect(failure.ebpMessage).toEqual(expect.stringMatching(/[A-Za-z]/u));
    expect(failure.ebpMessage).not.toMatch(HANGUL);
    for (const other of [again.cancellation.failure, again.userErrors[0], first.userErrors[0]])
      expect(other.ebpMessage).toBe(failure.ebpMessage);
  });

  test("is exported with the reason in Korean and EBP's own words beside it", async () => {
    await letHistoryBeComplete(world.service);
    const bearer = await world.bearer();
    const rows = async (language: object): Promise<any[]> => {
      const headers = { ...bearer, ...language };
      const answer = await download(world.service.url, "csv", { statuses: "FAILED" }, headers);
      expect(answer.headers.get("content-language")).toBe(language === KOREAN ? "ko" : "en");
      return parse(answer.text, { columns: true });
    };
    const [[english], [korean]] = [await rows(ENGLISH), await rows(KOREAN)];
    expectBoth(english["failure.message"], korean["failure.message"]);
    expect(korean["failure.ebpMessage"]).toBe(english["failure.ebpMessage"]);
    expect(english["failure.ebpMessage"]).not.toBe("");
  });
});

test("a cancel whose answer came in Korean has EBP's words in Korean, also for whoever reads it in English", async () => {
  const bearer = await world.bearer();
  const input = cancelInput({ orderNo: `SIM-CANCELLATION-FAILED-${randomUUID()}` });
  const { cancellation } = await cancel(world.service, input, { ...bearer, ...KOREAN });
  const shown = await read(world.service, cancellation.id, { ...bearer, ...ENGLISH });
  expect(shown.failure.ebpMessage).toMatch(HANGUL);
  expect(shown.failure.message).not.toMatch(HANGUL);
});
