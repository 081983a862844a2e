import "./register-typescript.mjs";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";

const SIGNALS = ["SIGINT", "SIGTERM"];
/** For what has to be given back before the database is; an answer that is waited for ends with the database. */
const UNWIND_MS = 10_000;

/**
 * Runs `work` with the URL of an empty database on a PostgreSQL made for it, and removes both; also when it is interrupted, which
 * `work` is told by an AbortSignal.
 */
export async function withTemporaryDatabase(work, { durable = false } = {}) {
  const { startEmbeddedPostgres } = await import("../src/persistence/embedded-postgres.ts");
  // Not made beforehand: the server makes it so that the account it runs as can enter.
  const dataDir = join(tmpdir(), `ebp-cancel-facade-${randomUUID()}`);
  const interruption = new AbortController();
  const interrupt = (name) => interruption.abort(new Error(`interrupted by ${name}`));
  // A second one ends the process at once, as the first would have without this.
  for (const name of SIGNALS) process.once(name, interrupt);
  let server;
  try {
    // Ctrl-C reaches initdb as well, which then fails.
    server = await startEmbeddedPostgres({ dataDir, durable, log: console.error });
    return await unlessInterrupted(work(server.url, interruption.signal), interruption.signal);
  } finally {
    await server?.stop();
    const folders = [dataDir, ...(server === undefined ? [] : [server.folder])];
    await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })));
    for (const name of SIGNALS) process.off(name, interrupt);
  }
}

async function unlessInterrupted(working, signal) {
  const interrupted = signal.aborted ? Promise.resolve() : once(signal, "abort");
  const result = await Promise.race([working, interrupted]);
  if (!signal.aborted) return result;
  const over = working.catch(() => undefined);
  await Promise.race([over, setTimeout(UNWIND_MS, undefined, { ref: false })]);
  throw signal.reason;
}
