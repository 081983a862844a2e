import { randomUUID } from "node:crypto";
import { appendFile, chmod, chown, cp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  readPostmaster,
  startEmbeddedPostgres,
  type EmbeddedPostgres,
} from "../../../src/persistence/embedded-postgres.js";
import { applyMigrations } from "../../../src/persistence/migrations.js";
import { withConnection } from "../../helpers/connection.js";
import { startRelay, type Relay } from "../../helpers/relay.js";
import { startPgProxy, type PgProxy } from "./pg-proxy.js";

const MIGRATIONS = fileURLToPath(new URL("../../../prisma/migrations", import.meta.url));

interface Server {
  readonly dataDir: string;
  running: EmbeddedPostgres;
}

/** A PostgreSQL that keeps what it has acknowledged, unlike the one that other tests share, and that can be sent back in time. */
export interface PostgresServer {
  /** The way to whichever server is in charge. */
  readonly proxy: PgProxy;
  /** pg_ctl stop -m immediate: no checkpoint, no goodbye. */
  stopImmediately(): Promise<void>;
  /** Starts it again; it recovers from its log. */
  startAgain(): Promise<void>;
  /** Keeps a copy of all that is there now. The server is stopped for it, and comes back. */
  backUp(): Promise<void>;
  /** As it was at the last `backUp`. */
  restore(): Promise<void>;
  /** Starts an asynchronous standby that is this much behind. */
  addStandby(lagMs: number): Promise<void>;
  /** Nothing reaches the standby any more, not even what is on its way: it forgets all that is committed from now on. */
  cutOffStandby(): void;
  /** The server dies at this moment, and the standby takes over with what it has. */
  failOver(): Promise<void>;
  close(): Promise<void>;
}

export async function startPostgres(): Promise<PostgresServer> {
  const folders: string[] = [];
  const releases: (() => Promise<unknown>)[] = [];
  const newFolder = (): string => {
    const folder = join(tmpdir(), `ebp-faults-${randomUUID()}`);
    folders.push(folder);
    return folder;
  };
  const start = (dataDir: string): Promise<EmbeddedPostgres> =>
    startEmbeddedPostgres({ dataDir, durable: true, log: () => undefined });
  const dataDir = newFolder();
  let server: Server = { dataDir, running: await start(dataDir) };
  folders.push(server.running.folder);
  let standby: Server | undefined;
  let backup: string | undefined;
  await applyMigrations({ url: server.running.url, directory: MIGRATIONS, log: () => undefined });
  const proxy = await startPgProxy(server.running.url);
  let lag: Relay | undefined;
  const leadTo = ({ running }: Server): void => proxy.up(Number(new URL(running.url).port));

  const strike = async ({ running }: Server): Promise<void> => {
    const postmaster = await readPostmaster(join(running.folder, "postgres"));
    if (postmaster === undefined) throw new Error("no PostgreSQL runs");
    process.kill(postmaster.pid, "SIGQUIT");
  };

  return {
    proxy,
    async stopImmediately() {
      await strike(server);
      // Waits for its end, and lets go of the folder.
      await server.running.stop();
    },
    async startAgain() {
      server.running = await start(server.dataDir);
      leadTo(server);
    },
    async backUp() {
      proxy.down();
      await server.running.stop();
      backup = newFolder();
      await copy(server.dataDir, backup);
      server.running = await start(server.dataDir);
      leadTo(server);
    },
    async restore() {
      if (backup === undefined) throw new Error("there is no backup");
      proxy.down();
      await server.running.stop();
      server = { dataDir: backup, running: await start(backup) };
      leadTo(server);
    },
    async addStandby(lagMs) {
      proxy.down();
      const { username, password, pathname } = new URL(server.running.url);
      await server.running.stop();
      const folder = newFolder();
      await copy(server.dataDir, folder);
      const slow = await startLagRelay(lagMs, server.running.url);
      lag = slow;
      releases.push(() => slow.close());
      const data = join(folder, "postgres");
      const login = `user=${username} password=${decodeURIComponent(password)} dbname=${pathname.slice(1)}`;
      await appendFile(
        join(data, "postgresql.auto.conf"),
        `primary_conninfo = 'host=127.0.0.1 port=${slow.port} ${login}'\n`,
      );
      await writeFile(join(data, "standby.signal"), "");
      const { uid, gid } = await stat(join(data, "PG_VERSION"));
      await chown(join(data, "standby.signal"), uid, gid);
      server.running = await start(server.dataDir);
      slow.leadTo(Number(new URL(server.running.url).port));
      standby = { dataDir: folder, running: await start(folder) };
      await withConnection(server.running.url, async (client) => {
        for (let isStreaming = false; !isStreaming;) {
          const { rowCount } = await client.query(
            "SELECT FROM pg_stat_replication WHERE state = 'streaming'",
          );
          isStreaming = rowCount === 1;
        }
      });
      leadTo(server);
    },
    cutOffStandby: () => lag?.leadTo(null),
    async failOver() {
      if (standby === undefined) throw new Error("there is no standby");
      lag?.leadTo(null);
      proxy.down();
      await strike(server);
      const old = server.running;
      server = standby;
      await withConnection(server.running.url, (client) => client.query("SELECT pg_promote()"));
      leadTo(server);
      await old.stop();
    },
    async close() {
      await proxy.close();
      await server.running.stop();
      for (const release of releases) await release();
      await Promise.all(folders.map((path) => rm(path, { recursive: true, force: true })));
    },
  };
}

/** With the owners and modes, without which PostgreSQL does not start. */
async function copy(from: string, to: string): Promise<void> {
  await cp(from, to, { recursive: true });
  for (const name of ["", ...(await readdir(from, { recursive: true }))]) {
    const { mode, uid, gid } = await stat(join(from, name));
    await chmod(join(to, name), mode & 0o7777);
    await chown(join(to, name), uid, gid);
  }
}

/** Passes on what the server sends so many milliseconds late: a standby behind it lags by as much. What is on its way when it is cut is lost. */
async function startLagRelay(lagMs: number, databaseUrl: string): Promise<Relay> {
  return startRelay(databaseUrl, ({ client, server }) => {
    const timers = new Set<NodeJS.Timeout>();
    client.on("close", () => timers.forEach(clearTimeout));
    client.pipe(server);
    server.on("data", (bytes) => {
      const timer = setTimeout(() => {
        timers.delete(timer);
        client.write(bytes);
      }, lagMs);
      timers.add(timer);
    });
  });
}
