import { afterEach, expect, jest, test } from "@jest/globals";
import { fork, spawn, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readPostmaster } from "../../src/persistence/embedded/postmaster.js";
import { isPostgresOf } from "../../src/persistence/embedded/processes.js";
import { startEmbeddedPostgres, type EmbeddedPostgres } from "../../src/persistence/embedded-postgres.js";
import { withConnection } from "../helpers/connection.js";

const asRoot = process.geteuid?.() === 0 ? test : test.skip;
const releases: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (let release = releases.pop(); release !== undefined; release = releases.pop()) await release();
});

test("keeps the history across a restart", async () => {
  const dataDir = freshFolder();
  const first = await start(dataDir);
  await query(first, "CREATE TABLE kept AS SELECT 'here' AS word");
  await first.stop();

  const second = await start(dataDir);

  expect(await query(second, "SELECT word FROM kept")).toEqual([{ word: "here" }]);
});

test("serves the database cancellations on the loopback interface only, in UTF-8 and UTC", async () => {
  const server = await start(freshFolder());

  const [row] = await query(
    server,
    `SELECT current_database() AS database, current_setting('listen_addresses') AS addresses, current_setting('timezone') AS zone,
            current_setting('unix_socket_directories') AS sockets, current_setting('server_encoding') AS encoding`,
  );

  expect(row).toEqual({
    database: "cancellations",
    addresses: "127.0.0.1",
    zone: "UTC",
    sockets: "",
    encoding: "UTF8",
  });
});

test("lets nobody in without the password, which only the owner can read", async () => {
  const server = await start(freshFolder());
  const withoutPassword = new URL(server.url);
  withoutPassword.password = "guessed";

  await expect(query({ url: withoutPassword.href }, "SELECT 1")).rejects.toThrow(
    /password authentication failed/,
  );
  expect((await stat(join(server.folder, "postgres.password"))).mode & 0o777).toBe(0o600);
});

test("has ended when stop() returns, and stop() may be called again", async () => {
  const server = await start(freshFolder());
  const pid = await postmasterOf(server.folder);

  await Promise.all([server.stop(), server.stop()]);
  await server.stop();

  expect(await isPostgresOf(pid, join(server.folder, "postgres"))).toBe(false);
  await expect(query(server, "SELECT 1")).rejects.toThrow(/ECONNREFUSED/);
});

test("stops what a killed process left running, and goes on with its data", async () => {
  const dataDir = freshFolder();
  const owner = await startOwner(dataDir);
  await query(owner, "CREATE TABLE kept AS SELECT 'here' AS word");
  const orphan = await postmasterOf(dataDir);
  owner.process.kill("SIGKILL");
  await once(owner.process, "exit");
  expect(await isPostgresOf(orphan, join(dataDir, "postgres"))).toBe(true);

  const server = await start(dataDir);

  expect(await isPostgresOf(orphan, join(dataDir, "postgres"))).toBe(false);
  expect(await query(server, "SELECT word FROM kept")).toEqual([{ word: "here" }]);
});

test("recovers what was committed when the server was killed along with its owner", async () => {
  const dataDir = freshFolder();
  const owner = await startOwner(dataDir, "durable");
  await query(owner, "CREATE TABLE kept AS SELECT 'here' AS word");
  process.kill(await postmasterOf(dataDir), "SIGKILL");
  owner.process.kill("SIGKILL");
  await once(owner.process, "exit");

  const server = await start(dataDir);

  expect(await query(server, "SELECT word FROM kept")).toEqual([{ word: "here" }]);
});

