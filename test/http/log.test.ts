import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { logError } from "../../src/http/errors.js";
import { createPrisma } from "../helpers/connection.js";
import { createTestDatabase, type TestDatabase } from "../helpers/database.js";
import { CANCEL, cancelInput, PREVIEW } from "../helpers/operations.js";
import { raw } from "../helpers/raw-http.js";
import { ACCOUNT, literal, NUMBER, PIECE_OF_ACCOUNT } from "../helpers/refusals.js";
import { runService, urlOf, type ServiceProcess } from "../helpers/service-process.js";

let database: TestDatabase;
let service: ServiceProcess;
let url: string;

beforeAll(async () => {
  database = await createTestDatabase();
  service = runService({ DATABASE_URL: database.url, PORT: "0", LOG_LEVEL: "trace" });
  url = await urlOf(service);
});

afterAll(async () => {
  service.kill("SIGTERM");
  expect(await service.ended).toBe(0);
  await database.drop();
});

/** Waits for the line about the answer with this id. */
async function lineOf(response: Response): Promise<any> {
  const requestId = response.headers.get("x-request-id");
  const [line] = await service.output(new RegExp(`^.*"requestId":"${requestId}".*"msg":"answered".*$`, "mu"));
  return JSON.parse(line);
}

function post(body: string): Promise<Response> {
  return fetch(`${url}/graphql`, { method: "POST", headers: { "content-type": "application/json" }, body });
}

function search(query: string, variables: object): string {
  return new URLSearchParams({ query, variables: JSON.stringify(variables) }).toString();
}

test("logs each answer with its id, method, path and status, and no query string", async () => {
  const path = `/graphql?${search(PREVIEW, { input: cancelInput({ refundAccount: ACCOUNT }) })}`;
  const response = await fetch(url + path, { headers: { "apollo-require-preflight": "true" } });
  expect(response.status).toBe(200);
  expect(await lineOf(response)).toMatchObject({
    level: 30,
    method: "GET",
    path: "/graphql",
    status: 200,
    ms: expect.any(Number),
  });
  const missing = await fetch(`${url}/nothing/${NUMBER}?accountNumber=${NUMBER}`);
  expect(await lineOf(missing)).toMatchObject({ path: "(no route)", status: 404 });
});

