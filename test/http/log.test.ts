import { connect } from "node:net";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { createTestDatabase, type TestDatabase } from "../helpers/database.js";
import { CANCEL, cancelInput, PREVIEW } from "../helpers/operations.js";
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

function raw(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(url).port), "127.0.0.1", () => socket.write(text));
    socket.resume();
    socket.on("close", () => resolve()).on("error", reject);
  });
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
  await raw(`GET /graphql?query=${NUMBER} HTTP/1.1\r\nHost: [${NUMBER}\r\nConnection: close\r\n\r\n`);
  await raw(`GET /graphql?query=${NUMBER} HTTP/1.1\r\nHost: a\r\nbroken ${NUMBER}\r\n\r\n`);
  await raw(
    `POST /graphql HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\n{"${NUMBER}`,
  );
  answers.push(await fetch(`${url}/livez`));
  for (const answer of answers) await lineOf(answer);

  expect(service.stdout.replace(/^[^{].*$/gmu, "")).not.toMatch(PIECE_OF_ACCOUNT);
  expect(service.stdout).not.toMatch(/query=|variables=|rawPacket|authorization|cookie/iu);
  expect(service.stderr).toBe("");
});
