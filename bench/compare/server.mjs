import { fileURLToPath } from "node:url";
import { applyMigrations } from "../../src/persistence/migrations.ts";
import { CHANGE_CHANNEL } from "../../src/persistence/change-notifications.ts";
import { connect, databaseAt } from "../history/connection.mjs";
import { cpuOfServer, parentOf } from "./processes.mjs";

const MIGRATIONS = fileURLToPath(new URL("../../prisma/migrations", import.meta.url));
/** What a commit must wait for, or it is not one. */
const DURABLE = { fsync: "on", synchronous_commit: "on", full_page_writes: "on" };

/** The one PostgreSQL of a run: makes databases in it, and reads its meters. */
export async function openServer(url) {
  const control = await connect(databaseAt(url, "postgres"));
  const { rows } = await control.query("SELECT pg_backend_pid() AS pid");
  const postmaster = parentOf(rows[0].pid);
  const settings = {};
  for (const [name, expected] of Object.entries(DURABLE)) {
    settings[name] = (await control.query(`SHOW ${name}`)).rows[0][name];
    if (settings[name] !== expected)
      throw new Error(`PostgreSQL has ${name} ${settings[name]}, not ${expected}`);
  }
  await applyMigrations({ url, directory: MIGRATIONS, log: () => undefined });
  const template = new URL(url).pathname.slice(1);
  const listeners = [];

  return {
    settings,
    /** A database of its own for `name`, as it is after the migrations. */
    async createDatabase(name) {
      const database = `bench_${name.toLowerCase().replaceAll(/[^a-z0-9]+/gu, "_")}`;
      await control.query(`CREATE DATABASE ${database} TEMPLATE ${template}`);
      return databaseAt(url, database);
    },
    /** As autovacuum does within the first minute: until then PostgreSQL finds all indexes of an empty table equally good. */
    async analyze(databaseUrl) {
      const client = await connect(databaseUrl);
      await client.query("VACUUM (ANALYZE)");
      await client.end();
    },
    /** What a cancel takes on the disk, with its share of the indexes, and of what its outcome has made free again. */
    async diskOfCancel(databaseUrl) {
      const client = await connect(databaseUrl);
      await client.query("VACUUM (ANALYZE)");
      const { rows } = await client.query(
        `SELECT sum(pg_total_relation_size(oid))::float8 AS bytes, (SELECT count(*)::float8 FROM cancellation) AS cancels
         FROM pg_class WHERE relkind = 'r' AND relname LIKE 'cancel%'`,
      );
      await client.end();
      return rows[0];
    },
    /** So that none begins by the clock while something is measured. */
    checkpoint: () => control.query("CHECKPOINT"),
    /** Counts what is announced there. The service does it in a statement of its own, and all that waits fits in one payload. */
    async countAnnouncements(databaseUrl) {
      const client = await connect(databaseUrl);
      listeners.push(client);
      let count = 0;
      client.on("notification", () => (count += 1));
      await client.query(`LISTEN ${CHANGE_CHANNEL}`);
      return () => count;
    },
    async read() {
      const meters = await control.query(
        "SELECT pg_current_wal_insert_lsn() - '0/0' AS wal, pg_snapshot_xmax(pg_current_snapshot())::text AS xid",
      );
      const [{ wal, xid }] = meters.rows;
      return { wal: Number(wal), transactions: Number(xid), cpu: cpuOfServer(postmaster) };
    },
    close: () => Promise.all([control, ...listeners].map((client) => client.end())),
  };
}
