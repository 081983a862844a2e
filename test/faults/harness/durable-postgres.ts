import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readPostmaster, startEmbeddedPostgres } from "../../../src/persistence/embedded-postgres.js";
import { applyMigrations } from "../../../src/persistence/migrations.js";
import { startPgProxy, type PgProxy } from "./pg-proxy.js";

const MIGRATIONS = fileURLToPath(new URL("../../../prisma/migrations", import.meta.url));

export interface DurablePostgres {
  /** The way to it: stays the same, whatever port the server is on. */
  readonly proxy: PgProxy;
  /** pg_ctl stop -m immediate: no checkpoint, no goodbye. */
  stopImmediately(): Promise<void>;
  /** Starts it again; it recovers from its log. */
  startAgain(): Promise<void>;
  close(): Promise<void>;
}

/** A PostgreSQL that keeps what it has acknowledged, unlike the one that other tests share. */
export async function startDurablePostgres(): Promise<DurablePostgres> {
  const dataDir = join(tmpdir(), `ebp-faults-${randomUUID()}`);
  const start = (): ReturnType<typeof startEmbeddedPostgres> =>
    startEmbeddedPostgres({ dataDir, durable: true, log: () => undefined });
  let server = await start();
  await applyMigrations({ url: server.url, directory: MIGRATIONS, log: () => undefined });
  const proxy = await startPgProxy(server.url);
  return {
    proxy,
    async stopImmediately() {
      const postmaster = await readPostmaster(join(server.folder, "postgres"));
      if (postmaster === undefined) throw new Error("no PostgreSQL runs");
      process.kill(postmaster.pid, "SIGQUIT");
      // Waits for its end, and lets go of the folder.
      await server.stop();
    },
    async startAgain() {
      server = await start();
      proxy.up(Number(new URL(server.url).port));
    },
    async close() {
      await proxy.close();
      await server.stop();
      await Promise.all([dataDir, server.folder].map((path) => rm(path, { recursive: true, force: true })));
    },
  };
}
