import { afterEach, describe, expect, test } from "@jest/globals";
import pg from "pg";
import { createGate, until } from "../helpers/gate.js";
import { cancel, CANCEL, cancelInput } from "../helpers/operations.js";
import { program, runService, urlOf } from "../helpers/service-process.js";
import { type GraphQLAnswer, useService } from "../helpers/service.js";
import { useReleases } from "../helpers/started.js";

/** More than wait until further cancels, or further reads, are refused. */
const CROWDS = { cancels: 270, reads: 150 };
const READ = "{ cancellations(first: 1) { totalCount } }";

const gate = createGate();
const service = useService({ simulator: { beforeAnswer: () => gate.pass() } });
afterEach(() => gate.open());
const atEnd = useReleases();

/** A session in which a transaction holds what the statements take. Returns what lets go of it. */
async function hold(...statements: string[]): Promise<() => Promise<void>> {
  const client = new pg.Client({ connectionString: service.databaseUrl });
  await client.connect();
  let held = true;
  const letGo = async (): Promise<void> => {
    if (held) await client.end();
    held = false;
  };
  atEnd(letGo);
  await client.query("BEGIN");
  for (const statement of statements) await client.query(statement);
  return letGo;
}

/** From now on counting waits for whoever holds advisory lock 1; of the service's statements, only reads of the history count. */
async function makeCountingWait(): Promise<void> {
  await service.sql(`
    CREATE FUNCTION wait_and_count(so_far bigint) RETURNS bigint LANGUAGE plpgsql SET lock_timeout = '60s' AS $$
    BEGIN PERFORM pg_advisory_xact_lock_shared(1); RETURN so_far + 1; END $$;
    SET allow_system_table_mods = on;
    UPDATE pg_aggregate SET aggtransfn = 'wait_and_count' WHERE aggfnoid = 'count()'::regprocedure`);
  await service.restart();
}

async function statementsWait(atLeast: number): Promise<void> {
  await until(async () => {
    const waiting = await service.sql(
      "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
    );
    return waiting.length >= atLeast;
  });
}

function expectRefused(answer: GraphQLAnswer): void {
  expect(answer.status).toBe(503);
  expect(answer.headers.get("retry-after")).toBe("1");
  expect(answer.data).toBeUndefined();
  expect(answer.errors).toEqual([
    expect.objectContaining({
      extensions: expect.objectContaining({ code: "SERVICE_UNAVAILABLE", retryAfterSeconds: 1 }),
    }),
  ]);
}

async function ready(): Promise<{ status: number; body: any }> {
  const response = await fetch(`${service.url}/readyz`);
  return { status: response.status, body: await response.json() };
}

async function metric(name: string): Promise<number> {
  const text = await (await fetch(`${service.url}/metrics`)).text();
  return Number(new RegExp(`^${name.replaceAll(/[{}]/gu, "\\$&")} (\\d+)$`, "mu").exec(text)?.[1]);
}

const refused = (answer: GraphQLAnswer): boolean => answer.status === 503;

describe("when PostgreSQL stores no cancel", () => {
  test("cancels are refused at once and not sent, and those under way are neither lost nor sent twice", async () => {
    gate.close();
    const first = cancelInput();
    const sent = service.graphql(CANCEL, { input: first });
    const { ledger } = service.simulator;
    await until(() => ledger.totalReceived === 1);
    const letGo = await hold("LOCK TABLE cancellation IN ACCESS EXCLUSIVE MODE");
    const inputs = Array.from({ length: CROWDS.cancels }, () => cancelInput());
    const crowd = inputs.map((input) => service.graphql(CANCEL, { input }));
    await statementsWait(2);
    // Its answer comes now. Its outcome waits like the others, and is stored once it can be.
    gate.open();
    let last: GraphQLAnswer | undefined;
    await until(async () => refused((last = await service.graphql(CANCEL, { input: cancelInput() }))));
    if (last !== undefined) expectRefused(last);
    expect(last?.errors?.[0].message).toContain("This call sent nothing");

    expect(await ready()).toEqual({
      status: 503,
      body: { status: "unavailable", reason: "more is asked than can be served at this moment" },
    });
    expect((await fetch(`${service.url}/livez`)).status).toBe(200);
    // Nobody is refused for reading, which has connections of its own.
    expect((await service.graphql("{ __typename }")).status).toBe(200);
    // Who waits in vain is told so, before anything is free.
    await Promise.race(crowd).then(({ errors }) =>
      expect(errors?.[0].extensions.code).toBe("SERVICE_UNAVAILABLE"),
    );
    expect(ledger.totalReceived).toBe(1);

    await letGo();
    await until(async () => (await ready()).status === 200);
    expect((await cancel(service, cancelInput())).cancellation.status).toBe("SUCCEEDED");
    await sent;
    // Its lease may have run out meanwhile: then it is UNKNOWN until its outcome is stored.
    await until(async () => (await cancel(service, first)).cancellation.status === "SUCCEEDED");
    const answers = await Promise.all(crowd);
    const told = new Set(
      answers.map(
        ({ data, errors }) => data?.cancelPayment.cancellation.status ?? errors?.[0].extensions.code,
      ),
    );
    expect(told).toEqual(new Set(["SUCCEEDED", "SERVICE_UNAVAILABLE"]));
    for (const input of inputs) {
      expect((await cancel(service, input)).cancellation.status).toBe("SUCCEEDED");
    }
    expect(ledger.totalReceived).toBe(CROWDS.cancels + 2);
  });
});

