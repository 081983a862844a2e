import { afterAll, afterEach, beforeAll, expect, test } from "@jest/globals";
import { createTestDatabase, type TestDatabase } from "../helpers/database.js";
import { until } from "../helpers/gate.js";
import { AUDIENCE, ISSUER, startIdentity } from "../helpers/identity.js";
import { runService, urlOf, type ServiceProcess } from "../helpers/service-process.js";

let database: TestDatabase;
const releases: (() => Promise<unknown>)[] = [];
beforeAll(async () => (database = await createTestDatabase()));
afterEach(async () => {
  for (let release = releases.pop(); release !== undefined; release = releases.pop()) await release();
});
afterAll(() => database.drop());

function start(environment: Record<string, string>): ServiceProcess {
  const service = runService({ DATABASE_URL: database.url, PORT: "0", ...environment });
  releases.push(() => {
    service.kill("SIGTERM");
    return service.ended;
  });
  return service;
}

async function ask(service: ServiceProcess, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${await urlOf(service)}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ query: "{ cancellations { totalCount } }" }),
  });
}

/** The log's lines about this, as levels: 40 warns, 50 is an error. */
function levels(service: ServiceProcess, message: RegExp): number[] {
  return service
    .log()
    .filter(({ msg }) => message.test(String(msg)))
    .map(({ level }) => level as number);
}

test("authentication that is off is warned of once, however many call", async () => {
  const service = start({});
  for (let times = 0; times < 3; times += 1) expect((await ask(service)).status).toBe(200);
  expect(levels(service, /authentication is off/u)).toEqual([40]);
});

test("a service on every address does not start without authentication", async () => {
  const service = start({ HOST: "0.0.0.0" });
  expect(await service.ended).toBe(1);
  expect(service.stderr).toContain("HOST is 0.0.0.0, and without authentication only loopback may be served");
});

test("keys are fetched before anybody calls", async () => {
  const identity = await startIdentity("ES256");
  releases.push(() => identity.close());
  const service = start({ AUTH_JWKS_URL: identity.jwksUrl, AUTH_ISSUER: ISSUER, AUTH_AUDIENCE: AUDIENCE });
  await until(() => identity.requests.length > 0);
  const authorization = `Bearer ${await identity.token({ stores: ["SIM-KR"] })}`;
  expect((await ask(service, { authorization })).status).toBe(200);
  expect(identity.requests).toEqual(["/keys"]);
});

test("a key server that is down does not keep the service from starting, and is told once, however many call", async () => {
  const identity = await startIdentity("ES256");
  const authorization = `Bearer ${await identity.token({ stores: ["SIM-KR"] })}`;
  await identity.close();
  const service = start({ AUTH_JWKS_URL: identity.jwksUrl, AUTH_ISSUER: ISSUER, AUTH_AUDIENCE: AUDIENCE });
  for (let times = 0; times < 3; times += 1) {
    const answer = await ask(service, { authorization });
    expect(answer.status).toBe(503);
    expect(await answer.text()).toContain('"code":"SERVICE_UNAVAILABLE"');
  }
  expect((await ask(service)).status).toBe(401);
  service.kill("SIGTERM");
  expect(await service.ended).toBe(0);
  expect(levels(service, /fetching the keys of callers' tokens fails/u)).toEqual([50]);
});

test("a malformed key among good ones is warned of once, by its id alone, and the good ones let callers in", async () => {
  const identity = await startIdentity("ES256");
  releases.push(() => identity.close());
  const good = { ...identity.publicKey.export({ format: "jwk" }), kid: "key-1" };
  const bad = { kty: "RSA", n: "not-to-be-logged*", e: "AQAB", kid: "key-0" };
  identity.answer(200, JSON.stringify({ keys: [null, bad, good] }));
  const service = start({ AUTH_JWKS_URL: identity.jwksUrl, AUTH_ISSUER: ISSUER, AUTH_AUDIENCE: AUDIENCE });
  const authorization = `Bearer ${await identity.token({ stores: ["SIM-KR"] })}`;
  expect((await ask(service, { authorization })).status).toBe(200);
  const lines = (): object[] =>
    service.log().filter(({ msg }) => String(msg).includes("lists keys that cannot be used"));
  await until(() => lines().length > 0);
  expect(lines()).toEqual([
    expect.objectContaining({
      level: 40,
      skipped: 2,
      keys: [
        { kid: null, reason: "not a JSON object" },
        { kid: "key-0", reason: "not base64url" },
      ],
    }),
  ]);
  expect(JSON.stringify(service.log())).not.toContain("not-to-be-logged");
});
