import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, chown, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { postgresAccount } from "../../src/persistence/embedded/account.ts";
import { connect } from "../history/connection.mjs";
import { cpuOf } from "./meters.mjs";

/** Where Debian has it, which is on the PATH of administrators only. */
const ELSEWHERE = "/usr/sbin";
const POOL_SIZE = 20;
const START_TIMEOUT_MS = 10_000;
const BETWEEN_TRIES_MS = 50;
/** It drops the settings of a session, so they are set for the role: README, "In production". */
const ROLE_SETTINGS = {
  TimeZone: "UTC",
  DateStyle: "ISO",
  default_transaction_isolation: "read committed",
  synchronous_commit: "on",
  idle_in_transaction_session_timeout: "5s",
  lock_timeout: "10s",
};

export function findPgBouncer() {
  const folders = [...(process.env.PATH ?? "").split(delimiter), ELSEWHERE];
  return folders.map((folder) => join(folder, "pgbouncer")).find(existsSync) ?? null;
}

/** A pooler in front of one database, which lends connections by transaction; `url` leads through it. */
export async function startPgBouncer(program, databaseUrl, server, interrupted) {
  const { username, pathname } = new URL(databaseUrl);
  const database = pathname.slice(1);
  for (const [name, value] of Object.entries(ROLE_SETTINGS))
    await server.query(`ALTER ROLE ${username} IN DATABASE ${database} SET ${name} = '${value}'`);
  // It refuses to be root, as PostgreSQL does.
  const folder = await mkdtemp(join(tmpdir(), "ebp-bench-pgbouncer-"));
  const account = await postgresAccount(folder);
  const file = join(folder, "pgbouncer.ini");
  const port = await freePort();
  await writeFile(file, configurationOf(databaseUrl, database, port), { mode: 0o600 });
  if (account !== undefined) for (const path of [folder, file]) await chown(path, account.uid, account.gid);
  await chmod(folder, 0o700);
  const child = spawn(program, ["-q", file], {
    ...account,
    cwd: "/",
    env: {},
    detached: true,
    stdio: ["ignore", "ignore", "inherit"],
  });
  const ended = once(child, "close");
  const url = new URL(databaseUrl);
  url.port = String(port);
  const stop = async () => {
    child.kill("SIGTERM");
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await untilItServes(url.href, child, interrupted);
  } catch (error) {
    await stop();
    throw error;
  }
  const version = execFileSync(program, ["--version"], { encoding: "utf8" }).split("\n")[0];
  return { url: url.href, version, cpu: () => cpuOf(child.pid), stop };
}

/** Whoever can reach it is let in, and it logs in itself: it is there for as long as it is measured, on loopback. */
function configurationOf(databaseUrl, database, port) {
  const { hostname, port: serverPort, username, password } = new URL(databaseUrl);
  return `[databases]
${database} = host=${hostname} port=${serverPort} dbname=${database} user=${username} password=${decodeURIComponent(password)}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = ${POOL_SIZE}
max_client_conn = 500
ignore_startup_parameters = options,extra_float_digits
log_connections = 0
log_disconnections = 0
`;
}

async function untilItServes(url, child, interrupted) {
  const giveUp = performance.now() + START_TIMEOUT_MS;
  for (;;) {
    try {
      const client = await connect(url);
      await client.query("SELECT 1");
      return await client.end();
    } catch (error) {
      if (child.exitCode !== null || performance.now() > giveUp)
        throw new Error(`starting PgBouncer: ${error.message}`, { cause: error });
      await setTimeout(BETWEEN_TRIES_MS, undefined, { signal: interrupted });
    }
  }
}

async function freePort() {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address();
  probe.close();
  await once(probe, "close");
  return port;
}
