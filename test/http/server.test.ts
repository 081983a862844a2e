import { describe, expect, test } from "@jest/globals";
import { addSecurityHeaders } from "../../src/http/security-headers.js";
import { createHttpServer } from "../../src/http/server.js";
import { CANCEL, cancelInput, PREVIEW } from "../helpers/operations.js";
import { raw } from "../helpers/raw-http.js";
import { ACCOUNT, NUMBER, PIECE_OF_ACCOUNT } from "../helpers/refusals.js";
import { useService } from "../helpers/service.js";

const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/u;

const service = useService();

function get(path: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(service.url + path, { headers });
}

function graphqlPath(query: string, variables?: object | string): string {
  const search = new URLSearchParams({ query });
  if (variables !== undefined)
    search.set("variables", typeof variables === "string" ? variables : JSON.stringify(variables));
  return `/graphql?${search.toString()}`;
}

const JSON_TYPE = { "content-type": "application/json" };
const post = (body: string): Promise<Response> =>
  fetch(`${service.url}/graphql`, { method: "POST", headers: JSON_TYPE, body });

/** Policy by directive. */
function policyOf(headers: Headers): Record<string, string[]> {
  const directives = (headers.get("content-security-policy") ?? "").split(";");
  return Object.fromEntries(
    directives.map((directive) => {
      const [name = "", ...sources] = directive.trim().split(/\s+/u);
      return [name, sources];
    }),
  );
}

test("every answer has an id, of its own unless the caller gives one that can be kept, and the headers that keep browsers out; if it is understood, the whole set", async () => {
  const ids = new Set<string | null>();
  for (const [status, ask] of [
    [200, () => post('{"query":"{ __typename }"}')],
    [400, () => post("{")],
    [413, () => post("x".repeat(1_000_001))],
    [401, () => fetch(`${service.url}/webhooks/ebp`, { method: "POST", headers: JSON_TYPE, body: "{}" })],
    [200, () => get("/readyz", { "x-request-id": "<mine>", "request-id": "mine" })],
    [200, () => get("/metrics")],
    [404, () => get("/nothing")],
    [405, () => fetch(`${service.url}/graphql`, { method: "DELETE" })],
    [400, () => get("/%zz")],
  ] as const) {
    const { headers, status: found } = await ask();
    expect(found).toBe(status);
    expect(headers.get("x-request-id")).toMatch(UUID);
    ids.add(headers.get("x-request-id"));
    expect(policyOf(headers)).toEqual({ "default-src": ["'none'"], "frame-ancestors": ["'none'"] });
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("cache-control")).toBe("no-store");
    // On loopback it would take plain http away from everything else there.
    for (const name of ["strict-transport-security", "x-powered-by", "server"])
      expect(headers.get(name)).toBeNull();
  }
  expect(ids.size).toBe(9);
  const { headers } = await get("/livez");
  expect(headers.get("referrer-policy")).toBe("no-referrer");
  expect(headers.get("x-frame-options")).toBe("DENY");
  expect(headers.get("cross-origin-resource-policy")).toBe("same-origin");
});

test("what is refused before it is looked at has security headers too", async () => {
  const app = createHttpServer({ logLevel: "silent" });
  addSecurityHeaders(app, { https: true });
  app.addHook("onRequest", (_request, reply) => reply.code(503).send({}));
  const { statusCode, headers } = await app.inject("/");
  await app.close();
  expect(statusCode).toBe(503);
  expect(headers).toMatchObject({
    "content-security-policy": "default-src 'none';frame-ancestors 'none'",
    "strict-transport-security": "max-age=31536000",
    "cache-control": "no-store",
  });
});

test("answers 400, without repeating it, to an address that cannot be decoded", async () => {
  const response = await get(`/${NUMBER}%zz?query=${NUMBER}`);
  expect(response.status).toBe(400);
  expect(await response.json()).toEqual({
    errors: [{ message: "This is not an address.", extensions: { code: "BAD_REQUEST" } }],
  });
});

test("says what is wrong in the caller's language, and which that is, wherever a request is refused", async () => {
  for (const [path, korean] of [
    ["/%zz", "올바른 주소가 아닙니다."],
    ["/nothing", "이 주소에는 아무것도 없습니다. API 주소는 /graphql입니다."],
    ["/exports/cancellations.csv?limit=0", "1 이상 2147483647 이하의 정수를 입력해 주세요."],
  ] as const) {
    const inKorean = await get(path, { "accept-language": "ko-KR,ko;q=0.9" });
    expect(inKorean.headers.get("content-language")).toBe("ko");
    expect(await inKorean.json()).toMatchObject({ errors: [{ message: korean }] });
    expect((await get(path, { "accept-language": "fr" })).headers.get("content-language")).toBe("en");
  }
});

