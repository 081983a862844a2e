import { afterEach, describe, expect, test } from "@jest/globals";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { request, type ClientRequest } from "node:http";
import { connect, type Socket } from "node:net";
import { withConnection } from "../helpers/connection.js";
import { createTestDatabase } from "../helpers/database.js";
import { createGate, until } from "../helpers/gate.js";
import { CANCEL, cancelInput } from "../helpers/operations.js";
import { program, runService, urlOf } from "../helpers/service-process.js";
import { post, startService, useService, type TestService } from "../helpers/service.js";
import { useReleases } from "../helpers/started.js";

const atEnd = useReleases();
/** Held closed while a test wants cancels to be in flight. */
const gate = createGate();
afterEach(() => gate.open());
const service = useService({ simulator: { beforeAnswer: () => gate.pass() } });

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

/** A service that a test stops itself; its database stays until the test is over. */
async function startOne(): Promise<TestService> {
  const database = await createTestDatabase();
  atEnd(() => database.drop());
  return startService({
    database: { url: database.url, drop: () => Promise.resolve() },
    environment: { EBP_TIMEOUT_MS: "20000" },
    simulator: { beforeAnswer: () => gate.pass() },
  });
}

test("callers that hang up leave every cancel to its end, each sent once, and answered under its key", async () => {
  gate.close();
  const { ledger } = service.simulator;
  const before = ledger.totalReceived;
  const inputs = Array.from({ length: 20 }, () => cancelInput());
  const calls = inputs.map((input) => call(service.url, input));
  await until(() => ledger.totalReceived === before + inputs.length);
  await Promise.all(calls.map((calling) => hangUp(calling)));
  gate.open();
  const answers = await Promise.all(inputs.map((input) => service.graphql(CANCEL, { input })));

  for (const { data } of answers) {
    expect(data.cancelPayment).toMatchObject({
      replayed: true,
      cancellation: { status: "SUCCEEDED", resolvedBy: "RESPONSE" },
      userErrors: [],
    });
  }
  expect(ledger.totalReceived).toBe(before + inputs.length);
});

describe("a stop", () => {
  test("finishes the cancel in flight, lets go of the connection it came by, and takes no other", async () => {
    const stopping = await startOne();
    gate.close();
    const answer = stopping.graphql(CANCEL, { input: cancelInput() });
    await until(() => stopping.simulator.ledger.totalReceived === 1);
    const closed = stopping.close();
    // New connections are refused once the stop has begun.
    await until(() =>
      fetch(`${stopping.url}/livez`).then(
        () => false,
        () => true,
      ),
    );
    gate.open();
    const { data, headers } = await answer;
    await closed;

    expect(data.cancelPayment.cancellation.status).toBe("SUCCEEDED");
    expect(headers.get("connection")).toBe("close");
    expect(stopping.simulator.ledger.totalReceived).toBe(1);
  });

  test.each([
    ["", false],
    [", its connections to the database cut meanwhile", true],
  ])(
    "is not done before what EBP answered to a caller who has hung up is stored, and leaves no connection behind%s",
    async (_how, cut) => {
      const stopping = await startOne();
      const { url, databaseUrl, simulator } = stopping;
      const OTHERS = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
      gate.close();
      const calling = call(url, cancelInput());
      await until(() => simulator.ledger.totalReceived === 1);
      await hangUp(calling);
      // The service has seen that the caller is gone once it answers another.
      expect((await fetch(`${url}/livez`)).status).toBe(200);
      if (cut) {
        await withConnection(databaseUrl, (client) =>
          client.query(`SELECT pg_terminate_backend(pid) ${OTHERS}`),
        );
      }
      const closing = stopping.close();
      gate.open();
      await closing;

      await withConnection(databaseUrl, async (client) => {
        expect((await client.query("SELECT status FROM cancellation")).rows).toEqual([
          { status: "SUCCEEDED" },
        ]);
        // PostgreSQL ends a session a moment after its client has: so many looks are less than an idle connection would stay.
        let left: unknown[] = [];
        for (let look = 0; look < 200; look += 1) left = (await client.query(`SELECT pid ${OTHERS}`)).rows;
        expect(left).toEqual([]);
      });
    },
  );
});

/** Enough to start, and soon used up. */
const OPEN_FILES = 256;
const IDLE = 300;

test("connections that send nothing use up no files: cancels are made, and the process lives", async () => {
  const running = runService(
    {
      PORT: "0",
      DATABASE_URL: service.databaseUrl,
      EBP_BASE_URL: service.simulator.url,
      EBP_CONNECTION_PER_CANCEL: "on",
      MAX_EVENT_LOOP_DELAY_MS: "0",
    },
    program("main"),
    OPEN_FILES,
  );
  atEnd(() => {
    running.kill("SIGKILL");
    return running.ended;
  });
  const url = await urlOf(running);
  const openIdle = async (): Promise<Socket> => {
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    // It is cut off when another takes its place.
    socket.on("error", () => undefined);
    atEnd(() => socket.destroy());
    await once(socket, "connect");
    return socket;
  };

  for (let opened = 1; opened <= IDLE; opened += 1) {
    await openIdle();
    if (opened % 100 > 0) continue;
    // A connection of its own for each: one that lay idle would be among those cut off.
    const headers = { connection: "close" };
    const { data } = await post(url, CANCEL, { input: cancelInput() }, headers);
    expect(data.cancelPayment.cancellation.status).toBe("SUCCEEDED");
    expect((await fetch(`${url}/livez`, { headers })).status).toBe(200);
  }
  const files = await readdir(`/proc/${running.pid}/fd`);
  expect(files.length).toBeLessThan(OPEN_FILES - 50);
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
  running.kill("SIGTERM");
  expect(await running.ended).toBe(0);
});
