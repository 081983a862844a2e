// node bench/load-shedding.mjs: how soon a saturated service refuses, how soon a refusal is there, and how soon it serves again.
import "../scripts/register-typescript.mjs";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { withTemporaryDatabase } from "../scripts/temporary-database.mjs";

const ROUNDS = 10;
const CONNECTIONS = 10;
const CROWD = 4 * CONNECTIONS;
const MIGRATIONS = fileURLToPath(new URL("../prisma/migrations", import.meta.url));

const { applyMigrations } = await import("../src/persistence/migrations.ts");

await withTemporaryDatabase(async (databaseUrl) => {
  await applyMigrations({ url: databaseUrl, directory: MIGRATIONS, log: () => undefined });
  const service = await startService(databaseUrl);
  // Two, for what a transaction has once read of others' sessions stays as it was.
  const [locks, watch] = [1, 2].map(() => new pg.Client({ connectionString: databaseUrl }));
  await Promise.all([locks.connect(), watch.connect()]);
  try {
    const cases = [
      ["all connections for reading in use", lock(locks, watch), read(service.url)],
      ["all connections for cancelling in use", lock(locks, watch), cancel(service.url)],
      ["event loop busy with turns of 300 ms", busyLoop(service.child), read(service.url)],
    ];
    for (const one of cases) await measure(...one);
  } finally {
    await Promise.all([locks.end(), watch.end()]);
    service.child.kill("SIGTERM");
    await once(service.child, "close");
  }
});

async function measure(what, saturate, request) {
  const figures = { "first 503": [], "a refusal takes": [], "served again": [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    await until(async () => (await request()) === "served");
    // All connections are made before: that takes its time as well.
    await Promise.all(Array.from({ length: CROWD }, request));
    const { isSaturated, release } = await saturate();
    const crowd = Array.from({ length: CROWD }, request);
    await until(isSaturated);
    const began = performance.now();
    await until(async () => (await request()) === "refused");
    figures["first 503"].push(performance.now() - began);
    const asked = performance.now();
    await request();
    figures["a refusal takes"].push(performance.now() - asked);
    await release();
    const released = performance.now();
    await until(async () => (await request()) === "served");
    figures["served again"].push(performance.now() - released);
    await Promise.all(crowd);
  }
  console.log(`${what}, ${ROUNDS} times:`);
  for (const [name, all] of Object.entries(figures)) {
    const [least, middle, most] = [0, all.length >> 1, all.length - 1].map((i) =>
      Math.round(all.sort((a, b) => a - b)[i]),
    );
    console.log(`  ${name.padEnd(16)} ${least} / ${middle} / ${most} ms (least, median, most)`);
  }
}

/** Asks again every few milliseconds without waiting for the answers before: one that hangs is one of the crowd. */
async function until(holds) {
  let done = false;
  while (!done) {
    void holds().then((held) => (done ||= held));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Nobody reads or cancels while the table is locked. */
function lock(client, watch) {
  return async () => {
    await client.query("BEGIN");
    await client.query("LOCK TABLE cancellation IN ACCESS EXCLUSIVE MODE");
    const waiting =
      "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    return {
      isSaturated: async () => (await watch.query(waiting)).rowCount >= CONNECTIONS,
      release: () => client.query("COMMIT"),
    };
  };
}

function busyLoop(child) {
  return async () => {
    child.kill("SIGUSR2");
    return { isSaturated: async () => true, release: async () => child.kill("SIGUSR2") };
  };
}

function read(url) {
  return () => post(url, { query: "{ cancellations(first: 1) { totalCount } }" });
}

function cancel(url) {
  const query = `mutation ($input: CancelPaymentInput!) { cancelPayment(input: $input) { cancellation { status } } }`;
  return () =>
    post(url, {
      query,
      variables: {
        input: {
          idempotencyKey: randomUUID(),
          orderNo: `BENCH-${randomUUID()}`,
          totalCancelAmount: "1000",
          items: [{ seq: 1, itemType: "PHYSICAL", itemId: "P001", quantity: 1, amount: "1000" }],
        },
      },
    });
}

async function post(url, body) {
  const response = await fetch(`${url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const { errors } = await response.json();
  if (response.status === 503) return "refused";
  return errors === undefined ? "served" : "waited in vain";
}

async function startService(databaseUrl) {
  const program = ["busy-loop", "typescript"].flatMap((name) => [
    "--import",
    name === "typescript" ? "./scripts/register-typescript.mjs" : "./test/helpers/busy-loop.mjs",
  ]);
  const child = spawn(process.execPath, [...program, "src/main.ts"], {
    cwd: fileURLToPath(new URL("..", import.meta.url)),
    env: {
      PATH: process.env.PATH,
      PORT: "0",
      DATABASE_URL: databaseUrl,
      // The reconciler would wait for the lock as well.
      RECONCILE_INTERVAL_MS: "0",
      RATE_LIMIT_MUTATIONS: "1000000",
      RATE_LIMIT_QUERY_COST: "1000000",
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let written = "";
  child.stdout.setEncoding("utf8").on("data", (text) => (written += text));
  for (;;) {
    const listening = /"msg":"Server listening at (http:[^"]+)"/u.exec(written);
    if (listening !== null) return { child, url: listening[1] };
    if (child.exitCode !== null) throw new Error(`the service ended:\n${written}`);
    await once(child.stdout, "data");
  }
}
