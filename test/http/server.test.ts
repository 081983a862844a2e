import { connect } from "node:net";
import { describe, expect, test } from "@jest/globals";
import { CANCEL, cancelInput, PREVIEW } from "../helpers/operations.js";
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

/** Sends these bytes, and gives back all that comes until the server closes the connection. */
function raw(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = "";
    const socket = connect(Number(new URL(service.url).port), "127.0.0.1", () => socket.write(text));
    socket.setEncoding("utf8").on("data", (data) => (received += String(data)));
    socket.on("close", () => resolve(received)).on("error", reject);
  });
}

const JSON_TYPE = { "content-type": "application/json" };

test.each<[string, () => Promise<Response>]>([
  [
    "a query",
    () =>
      fetch(`${service.url}/graphql`, {
        method: "POST",
        headers: JSON_TYPE,
        body: '{"query":"{ __typename }"}',
      }),
  ],
  [
    "a mistake",
    () =>
      fetch(`${service.url}/graphql`, {
        method: "POST",
        headers: JSON_TYPE,
        body: '{"query":"{ nothing }"}',
      }),
  ],
  ["no JSON", () => fetch(`${service.url}/graphql`, { method: "POST", headers: JSON_TYPE, body: "{" })],
  ["a page", () => get("/")],
  ["a check of health", () => get("/readyz")],
  ["a path that is not there", () => get("/nothing")],
  ["a method that is not there", () => fetch(`${service.url}/graphql`, { method: "DELETE" })],
  ["an address that cannot be decoded", () => get("/%zz")],
])("gives the answer to %s an id of its own, whatever the caller calls it", async (_what, ask) => {
  const ids = [(await ask()).headers.get("x-request-id"), (await ask()).headers.get("x-request-id")];
  for (const id of ids) expect(id).toMatch(UUID);
  expect(ids[0]).not.toBe(ids[1]);
});

test("does not take the caller's word for the id", async () => {
  const response = await get("/livez", { "x-request-id": "mine", "request-id": "mine" });
  expect(response.headers.get("x-request-id")).toMatch(UUID);
});

test.each(["/nothing", "/graphql/", "/admin?accountNumber=1029384756", "//graphql"])(
  "answers 404 with a JSON error at %s",
  async (path) => {
    const response = await get(path);
    expect(response.status).toBe(404);
    const text = await response.text();
    expect(JSON.parse(text)).toEqual({
      errors: [
        { message: "There is nothing here. The API is at /graphql.", extensions: { code: "NOT_FOUND" } },
      ],
    });
  },
);

test("answers 400, without repeating it, to an address that cannot be decoded", async () => {
  const response = await get(`/${NUMBER}%zz?query=${NUMBER}`);
  expect(response.status).toBe(400);
  expect(await response.json()).toEqual({
    errors: [{ message: "This is not an address.", extensions: { code: "BAD_REQUEST" } }],
  });
});

