import { afterAll, afterEach, expect, test } from "@jest/globals";
import { fork, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  readPostmaster,
  startEmbeddedPostgres,
  type EmbeddedPostgres,
} from "../../src/persistence/embedded-postgres.js";
import { withConnection } from "../helpers/connection.js";

const asRoot = process.geteuid?.() === 0 ? test : test.skip;
const releases: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (let release = releases.pop(); release !== undefined; release = releases.pop()) await release();
});

async function closedFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "ebp-closed-"));
  releases.push(() => rm(folder, { recursive: true }));
  return folder;
}

async function start(dataDir: string, durable = false): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ dataDir, durable, log: () => undefined });
  releases.push(() => server.stop());
  return server;
}

interface Owner {
  readonly process: ChildProcess;
  readonly url: string;
}

/** Another process that uses the server. */
async function startOwner(dataDir: string): Promise<Owner> {
  const child = fork(fileURLToPath(new URL("owner-process.ts", import.meta.url)), [dataDir], {
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

const keepWord = (server: { url: string }): Promise<unknown> =>
  query(server, "CREATE TABLE kept AS SELECT 'here' AS word");
const keptWord = (server: { url: string }): Promise<unknown> => query(server, "SELECT word FROM kept");
const HERE = [{ word: "here" }];

// One folder for all: to make a database anew takes longer than all else. The first test makes it.
const SHARED = join(tmpdir(), `ebp-embedded-${randomUUID()}`);
afterAll(() => rm(SHARED, { recursive: true, force: true }));

test("of two that start at once, one gets the folder, and the other one's start changes nothing", async () => {
  const attempts = await Promise.allSettled([start(SHARED), start(SHARED)]);
  expect(attempts.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  const server = attempts.flatMap((attempt) => (attempt.status === "fulfilled" ? [attempt.value] : []))[0];
  if (server === undefined) throw new Error("neither has it");
  await keepWord(server);
});

test("an embedded server keeps its data across a restart, and serves this machine only, with a password, in UTF-8 and UTC", async () => {
  const first = await start(SHARED);
  await Promise.all([first.stop(), first.stop()]);
  await expect(query(first, "SELECT 1")).rejects.toThrow(/ECONNREFUSED/);

  const server = await start(SHARED);
  expect(await keptWord(server)).toEqual(HERE);
  const [row] = await query(
    server,
    `SELECT current_database() AS database, current_setting('listen_addresses') AS addresses, current_setting('timezone') AS zone,
       current_setting('unix_socket_directories') AS sockets, current_setting('server_encoding') AS encoding`,
  );
  const expected = { addresses: "127.0.0.1", zone: "UTC", sockets: "", encoding: "UTF8" };
  expect(row).toEqual({ database: "cancellations", ...expected });
  const guess = new URL(server.url);
  guess.password = "guessed";
  await expect(query({ url: guess.href }, "SELECT 1")).rejects.toThrow(/password authentication failed/);
  expect((await stat(join(server.folder, "postgres.password"))).mode & 0o777).toBe(0o600);
});

test("a folder that a live process uses is refused by its name, and Ctrl-C does not end the server before that process stops it", async () => {
  const owner = await startOwner(SHARED);
  const { pid = 0 } = owner.process;
  await expect(start(SHARED)).rejects.toThrow(new RegExp(`in use by process ${pid}\\..*DATA_DIR`, "u"));
  let output = "";
  owner.process.stdout?.on("data", (chunk: Buffer) => (output += chunk.toString()));
  // To the whole process group, as a terminal sends it.
  process.kill(-pid, "SIGINT");
  await once(owner.process, "close");
  expect(output).toBe("stopped in order\n");
});

test("a start takes over the server that a killed process left behind, with its data, and stops it in the end", async () => {
  const owner = await startOwner(SHARED);
  owner.process.kill("SIGKILL");
  await once(owner.process, "exit");
  const server = await start(SHARED);
  expect(server.url).toBe(owner.url);
  expect(await keptWord(server)).toEqual(HERE);
  await server.stop();
  await expect(query(owner, "SELECT 1")).rejects.toThrow(/ECONNREFUSED/);
});

test("a start recovers what was committed when the server was killed", async () => {
  await query(await start(SHARED, true), "UPDATE kept SET word = 'there'");
  process.kill((await readPostmaster(join(SHARED, "postgres")))?.pid ?? 0, "SIGKILL");
  expect(await keptWord(await start(SHARED))).toEqual([{ word: "there" }]);
});

test("a start says why PostgreSQL refuses the data, here those of another version; the next one may have the folder", async () => {
  const versionFile = join(SHARED, "postgres", "PG_VERSION");
  const version = await readFile(versionFile, "utf8");
  await writeFile(versionFile, "12\n");
  await expect(start(SHARED)).rejects.toThrow(/did not start.*initialized by PostgreSQL version 12/s);
  await writeFile(versionFile, version);
  await start(SHARED);
});

test("a folder that cannot be made is refused with what to do", async () => {
  const folder = await closedFolder();
  await writeFile(join(folder, "file"), "");
  await expect(start(join(folder, "file", "data"))).rejects.toThrow(/cannot be kept in .*set DATA_DIR/u);
});

asRoot(
  "root's data are kept elsewhere, and found again, when PostgreSQL's account cannot enter the folder",
  async () => {
    const closed = await closedFolder();
    const first = await start(join(closed, "data"));
    releases.push(() => rm(first.folder, { recursive: true }));
    await keepWord(first);
    await first.stop();
    // Reachable now: the history must not be left behind for that.
    await chmod(closed, 0o755);
    const second = await start(join(closed, "data"));
    expect(second.folder).toBe(first.folder);
    expect(await keptWord(second)).toEqual(HERE);
    await second.stop();
  },
);