test("neither stops nor is stopped by a stranger whose process id a dead server once had", async () => {
  const dataDir = freshFolder();
  await (await start(dataDir)).stop();
  // Of the same account: PostgreSQL does not mind other accounts' processes.
  const { uid, gid } = await stat(join(dataDir, "postgres"));
  const stranger = spawn("cat", [], { uid, gid, cwd: "/" });
  releases.push(() => Promise.resolve(stranger.kill()));
  await writeFile(join(dataDir, "postgres", "postmaster.pid"), `${String(stranger.pid)}\n`);

  const server = await start(dataDir);

  expect(await query(server, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
  expect([stranger.exitCode, stranger.signalCode]).toEqual([null, null]);
});

test("refuses a folder which a live process owns, names that process, and leaves its server alone", async () => {
  const dataDir = freshFolder();
  const owner = await startOwner(dataDir);

  await expect(start(dataDir)).rejects.toMatchObject({
    name: "EmbeddedPostgresInUseError",
    message: expect.stringMatching(
      new RegExp(`process ${String(owner.process.pid)}\\b.*DATA_DIR`),
    ) as unknown,
  });
  expect(await query(owner, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
});

test("is not ended by the Ctrl-C that ends its owner, which can still use it and stop it in order", async () => {
  const owner = await startOwner(freshFolder());
  let output = "";
  owner.process.stdout?.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const { pid } = owner.process;
  if (pid === undefined) throw new Error("the owner did not start");

  // To the whole process group, as a terminal sends it.
  process.kill(-pid, "SIGINT");
  await once(owner.process, "close");

  expect(output).toBe("stopped in order\n");
});

test("says so when the data were written by another major version, or when the password is lost", async () => {
  const dataDir = freshFolder();
  const server = await start(dataDir);
  await server.stop();
  const versionFile = join(server.folder, "postgres", "PG_VERSION");
  const version = await readFile(versionFile, "utf8");

  await writeFile(versionFile, "12\n");
  await expect(start(dataDir)).rejects.toMatchObject({ name: "EmbeddedPostgresVersionError", found: "12" });
  await writeFile(versionFile, version);
  await rm(join(server.folder, "postgres.password"));
  await expect(start(dataDir)).rejects.toMatchObject({ name: "EmbeddedPostgresFolderError" });
});

test("gives the reason PostgreSQL gives when it does not start, and lets the next attempt have the folder", async () => {
  const dataDir = freshFolder();
  const server = await start(dataDir);
  await server.stop();
  const controlFile = join(server.folder, "postgres", "global", "pg_control");
  const control = await readFile(controlFile);

  await writeFile(controlFile, "");
  await expect(start(dataDir)).rejects.toThrow(/did not start.*pg_control/s);
  await writeFile(controlFile, control);

  expect(await query(await start(dataDir), "SELECT 1 AS one")).toEqual([{ one: 1 }]);
});

asRoot(
  "keeps the data elsewhere, and finds them again, when PostgreSQL's account cannot enter the folder",
  async () => {
    const closed = await mkdtemp(join(tmpdir(), "ebp-closed-"));
    releases.push(() => rm(closed, { recursive: true }));
    const dataDir = join(closed, "data");
    const log = jest.fn<(message: string) => void>();
    const first = await start(dataDir, log);
    releases.push(() => rm(first.folder, { recursive: true }));
    await query(first, "CREATE TABLE kept AS SELECT 'here' AS word");
    await first.stop();
    // Reachable now: the history must not be left behind for that.
    await chmod(closed, 0o755);

    const second = await start(dataDir, log);

    expect(await query(second, "SELECT word FROM kept")).toEqual([{ word: "here" }]);
    expect(second.folder).toBe(first.folder);
    expect(log.mock.calls).toEqual([[expect.stringContaining(`${dataDir} in ${first.folder}`)]]);
    await second.stop();
  },
);

asRoot("says what to do when data it used to reach can be reached no more", async () => {
  const parent = await mkdtemp(join(tmpdir(), "ebp-closing-"));
  releases.push(() => rm(parent, { recursive: true }));
  await chmod(parent, 0o755);
  const dataDir = join(parent, "data");
  await (await start(dataDir)).stop();
  await chmod(parent, 0o700);

  await expect(start(dataDir)).rejects.toMatchObject({
    name: "EmbeddedPostgresFolderError",
    message: expect.stringMatching(/chmod o\+x.*DATA_DIR/) as unknown,
  });
});

/** Not made: the server makes it so that the account it runs as can enter. */
function freshFolder(): string {
  const folder = join(tmpdir(), `ebp-embedded-${randomUUID()}`);
  releases.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function start(
  dataDir: string,
  log: (message: string) => void = () => undefined,
): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ dataDir, durable: false, log });
  releases.push(() => server.stop());
  return server;
}

async function startOwner(
  dataDir: string,
  ...durability: "durable"[]
): Promise<{ process: ChildProcess; url: string }> {
  const child = fork(fileURLToPath(new URL("owner-process.ts", import.meta.url)), [dataDir, ...durability], {
    execArgv: ["--import", new URL("../../scripts/register-typescript.mjs", import.meta.url).href],
    detached: true,
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  releases.push(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGINT");
    await once(child, "exit");
  });
  const [{ url }] = (await once(child, "message")) as [{ url: string }];
  return { process: child, url };
}

async function query(server: { url: string }, sql: string): Promise<unknown[]> {
  return withConnection(server.url, async (client) => (await client.query<object>(sql)).rows);
}

async function postmasterOf(folder: string): Promise<number> {
  const postmaster = await readPostmaster(join(folder, "postgres"));
  if (postmaster === undefined) throw new Error(`no PostgreSQL runs in ${folder}`);
  return postmaster.pid;
}
