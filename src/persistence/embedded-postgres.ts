import { createHash, randomBytes, randomInt, randomUUID } from "node:crypto";
import {
  access,
  chmod,
  chown,
  constants,
  mkdir,
  readFile,
  realpath,
  rename,
  rm,
  writeFile,
} from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import {
  exists,
  findPrograms,
  postgresAccount,
  runAs,
  unlessExists,
  type Account,
} from "./embedded-programs.js";
import { SessionClient, sessionConfig } from "./session.js";

export interface EmbeddedPostgres {
  readonly url: string;
  /** Where the files are: `dataDir`, unless root keeps it where PostgreSQL's account cannot enter. */
  readonly folder: string;
  /** Ends every session, stops the server and waits for its end. May be called again. */
  stop(): Promise<void>;
}

const DATABASE = "cancellations";
/** Held by the process that uses the server: a killed process loses it with its connection. */
const OWNER_LOCK = 1;
/** Another program may have the port, and a killed server's last children hold its memory for a second or two. */
const ATTEMPTS = 5;
const RETRY_DELAY_MS = 500;
/** For what root keeps in folders that PostgreSQL's account cannot enter. */
const SYSTEM_FOLDER = "/var/lib/ebp-cancel-facade";
/** PostgreSQL's account can enter; what lies inside has a mode of its own. */
const OPEN_TO_ENTER = 0o711;

interface Home {
  readonly folder: string;
  readonly dataFolder: string;
  readonly account: Account | undefined;
  /** The folder of PostgreSQL's programs. */
  readonly bin: string;
  readonly password: string;
}

/**
 * Starts a PostgreSQL whose data live in `dataDir`, reachable from this machine only. It is made on first use, and kept between starts.
 * A server that a killed process left behind is taken over. For development and tests: production brings its own PostgreSQL.
 * @param options.durable false gives up crash safety for speed: for tests only.
 * @throws when the folder cannot be used: not writable, of another PostgreSQL version, or in use by another process.
 */
export async function startEmbeddedPostgres(options: {
  readonly dataDir: string;
  readonly durable?: boolean;
  readonly log: (message: string) => void;
}): Promise<EmbeddedPostgres> {
  const home = await openHome(resolve(options.dataDir), options.durable ?? true);
  const left = await readPostmaster(home.dataFolder);
  let owner = left === undefined ? undefined : await connect(home, left.port).catch(() => undefined);
  owner ??= await connect(home, await startServer(home, options.durable ?? true));
  await takeOwnership(home, owner);
  const { rowCount } = await owner.query("SELECT FROM pg_database WHERE datname = $1", [DATABASE]);
  if (rowCount === 0) await owner.query(`CREATE DATABASE ${DATABASE}`);

  const { pid, port } = (await readPostmaster(home.dataFolder)) ?? { pid: 0, port: 0 };
  const takeAlong = (): void => void process.kill(pid, "SIGINT");
  let stopping: Promise<void> | undefined;
  process.once("exit", takeAlong);
  owner.on("error", () => {
    process.off("exit", takeAlong);
    if (stopping === undefined)
      options.log(`the embedded PostgreSQL ended unexpectedly: see ${logFile(home)}`);
  });
  const stop = async (): Promise<void> => {
    await stopServer(home);
    process.off("exit", takeAlong);
    // Not before: nobody must take over a server that is about to stop.
    await owner.end();
  };
  return { url: urlOf(home, port, DATABASE), folder: home.folder, stop: () => (stopping ??= stop()) };
}

async function openHome(dataDir: string, durable: boolean): Promise<Home> {
  const folder = await reachableFolder(await ownFolder(dataDir));
  const dataFolder = join(folder, "postgres");
  const account = await postgresAccount(dataFolder);
  const bin = await findPrograms(folder, account);
  const passwordFile = join(folder, "postgres.password");
  // Made only if it is not there: two processes that start together must end with the same password.
  await writeFile(passwordFile, randomBytes(24).toString("hex"), { flag: "wx", mode: 0o600 }).catch(
    unlessExists,
  );
  if (account !== undefined) await chown(passwordFile, account.uid, account.gid);
  const home = { folder, dataFolder, account, bin, password: await readFile(passwordFile, "utf8") };
  if (!(await exists(dataFolder))) await initialise(home, passwordFile, durable);
  return home;
}

async function ownFolder(folder: string): Promise<string> {
  const { R_OK, W_OK, X_OK } = constants;
  try {
    const created = await mkdir(folder, { recursive: true });
    if (created !== undefined) await chmod(folder, process.geteuid?.() === 0 ? OPEN_TO_ENTER : 0o700);
    await access(folder, W_OK | X_OK);
    if (await exists(join(folder, "postgres"))) await access(join(folder, "postgres"), R_OK | W_OK | X_OK);
    return await realpath(folder);
  } catch (cause) {
    throw new Error(
      `The database cannot be kept in ${folder}: the folder cannot be written to, or holds another account's database. ` +
        "Start as that account, set DATA_DIR to another folder, or set DATABASE_URL.",
      { cause },
    );
  }
}