test("refuses, without repeating it, a Host header that names no host", async () => {
  for (const host of ["[", "a b", "", "a:b:c"]) {
    const answer = await raw(
      `GET ${graphqlPath(`{ order(orderNo: "${NUMBER}") { orderNo } }`)} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 4(?:00|21) /u);
    expect(answer).not.toMatch(PIECE_OF_ACCOUNT);
    expect(answer).not.toContain("INTERNAL");
  }
});

test("answers what is not HTTP with 400, and lives on", async () => {
  const answer = await raw(`${NUMBER}\r\n\r\n`);
  expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/u);
  expect(JSON.parse(answer.split("\r\n\r\n")[1] ?? "")).toEqual({
    errors: [{ message: "Bad Request", extensions: { code: "BAD_REQUEST" } }],
  });
  expect(await raw(`GET / HTTP/1.1\r\nx: ${"x".repeat(17_000)}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431 /u);
  expect((await get("/livez")).status).toBe(200);
});

test("answers a subscription with 400: there are none", async () => {
  const response = await fetch(`${service.url}/graphql`, {
    method: "POST",
    headers: JSON_TYPE,
    body: '{"query":"subscription { anything }"}',
  });
  const { errors } = (await response.json()) as { errors: { extensions: { code: string } }[] };

  expect(response.status).toBe(400);
  expect(errors[0]?.extensions.code).not.toBe("INTERNAL_SERVER_ERROR");
});

test("says that it is alive and ready", async () => {
  for (const path of ["/livez", "/readyz"]) {
    const response = await get(path);
    expect([response.status, await response.json()]).toEqual([200, { status: "ok" }]);
  }
});

describe("by GET", () => {
  const preflighted = { "apollo-require-preflight": "true" };

  test("answers a query", async () => {
    const response = await get(graphqlPath("{ __typename }"), JSON_TYPE);
    expect([response.status, await response.json()]).toEqual([200, { data: { __typename: "Query" } }]);
  });

  test("refuses a mutation with 405", async () => {
    const before = service.simulator.ledger.totalReceived;
    const response = await get(graphqlPath(CANCEL, { input: cancelInput() }), preflighted);
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("POST");
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: "BAD_REQUEST" } }] });
    expect(service.simulator.ledger.totalReceived).toBe(before);
  });

  test("refuses what a browser would send from another site without asking first", async () => {
    const response = await get(graphqlPath("{ __typename }"));
    expect(response.status).toBe(400);
    expect(await response.text()).toContain("Cross-Site Request Forgery");
  });

  test("takes amounts that a double holds, and refuses to round the others", async () => {
    const variables = JSON.stringify({ input: cancelInput({ totalCancelAmount: "TOTAL" }) });
    const ask = (total: string): Promise<Response> =>
      get(graphqlPath(PREVIEW, variables.replace('"TOTAL"', total)), preflighted);
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
      const response = await get(path, preflighted);
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
    expect(page).toContain("mutation {");
    const port = new URL(service.url).port;
    const byName = await raw(`GET / HTTP/1.1\r\nHost: localhost:${port}\r\nConnection: close\r\n\r\n`);
    expect(byName).toContain(`"endpoint":"http://localhost:${port}/graphql"`);
  });

  test("puts nothing of the request into the page as it came", async () => {
    const host = `"><script>alert(1)</script>`;
    const page = await raw(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    expect(page).not.toContain("<script>alert");
  });
});

describe("a header that is read before anybody knows who sent it", () => {
  test.each([
    ["content-type", `application/json;${" ".repeat(300)}x`],
    ["accept", "application/json,".repeat(80)],
    ["accept-language", "ko,".repeat(400)],
  ])("such as %s is refused when it is longer than any honest one", async (name, value) => {
    const response = await fetch(`${service.url}/graphql`, {
      method: "POST",
      headers: { ...JSON_TYPE, [name]: value },
      body: '{"query":"{ __typename }"}',
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({
      errors: [
        {
          message: expect.stringMatching(
            `^The ${name} header: expected at most \\d+ characters, found \\d+\\.$`,
          ),
          extensions: { code: "BAD_REQUEST" },
        },
      ],
    });
  });
});

describe("without authentication", () => {
  const asking = (host: string): string =>
    `POST /graphql HTTP/1.1\r\nHost: ${host}\r\nOrigin: http://${host}\r\nContent-Type: application/json\r\nContent-Length: 26\r\nConnection: close\r\n\r\n{"query":"{ __typename }"}`;

  test.each(["127.0.0.1", "127.0.0.1:4000", "localhost", "LOCALHOST:4000", "[::1]:4000"])(
    "a request to %s is served",
    async (host) => expect(await raw(asking(host))).toMatch(/^HTTP\/1\.1 200/u),
  );

  test.each(["evil.example", "evil.example:4000", "127.0.0.1.evil.example", "localhost.evil.example"])(
    "a request to %s is not: a page may have its own name point to this machine",
    async (host) => {
      const answer = await raw(asking(host));
      expect(answer).toMatch(/^HTTP\/1\.1 421/u);
      expect(answer).toContain("Without authentication this service is for this machine only");
    },
  );
});