describe("when all connections for reading are in use", () => {
  test("reads are refused at once, cancels are served whole, and reads are served again as soon as connections are free", async () => {
    const [{ count }] = await service.sql("SELECT count(*)::int FROM cancellation");
    await makeCountingWait();
    const letGo = await hold("SELECT pg_advisory_xact_lock(1)");
    const crowd = Array.from({ length: CROWDS.reads }, () => service.graphql(READ));
    await statementsWait(6);
    let last: GraphQLAnswer | undefined;
    await until(async () => refused((last = await service.graphql("{ __typename }"))));
    if (last !== undefined) expectRefused(last);

    // All of it is asked for: its items and events are read on the connections of what moves money.
    const { cancellation, userErrors } = await cancel(service, cancelInput());
    expect(cancellation).toMatchObject({ status: "SUCCEEDED", items: [{ seq: 1 }] });
    expect(cancellation.events).toHaveLength(2);
    expect(userErrors).toEqual([]);
    expect((await fetch(`${service.url}/livez`)).status).toBe(200);
    expect(await ready()).toMatchObject({
      status: 200,
      body: {
        status: "ok",
        warnings: [{ message: "more is asked of the history than can be served at this moment" }],
      },
    });
    expect(await metric('ebp_shed_total{what="query"}')).toBeGreaterThan(0);
    expect(await metric('ebp_shed_total{what="mutation"}')).toBe(0);
    expectRefused(await service.graphql(READ));

    await letGo();
    await until(async () => (await service.graphql(READ)).status === 200);
    expect(await ready()).toEqual({ status: 200, body: { status: "ok" } });
    const answers = await Promise.all(crowd);
    const told = new Set(
      answers.map(({ data, errors }) => data?.cancellations.totalCount ?? errors?.[0].extensions.code),
    );
    expect(told).toEqual(new Set([count, "SERVICE_UNAVAILABLE"]));
  });
});

test("a process that cannot keep up refuses what is asked of the API, tells so, and serves again once it can", async () => {
  const child = runService(
    {
      PORT: "0",
      DATABASE_URL: service.databaseUrl,
      EBP_BASE_URL: service.simulator.url,
      LOG_LEVEL: "info",
      MAX_EVENT_LOOP_DELAY_MS: "60",
      DATA_ENCRYPTION_KEYS: `test:${Buffer.alloc(32, 7).toString("base64")}`,
    },
    ["--import", "./test/e2e/busy-loop.mjs", ...program("main")],
  );
  atEnd(() => {
    child.kill("SIGKILL");
    return child.ended;
  });
  const url = await urlOf(child);
  const ask = (): Promise<Response> =>
    fetch(`${url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query: "{ __typename }" }),
    });
  await until(async () => (await ask()).status === 200);

  child.kill("SIGUSR2");
  let answer: Response | undefined;
  await until(async () => (answer = await ask()).status === 503);
  expect(answer?.headers.get("retry-after")).toBe("1");
  expect(answer?.headers.get("x-request-id")).not.toBeNull();
  expect(await answer?.json()).toEqual({
    errors: [
      {
        message:
          "There are too many requests right now. This call did nothing; an earlier one with the same idempotency key may have. Try again in 1 s.",
        extensions: { code: "SERVICE_UNAVAILABLE", retryAfterSeconds: 1 },
      },
    ],
  });
  const [alive, ready, webhook, metrics] = await Promise.all([
    fetch(`${url}/livez`),
    fetch(`${url}/readyz`),
    fetch(`${url}/webhooks/ebp`, { method: "POST", body: "{}" }),
    fetch(`${url}/metrics`),
  ]);
  expect([alive.status, ready.status]).toEqual([200, 503]);
  // Not refused: EBP's own signature decides, and here there is no secret to check it with.
  expect(webhook.status).not.toBe(503);
  expect(await metrics.text()).toMatch(/^ebp_shed_total\{what="request"\} [1-9]/mu);

  child.kill("SIGUSR2");
  await until(async () => (await ask()).status === 200);
  await until(async () => (await fetch(`${url}/readyz`)).status === 200);
});