/** The folder or, when root keeps it where PostgreSQL's account cannot enter, one of the system's. Later starts choose the same. */
async function reachableFolder(wanted: string): Promise<string> {
  const account = await postgresAccount(join(wanted, "postgres"));
  if (account === undefined) return wanted;
  const elsewhere = join(SYSTEM_FOLDER, createHash("sha256").update(wanted).digest("hex").slice(0, 16));
  if (await exists(elsewhere)) return elsewhere;
  const canEnter = runAs(account, "/bin/sh", ["-c", 'test -x "$1"', "sh", wanted]);
  if (
    await canEnter.then(
      () => true,
      () => false,
    )
  )
    return wanted;
  if (await exists(join(wanted, "postgres"))) {
    throw new Error(
      `The database in ${wanted} cannot be reached by the account it runs as (uid ${account.uid}): ` +
        "let that account enter the folders above it (chmod o+x), or set DATA_DIR to another folder.",
    );
  }
  await mkdir(elsewhere, { recursive: true });
  // Not as the mode of mkdir: root's umask may close what it makes.
  for (const path of [SYSTEM_FOLDER, elsewhere]) await chmod(path, OPEN_TO_ENTER);
  return elsewhere;
}

async function initialise(
  { dataFolder, account, bin }: Home,
  passwordFile: string,
  durable: boolean,
): Promise<void> {
  // Made aside and moved into place: a start that is killed half-way leaves nothing that looks like a database.
  const aside = `${dataFolder}.${randomUUID()}`;
  await mkdir(aside, { mode: 0o700 });
  if (account !== undefined) await chown(aside, account.uid, account.gid);
  const flags = "--username=postgres --auth=scram-sha-256 --encoding=UTF8 --locale=C --no-instructions".split(
    " ",
  );
  // Sorts by code point on every machine: an index never depends on the version of a system library.
  flags.push("--locale-provider=builtin", "--builtin-locale=C.UTF-8", ...(durable ? [] : ["--no-sync"]));
  await runAs(account, join(bin, "initdb"), [`--pgdata=${aside}`, `--pwfile=${passwordFile}`, ...flags]);
  // Another process may have been quicker.
  await rename(aside, dataFolder).catch(() => rm(aside, { recursive: true, force: true }));
}

/** pg_ctl detaches the server from our process group: Ctrl-C must not end it before the connections to it are closed. */
async function startServer(home: Home, durable: boolean): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    const port = randomInt(10_000, 30_000);
    // Made anew each time, so that it does not grow without end.
    await rm(logFile(home), { force: true });
    // -t: crash recovery of a large log takes five minutes at the very worst.
    const start = ["start", "-w", "-t", "300", "-D", home.dataFolder, "-l", logFile(home), "-o"];
    try {
      await runAs(home.account, join(home.bin, "pg_ctl"), [...start, settings(port, durable)]);
      return port;
    } catch (cause) {
      const said = await readFile(logFile(home), "utf8").catch(() => (cause as Error).message);
      if (attempt === ATTEMPTS)
        throw new Error(`PostgreSQL did not start in ${home.dataFolder}: ${said}`, { cause });
      await delay(RETRY_DELAY_MS);
    }
  }
}

/** On its command line: they hold whatever the files in the data folder say. */
function settings(port: number, durable: boolean): string {
  const all = [
    `port=${port}`,
    "listen_addresses=127.0.0.1",
    "timezone=UTC",
    "log_timezone=UTC",
    "lc_messages=C",
  ];
  // No socket: its path may be too long, or in a folder that the account cannot write to.
  all.push("unix_socket_directories=", "log_checkpoints=off");
  // Above ERROR: statements that fail carry our callers' data.
  all.push("log_min_messages=log", "log_min_error_statement=panic");
  if (!durable) all.push("fsync=off", "synchronous_commit=off", "full_page_writes=off");
  return all.map((setting) => `-c ${setting}`).join(" ");
}

async function connect(home: Home, port: number): Promise<SessionClient> {
  return new SessionClient(sessionConfig(urlOf(home, port, "postgres"))).connect();
}

async function takeOwnership({ folder }: Home, client: SessionClient): Promise<void> {
  await client.query("SELECT set_config('application_name', $1, false)", [`process ${process.pid}`]);
  const { rows } = await client.query<{ is_ours: boolean; owner: string | null }>(
    `SELECT pg_try_advisory_lock($1) AS is_ours, (
       SELECT application_name FROM pg_stat_activity JOIN pg_locks USING (pid)
       WHERE locktype = 'advisory' AND objid = $1 AND datname = current_database() LIMIT 1
     ) AS owner`,
    [OWNER_LOCK],
  );
  if (rows[0]?.is_ours === true) return;
  await client.end();
  throw new Error(
    `The database in ${folder} is in use by ${rows[0]?.owner ?? "another process"}. Stop it, or set DATA_DIR to another folder.`,
  );
}

async function stopServer({ account, bin, dataFolder }: Home): Promise<void> {
  try {
    await runAs(account, join(bin, "pg_ctl"), ["stop", "-w", "-m", "fast", "-D", dataFolder]);
  } catch (cause) {
    // Unless it had ended by itself.
    if (await exists(join(dataFolder, "postmaster.pid"))) throw cause;
  }
}

/** What PostgreSQL has written about itself into the data folder; undefined when it was stopped in order. */
export async function readPostmaster(dataFolder: string): Promise<{ pid: number; port: number } | undefined> {
  const text = await readFile(join(dataFolder, "postmaster.pid"), "utf8").catch(() => "");
  // https://www.postgresql.org/docs/18/storage-file-layout.html: the first line is its process, the fourth its port.
  const [pid, , , port] = text.split("\n");
  return port === undefined ? undefined : { pid: Number(pid), port: Number(port) };
}

function urlOf({ password }: Home, port: number, database: string): string {
  return `postgresql://postgres:${password}@127.0.0.1:${port}/${database}`;
}

function logFile({ dataFolder }: Home): string {
  return join(dataFolder, "postgres.log");
}
