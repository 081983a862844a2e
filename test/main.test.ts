import { afterAll, afterEach, beforeAll, expect, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EXAMPLE_MUTATION } from "../src/graphql/welcome.js";
import { applyMigrations } from "../src/persistence/migrations.js";
import { createTestDatabase, type TestDatabase } from "./helpers/database.js";
import { until } from "./helpers/gate.js";
import { AUDIENCE, ISSUER, startIdentity } from "./helpers/identity.js";
import { freePort, runService, urlOf, type ServiceProcess } from "./helpers/service-process.js";

let database: TestDatabase;
const releases: (() => Promise<unknown>)[] = [];
beforeAll(async () => (database = await createTestDatabase()));
afterEach(async () => {
  for (let release = releases.pop(); release !== undefined; release = releases.pop()) await release();
});
afterAll(() => database.drop());

function run(environment: Record<string, string>): ServiceProcess {
  const service = runService({ DATABASE_URL: database.url, PORT: "0", ...environment });
  releases.push(() => {
    service.kill("SIGKILL");
    return service.ended;
  });
  return service;
}

function runWithKeyServer(url: string): ServiceProcess {
  return run({ AUTH_JWKS_URL: url, AUTH_ISSUER: ISSUER, AUTH_AUDIENCE: AUDIENCE });
}

