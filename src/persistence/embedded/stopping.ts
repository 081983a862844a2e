import { rm } from "node:fs/promises";
import { platform } from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { runAs } from "./account.js";
import { hasCode } from "./errno.js";
import { EmbeddedPostgresServerError } from "./errors.js";
import type { Home } from "./home.js";
import { postmasterFile, readPostmaster } from "./postmaster.js";
import { isPostgresOf } from "./processes.js";
import type { Programs } from "./programs.js";
import type { RunningServer } from "./server.js";

/** Fast: sessions are ended and a checkpoint written. Immediate: neither, and the next start recovers. */
const FAST = "SIGINT";
const IMMEDIATE = "SIGQUIT";
/** A checkpoint on a slow disk; after it, nothing is lost by being rude. */
const FAST_LIMIT_MS = 30_000;
const IMMEDIATE_LIMIT_MS = 10_000;
const POLL_MS = 20;

/** Stops a server of ours and waits for its end. */
export async function stopServer(server: RunningServer, home: Home, programs: Programs): Promise<void> {
  const { pid } = server.process;
  if (pid === undefined) return;
  await end(pid, home, programs, (limit) => within(server.ended, limit));
}

/** Stops what a killed process left running in the data folder, and removes what would keep the next server from starting. */
export async function stopOrphan(
  home: Home,
  programs: Programs,
  log: (message: string) => void,
): Promise<void> {
  const postmaster = await readPostmaster(home.dataFolder);
  if (postmaster === undefined) return;
  const { pid } = postmaster;
  if (await isPostgresOf(pid, home.dataFolder)) {
    log(
      `stopping the PostgreSQL (process ${String(pid)}) which a killed process left running in ${home.dataFolder}`,
    );
    await end(pid, home, programs, (limit) => goneWithin(pid, home.dataFolder, limit));
  }
  // Its process is gone; should the id now be somebody else's, PostgreSQL would take that for a running server.
  await rm(postmasterFile(home.dataFolder), { force: true });
}

async function end(
  pid: number,
  home: Home,
  programs: Programs,
  ended: (limitMs: number) => Promise<boolean>,
): Promise<void> {
  if (platform === "win32") {
    // Windows has no signals: there, kill() would end the process at once, without a checkpoint.
    await runAs(undefined, programs.pgCtl, ["stop", "-w", "-m", "fast", "-D", home.dataFolder]);
    if (await ended(FAST_LIMIT_MS)) return;
  } else {
    signal(pid, FAST);
    if (await ended(FAST_LIMIT_MS)) return;
    signal(pid, IMMEDIATE);
    if (await ended(IMMEDIATE_LIMIT_MS)) return;
  }
  throw new EmbeddedPostgresServerError(
    `PostgreSQL (process ${String(pid)}) in ${home.dataFolder} does not stop. End that process, and start again.`,
  );
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    // Ended in the meantime.
    if (!hasCode(error, "ESRCH")) throw error;
  }
}

async function within(ended: Promise<void>, limitMs: number): Promise<boolean> {
  const abort = new AbortController();
  const limit = delay(limitMs, false, { signal: abort.signal }).catch(() => false);
  const result = await Promise.race([ended.then(() => true), limit]);
  abort.abort();
  return result;
}

async function goneWithin(pid: number, dataFolder: string, limitMs: number): Promise<boolean> {
  const deadline = Date.now() + limitMs;
  // Not kill(pid, 0): where nothing reaps orphans (many containers), the ended process stays on as a zombie.
  while (await isPostgresOf(pid, dataFolder)) {
    if (Date.now() > deadline) return false;
    await delay(POLL_MS);
  }
  return true;
}