test("refuses, without repeating it, a Host header that names no host", async () => {
  for (const host of ["[", "a b", "", "a:b:c"]) {
    const answer = await raw(
      service.url,
      `GET ${graphqlPath(`{ order(orderNo: "${NUMBER}") { orderNo } }`)} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 4(?:00|21) /u);
    expect(answer).not.toMatch(PIECE_OF_ACCOUNT);
    expect(answer).not.toContain("INTERNAL");
  }
});

test("answers what is not HTTP with 400, and lives on", async () => {
  const answer = await raw(service.url, `${NUMBER}\r\n\r\n`);
  expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/u);
  expect(answer).toMatch(/\r\ncontent-security-policy: default-src 'none';frame-ancestors 'none'\r\n/u);
  expect(answer).toMatch(/\r\ncache-control: no-store\r\n/u);
  expect(JSON.parse(answer.split("\r\n\r\n")[1] ?? "")).toEqual({
    errors: [{ message: "Bad Request", extensions: { code: "BAD_REQUEST" } }],
  });
  expect(await raw(service.url, `GET / HTTP/1.1\r\nx: ${"x".repeat(34_000)}\r\n\r\n`)).toMatch(
    /^HTTP\/1\.1 431 /u,
  );
  expect((await get("/livez")).status).toBe(200);
});

test("says that it is alive and ready", async () => {
  for (const path of ["/livez", "/readyz"]) {
    const response = await get(path);
    expect([response.status, await response.json()]).toEqual([200, { status: "ok" }]);
  }
});

describe("by GET", () => {
  test.each<[string, Record<string, string>]>([
    ["no header of its own", {}],
    [
      "the one header of urql",
      {
        accept:
          "application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed",
      },
    ],
    ["the header that other servers ask of Apollo's clients", { "apollo-require-preflight": "true" }],
    ["a type of a body", JSON_TYPE],
  ])("answers the query of a client that sends %s", async (_what, headers) => {
    const response = await get(graphqlPath("{ __typename }"), headers);
    expect([response.status, await response.json()]).toEqual([
      200,
      { data: { __typename: "Query" }, extensions: { cost: expect.any(Number) } },
    ]);
  });

  test("refuses a mutation with 405", async () => {
    const before = service.simulator.ledger.totalReceived;
    const response = await get(graphqlPath(CANCEL, { input: cancelInput() }));
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("POST");
    const message = "GET requests only support query operations, not mutation operations";
    expect(await response.json()).toMatchObject({
      errors: [{ message, extensions: { code: "BAD_REQUEST" } }],
    });
    expect(service.simulator.ledger.totalReceived).toBe(before);
  });

  test("takes amounts that a double holds, and refuses to round the others", async () => {
    const variables = JSON.stringify({ input: cancelInput({ totalCancelAmount: "TOTAL" }) });
    const ask = (total: string): Promise<Response> =>
      get(graphqlPath(PREVIEW, variables.replace('"TOTAL"', total)));
    expect(await (await ask("1e3")).json()).toMatchObject({
      data: { cancelPaymentPreview: { wouldSend: true } },
    });
    for (const total of ["1000.00000000000000001", "9007199254740993"]) {
      const response = await ask(total);
      expect(response.status).toBe(400);
      expect(await response.json()).toEqual({
        errors: [
          {
            message: expect.stringMatching(/more digits than a double holds/u),
            extensions: { code: "BAD_REQUEST" },
          },
        ],
      });
    }
  });

  test("does not quote variables that are no JSON, or given twice", async () => {
    for (const path of [
      graphqlPath(PREVIEW, `{"input": ${NUMBER}x`),
      `${graphqlPath(PREVIEW, { input: { refundAccount: ACCOUNT } })}&variables=${NUMBER}`,
      graphqlPath(PREVIEW, {
        input: cancelInput({ refundAccount: { ...ACCOUNT, accountNumber: 1029384756 } }),
      }),
    ]) {
      const response = await get(path);
      expect(response.status).toBe(400);
      expect(await response.text()).not.toMatch(PIECE_OF_ACCOUNT);
    }
  });
});

describe("GET /", () => {
  test("serves Apollo Sandbox for the address it was asked at", async () => {
    const response = await get("/");
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
    const page = await response.text();
    expect(page).toContain(`"endpoint":"${service.url}/graphql"`);
    expect(page).toContain(encodeURIComponent("mutation {"));
    const port = new URL(service.url).port;
    const byName = await raw(
      service.url,
      `GET / HTTP/1.1\r\nHost: localhost:${port}\r\nConnection: close\r\n\r\n`,
    );
    expect(byName).toContain(`"endpoint":"http://localhost:${port}/graphql"`);
  });

  test("may frame Apollo's Sandbox, load nothing else, run no script but its own, and call only this service and Apollo", async () => {
    const { headers } = await get("/");
    expect(policyOf(headers)).toEqual({
      "default-src": ["'none'"],
      "script-src": [expect.stringMatching(/^'nonce-.+'$/u)],
      "style-src": [expect.stringMatching(/^'nonce-.+'$/u)],
      "frame-src": ["https://sandbox.embed.apollographql.com"],
      "connect-src": ["'self'", "https://sandbox.embed.apollographql.com"],
      "base-uri": ["'none'"],
      "form-action": ["'none'"],
      "frame-ancestors": ["'none'"],
    });
    expect(headers.get("cross-origin-opener-policy")).toBe("same-origin-allow-popups");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("cache-control")).toBe("no-store");
  });

  test("has no script, style or handler in it that its own policy would stop", async () => {
    const response = await get("/");
    const page = await response.text();
    const policy = policyOf(response.headers);
    const nonce = /^'nonce-(?<nonce>.+)'$/u.exec(policy["script-src"]?.[0] ?? "")?.groups?.["nonce"];
    expect(policy["style-src"]).toEqual([`'nonce-${nonce}'`]);
    const elements = [...page.matchAll(/<(?<name>script|style)(?<attributes>[^>]*)>/gu)];
    expect(elements.map(({ groups }) => groups?.["name"])).toEqual(["style", "script"]);
    // No source: a script of another server could be another one tomorrow.
    for (const { groups } of elements) expect(groups?.["attributes"]).toBe(` nonce="${nonce}"`);
    expect(page).not.toMatch(/<(?:link|img|base|object|embed)\b|@import|import\s*\(/iu);
    expect(page).not.toMatch(/\son\w+\s*=|\sstyle=|javascript:/iu);
  });

  test("has another nonce each time", async () => {
    const policies = await Promise.all([get("/"), get("/")]);
    const [one, other] = policies.map(({ headers }) => policyOf(headers)["script-src"]?.[0]);
    expect(one).not.toBe(other);
  });

  test("puts nothing of the request into the page as it came", async () => {
    const host = `"><script>alert(1)</script>`;
    const page = await raw(service.url, `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    expect(page).not.toContain("<script>alert");
  });
});

test("a header that is read before anybody knows who sent it is refused when it is longer than any honest one", async () => {
  for (const [name, value] of [
    ["content-type", `application/json;${" ".repeat(300)}x`],
    ["accept", "application/json,".repeat(80)],
    ["accept-language", "ko,".repeat(400)],
  ] as const) {
    const headers = { ...JSON_TYPE, [name]: value };
    const response = await fetch(`${service.url}/graphql`, { method: "POST", headers, body: "{}" });
    const message = expect.stringMatching(`^The ${name} header has \\d+ characters; at most \\d+ are`);
    expect([response.status, await response.json()]).toEqual([
      400,
      { errors: [{ message, extensions: { code: "BAD_REQUEST" } }] },
    ]);
  }
});

describe("without authentication", () => {
  const asking = (host: string): string =>
    `POST /graphql HTTP/1.1\r\nHost: ${host}\r\nOrigin: http://${host}\r\nContent-Type: application/json\r\nContent-Length: 26\r\nConnection: close\r\n\r\n{"query":"{ __typename }"}`;

  test("a request to this machine is served, by whatever name", async () => {
    for (const host of ["127.0.0.1", "127.0.0.1:4000", "localhost", "LOCALHOST:4000", "[::1]:4000"])
      expect(await raw(service.url, asking(host))).toMatch(/^HTTP\/1\.1 200/u);
  });

  test.each(["evil.example:4000", "localhost.evil.example"])(
    "a request to %s is not: a page may have its own name point to this machine",
    async (host) => {
      const answer = await raw(service.url, asking(host));
      expect(answer).toMatch(/^HTTP\/1\.1 421/u);
      expect(answer).toContain("Without authentication this service is for this machine only");
    },
  );
});