async function ask(
  service: ServiceProcess,
  headers: Record<string, string> = {},
  query = "{ cancellations { totalCount } }",
): Promise<Response> {
  return fetch(`${await urlOf(service)}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ query }),
  });
}

/** The log's lines about this, as levels: 40 warns, 50 is an error. */
function levels(service: ServiceProcess, message: RegExp): number[] {
  return service
    .log()
    .filter(({ msg }) => message.test(String(msg)))
    .map(({ level }) => level as number);
}

test("the process tells every fault of its configuration and ends with code 1, without a stack trace", async () => {
  const service = run({
    PORT: "many",
    LOG_LEVEL: "loud",
    EBP_HASH_KEY: "a-secret",
    EBP_CURRENCY_CODE: "WON",
  });
  expect(await service.ended).toBe(1);
  expect(service.stdout).toBe("");
  expect(service.stderr).toMatch(
    /^ConfigurationError: The configuration cannot be used:\n(?: {2}- [A-Z_]+: expected .+, found .+\n){3}$/u,
  );
  for (const variable of ["PORT", "LOG_LEVEL", "EBP_CURRENCY_CODE"])
    expect(service.stderr).toContain(variable);
  expect(service.stderr).not.toContain("a-secret");
});

test("the process ends with code 1 and a message when its database does not answer", async () => {
  const service = run({ DATABASE_URL: "postgresql://nobody:word@127.0.0.1:1/none" });
  expect(await service.ended).toBe(1);
  expect(service.stderr).toMatch(
    /^DatabaseUnreachableError: The PostgreSQL at 127\.0\.0\.1:1 cannot be used: .+\. Check DATABASE_URL/u,
  );
  expect(service.stderr).not.toMatch(/^\s+at |word/mu);
});

test("the process warns once that authentication is off, keeps its port, and ends with code 0 on SIGTERM", async () => {
  const service = run({});
  const url = await urlOf(service);
  await service.output(/Stop with Ctrl-C/u);
  for (let times = 0; times < 3; times += 1) expect((await ask(service)).status).toBe(200);
  expect(levels(service, /authentication is off/u)).toEqual([40]);

  const { port } = new URL(url);
  const second = run({ PORT: port });
  expect(await second.ended).toBe(1);
  expect(second.stderr).toBe(
    `ListenError: listening on 127.0.0.1:${port}: something else listens there. Stop it, or set PORT to another port\n`,
  );

  // Leaves an idle connection open to the service, and one of the service's to the database.
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
  service.kill("SIGTERM");
  expect(await service.ended).toBe(0);
  expect(levels(service, /^SIGTERM: finishing/u)).toEqual([30]);
  expect(service.stderr).toBe("");
  await expect(fetch(`${url}/livez`)).rejects.toThrow();
});

test("keys are fetched before anybody calls", async () => {
  const identity = await startIdentity("ES256");
  releases.push(() => identity.close());
  const service = runWithKeyServer(identity.jwksUrl);
  await until(() => identity.requests.length > 0);
  const authorization = `Bearer ${await identity.token({ stores: ["SIM-KR"] })}`;
  expect((await ask(service, { authorization })).status).toBe(200);
  expect(identity.requests).toEqual(["/keys"]);
});

test("a key server that is down keeps the process neither from starting nor from ending on SIGINT, and is told once", async () => {
  const identity = await startIdentity("ES256");
  const authorization = `Bearer ${await identity.token({ stores: ["SIM-KR"] })}`;
  await identity.close();
  const service = runWithKeyServer(identity.jwksUrl);
  for (let times = 0; times < 3; times += 1) {
    const answer = await ask(service, { authorization });
    expect(answer.status).toBe(503);
    expect(await answer.text()).toContain('"code":"SERVICE_UNAVAILABLE"');
  }
  expect((await ask(service)).status).toBe(401);
  service.kill("SIGINT");
  expect(await service.ended).toBe(0);
  expect(levels(service, /fetching the keys of callers' tokens fails/u)).toEqual([50]);
});

test("a token of 11 kB is accepted, and one that is too long is told so, and logged without a word of it", async () => {
  const identity = await startIdentity("ES256");
  releases.push(() => identity.close());
  const service = runWithKeyServer(identity.jwksUrl);
  const groups = (count: number): Promise<string> =>
    identity.token({ stores: "SIM-KR", groups: Array.from({ length: count }, () => randomUUID()) });
  const long = await groups(200);
  expect(long.length).toBeGreaterThan(10_000);
  expect((await ask(service, { authorization: `Bearer ${long}` })).status).toBe(200);
  const tooLong = await groups(350);
  const refused = await ask(service, { authorization: `Bearer ${tooLong}` });
  expect([refused.status, refused.headers.get("www-authenticate")]).toEqual([
    401,
    'Bearer error="invalid_token"',
  ]);
  expect(await refused.text()).toContain("The token is too long: at most 16384 characters are accepted.");
  await service.output(/a token is too long/u);
  expect(levels(service, /a token is too long/u)).toEqual([40]);
  expect(service.stdout).not.toContain(tooLong.slice(0, 40));
});

test("a service is not ready until it has the keys of callers' tokens", async () => {
  const identity = await startIdentity("ES256");
  releases.push(() => identity.close());
  const mistyped = runWithKeyServer("http://127.0.0.1:1/keys");
  const readiness = await fetch(`${await urlOf(mistyped)}/readyz`);
  expect([readiness.status, await readiness.json()]).toEqual([
    503,
    { status: "unavailable", reason: "the keys of callers' tokens could not be fetched yet" },
  ]);
  const right = runWithKeyServer(identity.jwksUrl);
  const url = await urlOf(right);
  await until(async () => (await fetch(`${url}/readyz`)).status === 200);
});

test("after SIGTERM a service is not ready, serves on for SHUTDOWN_DELAY_MS with connections that end, and then stops", async () => {
  // Longer than this test: it ends the process itself.
  const service = run({ SHUTDOWN_DELAY_MS: "600000" });
  const url = await urlOf(service);
  expect((await fetch(`${url}/readyz`)).headers.get("connection")).toBe("keep-alive");
  service.kill("SIGTERM");
  await service.output(/SIGTERM: not ready any more/u);
  const readiness = await fetch(`${url}/readyz`);
  expect([readiness.status, await readiness.json()]).toEqual([
    503,
    { status: "unavailable", reason: "the service is stopping" },
  ]);
  const answer = await ask(service);
  expect([answer.status, answer.headers.get("connection")]).toEqual([200, "close"]);

  const brief = run({ SHUTDOWN_DELAY_MS: "100" });
  await urlOf(brief);
  brief.kill("SIGTERM");
  expect(await brief.ended).toBe(0);
  expect(levels(brief, /not ready any more|finishing what is in flight/u)).toEqual([30, 30]);
});

test("a service runs on a schema that a newer version has added to, and on no other newer one", async () => {
  const newer = await createTestDatabase();
  releases.push(() => newer.drop());
  const folder = await mkdtemp(join(tmpdir(), "ebp-newer-"));
  releases.push(() => rm(folder, { recursive: true }));
  await cp("prisma/migrations", folder, { recursive: true });
  const add = async (name: string, sql: string): Promise<void> => {
    await mkdir(join(folder, name));
    await writeFile(join(folder, name, "migration.sql"), sql);
    await applyMigrations({ url: newer.url, directory: folder, log: () => undefined });
  };
  await add("29990101000000_channel_expand", "ALTER TABLE cancellation ADD COLUMN channel TEXT;");
  const service = run({ DATABASE_URL: newer.url });
  const answer = await ask(service, {}, EXAMPLE_MUTATION);
  expect(await answer.json()).toMatchObject({
    data: { cancelPayment: { cancellation: { status: "SUCCEEDED" }, userErrors: [] } },
  });
  await add(
    "29990102000000_reason_contract_since_29990101000000",
    "ALTER TABLE cancellation DROP COLUMN reason;",
  );
  const refused = run({ DATABASE_URL: newer.url });
  expect(await refused.ended).toBe(1);
  expect(refused.stderr).toMatch(
    /has migration 29990102000000_reason_contract_since_29990101000000, which this version does not know/u,
  );
});

test("SIGTERM while a service starts is not lost, and ends it with code 0", async () => {
  const service = run({});
  // It does not listen yet.
  await service.output(/EBP is played by/u);
  service.kill("SIGTERM");
  expect(await service.ended).toBe(0);
});

test("a misspelled variable is a warning with the nearest name, and without its value", async () => {
  const service = run({ EBP_TIMEOUTMS: "7654321", RATE_LIMIT_MUTATION: "1", UNRELATED: "x" });
  await urlOf(service);
  await service.output(/RATE_LIMIT_MUTATIONS/u);
  const warned = service.log().filter(({ msg }) => String(msg).includes("is not known"));
  expect(warned.map(({ level, name, nearest }) => [level, name, nearest])).toEqual([
    [40, "EBP_TIMEOUTMS", "EBP_TIMEOUT_MS"],
    [40, "RATE_LIMIT_MUTATION", "RATE_LIMIT_MUTATIONS"],
  ]);
  expect(service.stdout).not.toContain("7654321");
});

test("metrics have a port of their own when METRICS_PORT is set", async () => {
  const port = await freePort();
  const service = run({ METRICS_PORT: String(port) });
  const url = await urlOf(service);
  await until(async () => (await fetch(`${url}/readyz`)).ok);
  expect((await fetch(`${url}/metrics`)).status).toBe(404);
  const metrics = await fetch(`http://127.0.0.1:${port}/metrics`);
  expect(metrics.headers.get("x-content-type-options")).toBe("nosniff");
  expect(await metrics.text()).toContain("ebp_cancels_total");
  expect((await fetch(`http://127.0.0.1:${port}/graphql`)).status).toBe(404);
});

test("a caller's request id is in the answer and in the log, what may be an account number is not, and probes are not logged", async () => {
  const service = run({});
  const [ownId, lastId] = [randomUUID(), randomUUID().replaceAll("-", "")];
  const own = await ask(service, { "x-request-id": ownId });
  expect(own.headers.get("x-request-id")).toBe(ownId);
  const odd = await ask(service, { "x-request-id": "110-1234-5678-90" });
  expect(odd.headers.get("x-request-id")).toMatch(/^[\da-f-]{36}$/u);
  expect((await fetch(`${await urlOf(service)}/livez`)).status).toBe(200);
  await ask(service, { "x-request-id": lastId });
  await until(() => service.stdout.includes(lastId));
  const answered = service.log().filter(({ msg }) => msg === "answered");
  expect(answered.map(({ requestId, path }) => [requestId, path])).toEqual([
    [ownId, "/graphql"],
    [odd.headers.get("x-request-id"), "/graphql"],
    [lastId, "/graphql"],
  ]);
});
