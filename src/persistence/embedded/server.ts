import { spawn, type ChildProcess } from "node:child_process";
import { open, readFile, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { POSTGRES_ENVIRONMENT } from "./account.js";
import { EmbeddedPostgresServerError } from "./errors.js";
import type { Home } from "./home.js";
import { readPostmaster } from "./postmaster.js";
import type { Programs } from "./programs.js";
import { settings } from "./settings.js";

export interface RunningServer {
  readonly process: ChildProcess;
  readonly port: number;
  /** Resolves when the process has ended, whoever ended it. */
  readonly ended: Promise<void>;
}

/** A file read; short, since it stands between a developer and the first request. */
const READY_POLL_MS = 10;
/** Crash recovery of a large log takes this long at the very worst. */
const READY_LIMIT_MS = 5 * 60_000;
/** The last children of a killed server let go of its memory within a second or two. */
const RETRY_DELAY_MS = 250;
const RETRIES = 40;
/** Lost races which another attempt wins: for the port, and against the last children of a killed server. */
const WORTH_A_RETRY = /could not bind|Address already in use|pre-existing shared memory block/;

/** Starts PostgreSQL on a free port of the loopback interface, and waits until it accepts connections. */
export async function startServer(home: Home, programs: Programs, durable: boolean): Promise<RunningServer> {
  for (let retries = 0; ; retries++) {
    const server = await spawnServer(home, programs, durable);
    const failure = await failureToStart(server, home);
    if (failure === undefined) return server;
    if (retries === RETRIES || !WORTH_A_RETRY.test(failure)) {
      throw new EmbeddedPostgresServerError(`PostgreSQL did not start in ${home.dataFolder}: ${failure}`);
    }
    await delay(RETRY_DELAY_MS);
  }
}

async function spawnServer(home: Home, programs: Programs, durable: boolean): Promise<RunningServer> {
  const port = await freePort();
  // A file, not a pipe: it outlives us, and it tells why a start failed. Made anew each time, so that it never grows without end;
  // removed first, since the last one may belong to root.
  await rm(logFile(home), { force: true });
  const output = await open(logFile(home), "wx", 0o600);
  try {
    const args = ["-D", home.dataFolder, ...settings(port, durable).flatMap((setting) => ["-c", setting])];
    const child = spawn(programs.postgres, args, {
      ...home.account,
      cwd: "/",
      env: POSTGRES_ENVIRONMENT,
      stdio: ["ignore", output.fd, output.fd],
      // A group of its own: Ctrl-C in the terminal must not end it before the connections to it are closed.
      detached: true,
      windowsHide: true,
    });
    const ended = new Promise<void>((resolve) => {
      child.once("exit", () => {
        resolve();
      });
      // Emitted instead of "exit" when the program could not be run at all.
      child.once("error", () => {
        resolve();
      });
    });
    child.unref();
    return { process: child, port, ended };
  } finally {
    await output.close();
  }
}

/** Undefined once the server is ready; otherwise what it said before it ended. */
async function failureToStart(server: RunningServer, home: Home): Promise<string | undefined> {
  const { process: child } = server;
  const deadline = Date.now() + READY_LIMIT_MS;
  for (;;) {
    // Asked before the file is read: a server that has ended cannot have become ready since.
    const over = child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
    if (over) return (await readFile(logFile(home), "utf8")).trim() || "it said nothing";
    const postmaster = await readPostmaster(home.dataFolder);
    if (postmaster?.ready === true && postmaster.pid === child.pid) return undefined;
    if (Date.now() > deadline) {
      child.kill("SIGQUIT");
      return "it is still not ready to accept connections";
    }
    await delay(READY_POLL_MS);
  }
}

function logFile(home: Home): string {
  return join(home.folder, "postgres.log");
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => {
        resolve(port);
      });
    });
  });
}
