import { afterEach, describe, expect, test } from "@jest/globals";
import { request, type ClientRequest } from "node:http";
import { DEVELOPMENT_STORE } from "../../simulator/development-store.js";
import { startApp } from "../../src/app.js";
import { readConfig } from "../../src/config/config.js";
import { startSimulator, type Simulator } from "../../simulator/simulator.js";
import { withConnection } from "../helpers/connection.js";
import { createTestDatabase, type TestDatabase } from "../helpers/database.js";
import { createGate, until, type Gate } from "../helpers/gate.js";
import { CANCEL, cancelInput } from "../helpers/operations.js";
import { runService, urlOf, type ServiceProcess } from "../helpers/service-process.js";
import { startService } from "../helpers/service.js";

const releases: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (let release = releases.pop(); release !== undefined; release = releases.pop()) await release();
});

/** Asks for a cancel over a connection of its own. Whoever hangs up destroys it. */
function call(url: string, input: object): ClientRequest {
  const calling = request(`${url}/graphql`, {
    method: "POST",
    agent: false,
    headers: { "content-type": "application/json" },
  });
  calling.on("error", () => undefined);
  calling.end(JSON.stringify({ query: CANCEL, variables: { input } }));
  return calling;
}

async function hangUp(calling: ClientRequest): Promise<void> {
  const closed = new Promise((resolve) => calling.once("close", resolve));
  calling.destroy();
  await closed;
}

describe("a caller that hangs up", () => {
  test("while its cancel is in flight does not cancel the cancel: it ends SUCCEEDED, and is answered under its key", async () => {
    const gate = createGate();
    const service = await startService({ simulator: { beforeAnswer: () => gate.pass() } });
    releases.push(() => service.close());
    gate.close();
    const input = cancelInput();
    const calling = call(service.url, input);
    await until(() => service.simulator.ledger.totalReceived === 1);
    await hangUp(calling);
    gate.open();
    const again = await service.graphql(CANCEL, { input });

    expect(again.data.cancelPayment).toMatchObject({
      replayed: true,
      cancellation: { status: "SUCCEEDED", resolvedBy: "RESPONSE" },
      userErrors: [],
    });
    expect(service.simulator.ledger.totalReceived).toBe(1);
  });

  test("many at once leave every cancel to its end, each sent once", async () => {
    const gate = createGate();
    const service = await startService({ simulator: { beforeAnswer: () => gate.pass() } });
    releases.push(() => service.close());
    gate.close();
    const inputs = Array.from({ length: 20 }, () => cancelInput());
    const calls = inputs.map((input) => call(service.url, input));
    await until(() => service.simulator.ledger.totalReceived === inputs.length);
    await Promise.all(calls.map((calling) => hangUp(calling)));
    gate.open();
    const answers = await Promise.all(inputs.map((input) => service.graphql(CANCEL, { input })));

    for (const { data } of answers) expect(data.cancelPayment.cancellation.status).toBe("SUCCEEDED");
    expect(service.simulator.ledger.totalReceived).toBe(inputs.length);
  });
});

interface World {
  readonly database: TestDatabase;
  readonly simulator: Simulator;
  readonly gate: Gate;
  readonly start: () => ServiceProcess;
  readonly statuses: () => Promise<string[]>;
}

async function world(): Promise<World> {
  const gate = createGate();
  const database = await createTestDatabase();
  releases.push(() => database.drop());
  const simulator = await startSimulator({ stores: [DEVELOPMENT_STORE], beforeAnswer: () => gate.pass() });
  releases.push(() => simulator.close());
  return {
    database,
    simulator,
    gate,
    start() {
      const service = runService({
        PORT: "0",
        DATABASE_URL: database.url,
        EBP_BASE_URL: simulator.url,
        EBP_TIMEOUT_MS: "20000",
        RECONCILE_INTERVAL_MS: "0",
        DATA_ENCRYPTION_KEYS: `test:${Buffer.alloc(32, 7).toString("base64")}`,
      });
      releases.push(() => {
        service.kill("SIGKILL");
        return service.ended;
      });
      return service;
    },
    statuses: () =>
      withConnection(database.url, async (client) => {
        const { rows } = await client.query<{ status: string }>(
          "SELECT status FROM cancellation ORDER BY created_at",
        );
        return rows.map(({ status }) => status);
      }),
  };
}

const OTHERS = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";

/** How many are connected beside who asks, after those who were about to come or go have done so. */
async function othersConnected(databaseUrl: string): Promise<number> {
  return withConnection(databaseUrl, async (client) => {
    let others = 0;
    for (let look = 0; look < 200; look += 1)
      others = (await client.query(`SELECT pid ${OTHERS}`)).rowCount ?? 0;
    return others;
  });
}

