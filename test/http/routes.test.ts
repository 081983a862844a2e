import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { cpuMs } from "../security/hostile-texts.js";
import { raw } from "../helpers/raw-http.js";
import { startProductionService, type ProductionService } from "../helpers/production-service.js";

let world: ProductionService;
beforeAll(async () => {
  world = await startProductionService({ EBP_WEBHOOK_SECRET: "3f1c9a6de2b84750a1c46f0b9e7d5a28" });
});
afterAll(() => world.close());

/** PROPFIND stands for those that Node knows and Fastify does not. */
const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"];
/** Nearly the largest that is taken. */
const BODY_BYTES = 98_000;

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Sends this, and reads until the service ends the connection. */
async function send(text: string): Promise<Answer> {
  const [head = "", body = ""] = (await raw(world.service.url, text)).split("\r\n\r\n");
  const [first = "", ...lines] = head.split("\r\n");
  const headers = Object.fromEntries(
    lines.map((line) => [line.split(": ")[0]?.toLowerCase() ?? "", line.slice(line.indexOf(": ") + 2)]),
  );
  return { status: Number(first.split(" ")[1]), headers, body };
}

/** Announces a body of which nothing ever comes: whoever waits for it does not answer before a time-out. */
function announce(method: string, path: string, length = `Content-Length: ${BODY_BYTES}`): Promise<Answer> {
  return send(
    `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n${length}\r\n\r\n`,
  );
}

const PUBLIC = { GET: 200, HEAD: 200 };
/** Every route, with what a method of it answers without a token. Every other method is 405. */
const ROUTES: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  "/graphql": { GET: 401, HEAD: 401, POST: 401 },
  "/graphql/stream": { POST: 401 },
  "/exports/cancellations.csv": { GET: 401 },
  "/exports/cancellations.ndjson": { GET: 401 },
  "/livez": PUBLIC,
  "/readyz": PUBLIC,
  "/metrics": PUBLIC,
  // Its body would be read, were it not too large: who sent it is known by that alone.
  "/webhooks/ebp": { POST: 413 },
};

test.each(Object.entries(ROUTES))(
  "%s without a token is answered before any of the body is read",
  async (path, statuses) => {
    for (const method of METHODS) {
      const { status, headers } = await announce(method, path);
      expect(status).toBe(statuses[method] ?? 405);
      expect(headers["allow"]).toBe(statuses[method] ? undefined : Object.keys(statuses).sort().join(", "));
      expect(headers).toMatchObject({
        connection: "close",
        "x-content-type-options": "nosniff",
        // Browsers come by https only.
        "strict-transport-security": "max-age=31536000",
      });
    }
  },
);

test.each(["/", "/nope", "/graphql/", "//graphql", "/webhooks", "/admin?accountNumber=1029384756", "*"])(
  "%s is nowhere, which is said before any of the body is read",
  async (path) => {
    for (const method of METHODS) {
      const { status, headers, body } = await announce(method, path);
      expect([status, headers["allow"], headers["connection"]]).toEqual([404, undefined, "close"]);
      const message = "There is nothing here. The API is at /graphql.";
      if (method !== "HEAD")
        expect(JSON.parse(body)).toEqual({ errors: [{ message, extensions: { code: "NOT_FOUND" } }] });
    }
  },
);

test.each([
  ["in chunks", "POST", "/nope", "Transfer-Encoding: chunked", 404],
  ["in chunks, where another method is", "PUT", "/graphql", "Transfer-Encoding: chunked", 405],
  ["in chunks, without a token", "POST", "/graphql", "Transfer-Encoding: chunked", 401],
  ["to an address that cannot be decoded", "POST", "/%zz", `Content-Length: ${BODY_BYTES}`, 400],
  ["larger than any that is taken", "POST", "/nope", "Content-Length: 9000000000", 404],
])("a body announced %s is not waited for", async (_how, method, path, length, expected) => {
  const { status, headers } = await announce(method, path, length);
  expect([status, headers["connection"]]).toEqual([expected, "close"]);
});

test("a method that a path does not have is told those that it has, in words as well", async () => {
  const { body } = await announce("PUT", "/graphql?query=1029384756");
  expect(JSON.parse(body)).toEqual({
    errors: [
      {
        message: "This address takes GET, HEAD, POST.",
        extensions: { code: "BAD_REQUEST" },
      },
    ],
  });
});

test("a connection is kept when there is no body, or all of it was read", async () => {
  const host = "Host: 127.0.0.1\r\n";
  const last = `GET /livez HTTP/1.1\r\n${host}Connection: close\r\n\r\n`;
  for (const first of [
    `PUT /graphql HTTP/1.1\r\n${host}\r\n`,
    `POST /nope HTTP/1.1\r\n${host}Content-Length: 0\r\n\r\n`,
    `POST /webhooks/ebp HTTP/1.1\r\n${host}Content-Length: 2\r\n\r\n{}`,
  ]) {
    const { headers, body } = await send(first + last);
    expect(headers["connection"]).toBe("keep-alive");
    expect(body).toContain("HTTP/1.1 200");
  }
});

test("a client that sends a whole body to nowhere, or without a token, gets its answer", async () => {
  const body = JSON.stringify({ query: "x".repeat(BODY_BYTES) });
  const headers = { "content-type": "application/json" };
  for (const [method, path, status] of [
    ["POST", "/nope", 404],
    ["PUT", "/graphql", 405],
    ["POST", "/graphql", 401],
  ] as const) {
    for (let i = 0; i < 5; i += 1)
      expect((await fetch(world.service.url + path, { method, headers, body })).status).toBe(status);
  }
});

test("serves no other page where the API is", async () => {
  const response = await world.fetch("/graphql", { headers: { accept: "text/html" } });
  expect(response.status).toBe(406);
  expect(await response.text()).not.toContain("<html");
});

test("does not tell its schema in production", async () => {
  const { status, errors } = await world.graphql("{ __schema { types { name } } }");
  expect(status).toBe(400);
  expect(errors?.[0].message).toMatch(/introspection/u);
});

test("every route and method with a body announced costs less than 5 ms of CPU on average", async () => {
  const paths = [...Object.keys(ROUTES), "/nope"];
  const all = paths.flatMap((path) => METHODS.map((method) => ({ method, path })));
  const bound = 5 * all.length;
  const cost = await cpuMs(bound, async () => {
    for (const { method, path } of all) await announce(method, path);
  });
  expect(cost).toBeLessThanOrEqual(bound);
});
