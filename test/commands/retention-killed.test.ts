import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { randomBytes } from "node:crypto";
import { readdir } from "node:fs/promises";
import fc from "fast-check";
import { createPrisma } from "../../src/persistence/prisma.js";
import { retain, type Retention } from "../../src/persistence/retention/retain.js";
import {
  archivedById,
  dump,
  eventsOf,
  expectSameRow,
  itemsOf,
  linesIn,
  useFolders,
  type Dump,
} from "../helpers/archives.js";
import { withConnection } from "../helpers/connection.js";
import { createTestDatabase, type TestDatabase } from "../helpers/database.js";
import { until } from "../helpers/gate.js";
import { historyRows, insertHistory } from "../helpers/history-rows.js";
import { runService, type ServiceProcess } from "../helpers/service-process.js";

const POINTS = new URL("../faults/harness/fault-points.mjs", import.meta.url).href;
const RENAMES = new URL("../helpers/kill-at-rename.mjs", import.meta.url).href;
const MONTHS = 24;
const TIMEOUT_MS = 60_000;

let database: TestDatabase;
beforeAll(async () => (database = await createTestDatabase()));
afterAll(() => database.drop());
const newFolder = useFolders();

const sql = (text: string, values: unknown[] = []): Promise<any[]> =>
  withConnection(database.url, async (client) => (await client.query(text, values)).rows);

/** Three stores, so three files and one of webhooks; all old, each decided one with three events. */
async function fill(): Promise<Dump> {
  await sql("TRUNCATE cancelled_order, cancellation, webhook_event CASCADE");
  const [rows = []] = fc.sample(historyRows({ min: 30, max: 30 }), { numRuns: 1, seed: 1 });
  await withConnection(database.url, (client) => insertHistory(client, rows));
  const old = `now() - interval '${MONTHS + 1} months'`;
  await sql(
    `UPDATE cancellation SET note = 'a note', bank_code = '001', refund_account_sealed = $1, refund_account_key_id = 'k', event_count = 3,
       created_at = ${old}, resolved_at = CASE WHEN resolved_at IS NOT NULL THEN ${old} END`,
    [randomBytes(90)],
  );
  await sql(
    `INSERT INTO cancellation_event (store_id, cancellation_id, number, at, to_status, source, answer_sealed, answer_key_id)
     SELECT store_id, id, n, ${old}, 'PENDING', 'LOOKUP', $1, 'k' FROM cancellation, generate_series(1, 3) n`,
    [randomBytes(700)],
  );
  await sql(
    `INSERT INTO webhook_event (digest, kind, state, is_of_success, body_sealed, body_key_id, received_at)
     SELECT md5(n::text), 'OTHER', 'IGNORED', true, $1, 'k', ${old} FROM generate_series(1, 9) n`,
    [randomBytes(200)],
  );
  return dump(sql);
}

function start(folder: string, environment: Record<string, string>, preload: string): ServiceProcess {
  const settings = {
    DATABASE_URL: database.url,
    EBP_BASE_URL: "http://127.0.0.1:9",
    DATA_ENCRYPTION_KEYS: `test:${Buffer.alloc(32, 7).toString("base64")}`,
    FAULT_DATABASE_PORT: new URL(database.url).port,
    ...environment,
  };
  return runService(settings, [
    "--import",
    preload,
    "--import",
    "./scripts/register-typescript.mjs",
    "src/commands/retention.ts",
    ...["--older-than-months", String(MONTHS), "--to", folder],
  ]);
}

/** Once PostgreSQL has noticed that the one before is gone, and its lock with it. */
async function runAgain(folder: string): Promise<Retention | null> {
  const prisma = createPrisma(database.url);
  let result: Retention | null = null;
  await until(async () => {
    result = await retain({ prisma, databaseUrl: database.url, olderThanMonths: MONTHS, folder });
    return result !== null;
  }).finally(() => prisma.$disconnect());
  return result;
}

/** All that there was is in the database or in a file, as it was. */
function expectNothingLost(then: Dump, now: Dump, lines: readonly any[]): void {
  const archived = archivedById(lines);
  for (const row of then.cancellation) {
    const file = archived.get(row.id);
    const here = now.cancellation.find(({ id }) => id === row.id);
    for (const event of eventsOf(then, row.id)) {
      const kept = eventsOf(now, row.id).find(({ number }) => number === event.number);
      const moved = file?.events.find(({ number }) => number === event.number);
      if (kept === undefined) expectSameRow(moved, event);
      else expect(kept).toEqual(event);
    }
    if (here.archived_at === null) expect(here).toEqual(row);
    else expectSameRow(file?.row, row);
    expect(itemsOf(now, row.id)).toEqual(itemsOf(then, row.id));
  }
  const bodies = new Map(
    lines.flatMap(({ webhook }) => (webhook === undefined ? [] : [[webhook.digest, webhook]])),
  );
  for (const row of then.webhook_event) {
    const here = now.webhook_event.find(({ digest }) => digest === row.digest);
    if (here === undefined) expectSameRow(bodies.get(row.digest), row);
    else expect(here).toEqual(row);
  }
}

test.each([
  ["before it has read a row", { FAULT_AT: "before rows:1" }, POINTS],
  ["with a file half written", { FAULT_AT: "after trail:1" }, POINTS],
  ["with a second file half written", { FAULT_AT: "before trail:3" }, POINTS],
  ["with a file that has no name yet", { KILL_AT_RENAME: "before:2" }, RENAMES],
  ["with a file that has its name", { KILL_AT_RENAME: "after:2" }, RENAMES],
  ["before it removes what a file has", { FAULT_AT: "before removal:2" }, POINTS],
  ["while it removes what a file has", { FAULT_AT: "during removal:3" }, POINTS],
  ["when that is removed, and it does not know", { FAULT_AT: "after removal:3" }, POINTS],
  ["while it removes webhooks", { FAULT_AT: "during removal:4" }, POINTS],
])(
  "killed %s, it has lost nothing, and the next run goes on",
  async (_when, environment, preload) => {
    const folder = await newFolder();
    const then = await fill();
    const killed = start(folder, environment, preload);
    expect([await killed.ended, killed.stdout]).toEqual(["SIGKILL", ""]);
    // A statement that has been handed over outlives who sent it.
    await sql(
      "BEGIN; LOCK TABLE cancellation_event, cancellation, webhook_event IN ACCESS EXCLUSIVE MODE; COMMIT",
    );
    expectNothingLost(then, await dump(sql), await linesIn(folder));

    const again = await runAgain(folder);
    expect(again?.end).toBe("done");
    expect(again?.archived.every(({ due, moved }) => due === moved)).toBe(true);
    const now = await dump(sql);
    expectNothingLost(then, now, await linesIn(folder));
    const decided = now.cancellation.filter(({ resolved_at }) => resolved_at !== null);
    expect(decided.length).toBeGreaterThan(10);
    for (const { id, archived_at: since } of decided) {
      expect(since).not.toBeNull();
      expect(eventsOf(now, id)).toEqual([]);
    }
    expect(now.webhook_event).toEqual([]);
    const partial = (await readdir(folder)).filter((name) => name.endsWith(".partial"));
    expect(again?.partial).toEqual(partial.map((name) => `${folder}/${name}`));
  },
  TIMEOUT_MS,
);