async function cutConnections(databaseUrl: string): Promise<void> {
  await withConnection(databaseUrl, (client) => client.query(`SELECT pg_terminate_backend(pid) ${OTHERS}`));
}

describe("a process that is told to stop", () => {
  test("with a cancel in flight answers and records it, ends with code 0, and the next one starts clean", async () => {
    const { simulator, gate, start, statuses } = await world();
    const first = start();
    const url = await urlOf(first);
    gate.close();
    const input = cancelInput();
    const answer = new Promise<string>((resolve, reject) => {
      call(url, input)
        .once("error", reject)
        .once("response", (response) => {
          let text = "";
          response.setEncoding("utf8").on("data", (part: string) => (text += part));
          response.once("end", () => resolve(text));
        });
    });
    await until(() => simulator.ledger.totalReceived === 1);
    first.kill("SIGTERM");
    await first.output(/finishing what is in flight/u);
    gate.open();

    const { data } = JSON.parse(await answer) as { data: any };
    expect(data.cancelPayment).toMatchObject({ cancellation: { status: "SUCCEEDED" }, userErrors: [] });
    expect(await first.ended).toBe(0);
    expect(first.stderr).toBe("");
    expect(await statuses()).toEqual(["SUCCEEDED"]);

    const second = start();
    const response = await fetch(`${await urlOf(second)}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query: CANCEL, variables: { input } }),
    });
    expect(await response.json()).toMatchObject({
      data: { cancelPayment: { replayed: true, cancellation: { status: "SUCCEEDED" } } },
    });
    expect(simulator.ledger.totalReceived).toBe(1);
  });

  test("with a cancel in flight whose caller has hung up records what EBP answers before it ends", async () => {
    const { simulator, gate, start, statuses } = await world();
    const service = start();
    const url = await urlOf(service);
    gate.close();
    const calling = call(url, cancelInput());
    await until(() => simulator.ledger.totalReceived === 1);
    await hangUp(calling);
    // The service has seen that the caller is gone once it answers another.
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    service.kill("SIGTERM");
    await service.output(/finishing what is in flight/u);
    gate.open();

    expect(await service.ended).toBe(0);
    expect(await statuses()).toEqual(["SUCCEEDED"]);
  });

  test.each([
    ["", false],
    [", its connections to the database cut meanwhile", true],
  ])(
    "is not done before what EBP answered to a caller who has hung up is stored, and leaves no connection behind%s",
    async (_how, cut) => {
      const { database, simulator, gate, statuses } = await world();
      const app = await startApp(
        readConfig(
          {
            PORT: "0",
            LOG_LEVEL: "silent",
            DATABASE_URL: database.url,
            EBP_BASE_URL: simulator.url,
            EBP_TIMEOUT_MS: "20000",
            RECONCILE_INTERVAL_MS: "0",
            DATA_ENCRYPTION_KEYS: `test:${Buffer.alloc(32, 7).toString("base64")}`,
          },
          DEVELOPMENT_STORE,
        ),
      );
      gate.close();
      const calling = call(app.url, cancelInput());
      await until(() => simulator.ledger.totalReceived === 1);
      await hangUp(calling);
      expect((await fetch(`${app.url}/livez`)).status).toBe(200);
      if (cut) await cutConnections(database.url);
      const closing = app.close();
      gate.open();
      await closing;
      const left = await statuses();
      const connected = await othersConnected(database.url);

      expect(left).toEqual(["SUCCEEDED"]);
      expect(connected).toBe(0);
    },
  );

  test("takes no new cancels, and leaves nothing that was not sent in flight", async () => {
    const { simulator, gate, start, statuses } = await world();
    const service = start();
    const url = await urlOf(service);
    gate.close();
    const first = call(url, cancelInput());
    const answered = new Promise((resolve) =>
      first.once("response", (response) => response.resume().once("end", resolve)),
    );
    await until(() => simulator.ledger.totalReceived === 1);
    service.kill("SIGTERM");
    await service.output(/finishing what is in flight/u);
    await until(() =>
      fetch(`${url}/livez`).then(
        () => false,
        () => true,
      ),
    );
    await expect(
      fetch(`${url}/graphql`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ query: CANCEL, variables: { input: cancelInput() } }),
      }),
    ).rejects.toThrow();
    gate.open();
    await answered;

    expect(await service.ended).toBe(0);
    expect(await statuses()).toEqual(["SUCCEEDED"]);
    expect(simulator.ledger.totalReceived).toBe(1);
  });
});