test("logs nothing of an account and of no query string, at any level, whatever is asked and however it fails", async () => {
  const input = cancelInput({ refundAccount: ACCOUNT });
  const answers = [
    await post(JSON.stringify({ query: CANCEL, variables: { input } })),
    await post(JSON.stringify({ query: CANCEL, variables: { input: { ...input, orderNo: undefined } } })),
    await post(JSON.stringify({ query: CANCEL, variables: { input: { ...input, refundAccount: NUMBER } } })),
    await post(JSON.stringify({ query: literal(`{ accountNumber: ${NUMBER} }`) })),
    await post(JSON.stringify({ query: literal(`{ accountNumber "${NUMBER}" }`) })),
    await post(
      JSON.stringify({
        query: literal(`{ accountNumber: $n, bankCode: "${NUMBER}" }`).replace(
          "mutation",
          'mutation ($n: String = "1")',
        ),
        variables: { n: null },
      }),
    ),
    await post(JSON.stringify({ query: "{ __typename }", operationName: NUMBER })),
    await post(`{"refundAccount": ${JSON.stringify(ACCOUNT)}`),
    await fetch(`${url}/graphql?${search("{", ACCOUNT)}`),
    await fetch(`${url}/graphql?${search(CANCEL, { input })}`, {
      headers: { "apollo-require-preflight": "1" },
    }),
    await fetch(`${url}/graphql`, {
      method: "POST",
      headers: { "content-type": `x/${NUMBER}` },
      body: NUMBER,
    }),
    await fetch(`${url}/readyz?accountNumber=${NUMBER}`),
    await fetch(`${url}/livez`, { headers: { authorization: `Bearer ${NUMBER}`, cookie: NUMBER } }),
  ];
  const undecodable = await fetch(`${url}/${NUMBER}%zz?${NUMBER}`);
  expect(undecodable.status).toBe(400);
  await raw(url, `GET /graphql?query=${NUMBER} HTTP/1.1\r\nHost: [${NUMBER}\r\nConnection: close\r\n\r\n`);
  await raw(url, `GET /graphql?query=${NUMBER} HTTP/1.1\r\nHost: a\r\nbroken ${NUMBER}\r\n\r\n`);
  await raw(
    url,
    `POST /graphql HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\n{"${NUMBER}`,
  );
  answers.push(await fetch(`${url}/livez`));
  for (const answer of answers) await lineOf(answer);

  expect(service.stdout.replace(/^[^{].*$/gmu, "")).not.toMatch(PIECE_OF_ACCOUNT);
  expect(service.stdout).not.toMatch(/query=|variables=|rawPacket|authorization|cookie/iu);
  expect(service.stderr).toBe("");
});

test("what a database says of the row it refused is not logged", async () => {
  const prisma = createPrisma(database.url);
  const refused: unknown = await prisma.$executeRaw`
    INSERT INTO cancellation (
      store_id, id, order_no, idempotency_key, fingerprint, status, currency_code, amount_basis, total_cancel_amount, note
    ) VALUES ('S', gen_random_uuid(), 'O', 'K', 'F', 'FAILED', 'KRW', 'unit', 0, 'a note of the caller')`.catch(
    (error: unknown) => error,
  );
  await prisma.$disconnect();
  const logged = logError(new Error("recording it failed", { cause: refused }));

  expect(JSON.stringify(refused)).toContain("a note of the caller");
  expect(JSON.stringify(logged)).not.toContain("a note of the caller");
  expect(logged).toMatchObject({
    type: "Error",
    cause: { type: expect.any(String), stack: expect.any(String) },
  });
});

test("a chain of causes that is a loop has an end", () => {
  const error = new Error("a");
  error.cause = error;
  expect(JSON.stringify(logError(error)).length).toBeLessThan(100_000);
});

test("something thrown that is no error is logged by its type, not by what it holds", () => {
  expect(logError("1029384756")).toEqual({
    type: "string",
    message: "not an error",
    stack: "",
  });
});

function thrownBy(work: () => unknown): Error {
  try {
    work();
  } catch (error) {
    return error as Error;
  }
  throw new Error("nothing was thrown");
}

describe("of an error of the engine", () => {
  const SECRET = "Zaphodine Quibblewick";

  test.each<[string, () => unknown]>([
    ["a pattern that cannot be compiled", () => new RegExp(`(${SECRET}`, "u")],
    [
      "a pattern on several lines, one of them like a frame",
      () => new RegExp(`(\n    at ${SECRET}:1:2\n`, "u"),
    ],
    ["a text that is no JSON", () => JSON.parse(SECRET)],
    ["a currency that is none", () => new Intl.NumberFormat("en", { style: "currency", currency: SECRET })],
  ])("that quotes what it was given, the words are not logged, and its frames are: %s", (_what, work) => {
    const error = thrownBy(work);
    const logged = logError(new Error("checking failed", { cause: error }));
    expect(JSON.stringify(logged)).not.toMatch(/Zaphodine|Quibblewick/u);
    expect(logged).toMatchObject({
      message: "checking failed",
      cause: {
        type: error.name,
        message: "not logged: it may quote data",
        stack: expect.stringMatching(
          /^\w+(?:\n {4}at [^\n]+)*log\.test\.ts:\d+:\d+(?:\)?\n {4}at [^\n]+)+$/u,
        ),
      },
    });
  });

  test("whose message was changed afterwards, neither message is logged", () => {
    const error = new SyntaxError(`\n    at ${SECRET}:1:2`);
    // It is put together when it is read first.
    expect(error.stack).toContain(SECRET);
    error.message = "changed";
    expect(logError(error)).toMatchObject({
      message: expect.not.stringContaining("changed"),
      stack: "SyntaxError",
    });
  });
});
