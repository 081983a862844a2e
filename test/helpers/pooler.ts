import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, chown, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { postgresAccount } from "../../src/persistence/embedded-postgres.js";
import { databaseUrl, withConnection } from "./connection.js";
import { freePort } from "./service-process.js";

/** Where Debian has it, which is on the PATH of administrators only. */
const ELSEWHERE = "/usr/sbin";

/** PgBouncer's program; null where it is not installed. */
export const POOLER = ((): string | null => {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), ELSEWHERE];
  return folders.map((folder) => join(folder, "pgbouncer")).find((file) => existsSync(file)) ?? null;
})();

/** It drops the settings of a session: they have to be set for the role. */
const ROLE_SETTINGS = {
  TimeZone: "UTC",
  DateStyle: "ISO",
  default_transaction_isolation: "read committed",
  synchronous_commit: "on",
  idle_in_transaction_session_timeout: "5s",
  lock_timeout: "10s",
  statement_timeout: "10s",
};

export async function setForRole(url: string): Promise<void> {
  const { username, pathname } = new URL(url);
  await withConnection(url, async (client) => {
    for (const [name, value] of Object.entries(ROLE_SETTINGS)) {
      await client.query(
        `ALTER ROLE ${decodeURIComponent(username)} IN DATABASE ${pathname.slice(1)} SET ${name} = '${value}'`,
      );
    }
  });
}

export interface Pooler {
  /** Leads to the database through it. */
  readonly url: string;
  /** How many connections to it there are, or how many it has to the database. */
  count(what: "CLIENTS" | "SERVERS"): Promise<number>;
  stop(): Promise<void>;
}

/** PgBouncer before one database, which lends so many connections for a transaction each. */
export async function startPooler(url: string, poolSize: number): Promise<Pooler> {
  if (POOLER === null) throw new Error("pgbouncer is not installed");
  const folder = await mkdtemp(join(tmpdir(), "ebp-cancel-facade-test-pooler-"));
  const file = join(folder, "pgbouncer.ini");
  const own = new URL(url);
  own.hostname = "127.0.0.1";
  own.port = String(await freePort());
  await writeFile(file, configurationOf(url, own.port, poolSize), { mode: 0o600 });
  // It refuses to be root, as PostgreSQL does.
  const account = await postgresAccount(folder);
  if (account !== undefined) for (const path of [folder, file]) await chown(path, account.uid, account.gid);
  await chmod(folder, 0o700);
  const child = spawn(POOLER, [file], { ...account, cwd: "/", env: {}, stdio: ["ignore", "ignore", "pipe"] });
  const ended = once(child, "close");
  const stop = async (): Promise<void> => {
    // At once: those who still use it have been told to end before.
    child.kill("SIGTERM");
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  let said = "";
  const isUp = new Promise<boolean>((resolve) => {
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      if (said.includes("process up")) resolve(true);
    });
    void ended.then(
      () => resolve(false),
      () => resolve(false),
    );
  });
  if (!(await isUp)) {
    await rm(folder, { recursive: true, force: true });
    throw new Error(`pgbouncer did not start: ${said}`);
  }
  return { url: own.href, count: (what) => countOf(what, own), stop };
}

/** Whoever can reach it is let in, and it logs in itself: it is there for the tests of one file, on loopback. */
function configurationOf(url: string, port: string, poolSize: number): string {
  const { hostname, port: serverPort, username, password, pathname } = new URL(url);
  const database = pathname.slice(1);
  const quoted = (text: string): string => `'${decodeURIComponent(text).replaceAll("'", "''")}'`;
  return `[databases]
${database} = host=${hostname} port=${serverPort === "" ? "5432" : serverPort} dbname=${database} user=${quoted(username)} password=${quoted(password)}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = ${poolSize}
max_client_conn = 500
ignore_startup_parameters = options, extra_float_digits
`;
}

/** Its own database answers in its own language, to whoever is let in. */
function countOf(what: string, own: URL): Promise<number> {
  return withConnection(databaseUrl(own.href, "pgbouncer"), async (client) => {
    const { rows } = await client.query<{ database: string }>(`SHOW ${what}`);
    return rows.filter(({ database }) => database === own.pathname.slice(1)).length;
  });
}
