import { connect, createServer, type AddressInfo, type Socket } from "node:net";
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
import { startPgProxy, type PgProxy } from "./pg-proxy.js";

const MIGRATIONS = fileURLToPath(new URL("../../../prisma/migrations", import.meta.url));

interface Server {
  readonly dataDir: string;
  running: EmbeddedPostgres;
}

/** A PostgreSQL that can go back in time. */
export interface ForgetfulPostgres {
  /** The way to whichever server is in charge. */
  readonly proxy: PgProxy;
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

export async function startForgetfulPostgres(): Promise<ForgetfulPostgres> {
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
  const lag: { cut: () => void } = { cut: () => undefined };
  const leadTo = ({ running }: Server): void => proxy.up(Number(new URL(running.url).port));

  return {
    proxy,
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
      const slow = await startLagProxy(lagMs);
      lag.cut = () => slow.cut();
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
      slow.to(Number(new URL(server.running.url).port));
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
    cutOffStandby: () => lag.cut(),

    async failOver() {
      if (standby === undefined) throw new Error("there is no standby");
      const postmaster = await readPostmaster(join(server.running.folder, "postgres"));
      if (postmaster === undefined) throw new Error("no PostgreSQL runs");
      lag.cut();
      proxy.down();
      process.kill(postmaster.pid, "SIGQUIT");
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

interface LagProxy {
  readonly port: number;
  /** Where it leads from now on. */
  to(port: number): void;
  /** What is on its way is lost, and nothing comes through any more. */
  cut(): void;
  close(): Promise<void>;
}

/** Passes on what the server sends so many milliseconds late: a standby behind it lags by as much. */
async function startLagProxy(lagMs: number): Promise<LagProxy> {
  const sockets = new Set<Socket>();
  const timers = new Set<NodeJS.Timeout>();
  let target = 0;
  let isCut = false;
  const listener = createServer((client) => {
    if (isCut) return void client.resetAndDestroy();
    const server = connect(target, "127.0.0.1");
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(one);
      one.on("error", () => undefined);
      one.on("close", () => {
        sockets.delete(one);
        other.destroy();
      });
    }
    client.pipe(server);
    server.on("data", (bytes) => {
      const timer = setTimeout(() => {
        timers.delete(timer);
        client.write(bytes);
      }, lagMs);
      timers.add(timer);
    });
  });
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const cut = (): void => {
    isCut = true;
    for (const timer of timers) clearTimeout(timer);
    for (const socket of [...sockets]) socket.resetAndDestroy();
  };
  return {
    port: (listener.address() as AddressInfo).port,
    to: (port) => (target = port),
    cut,
    close: () =>
      new Promise((resolve) => {
        listener.close(() => resolve());
        cut();
      }),
  };
}
