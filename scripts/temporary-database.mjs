import "./register-typescript.mjs";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const SIGNALS = ["SIGINT", "SIGTERM"];

/**
 * Runs `work` with the URL of an empty database on a PostgreSQL made for it, and removes both; also when it is interrupted, which
 * `work` sees by the AbortSignal it is given, or by the end of its connections.
 */
export async function withTemporaryDatabase(work) {
  const { startEmbeddedPostgres } = await import("../src/persistence/embedded-postgres.ts");
  // Not made beforehand: the server makes it so that the account it runs as can enter.
  const dataDir = join(tmpdir(), `ebp-cancel-facade-${randomUUID()}`);
  const interruption = new AbortController();
  const interrupt = (name) => interruption.abort(new Error(`interrupted by ${name}`));
  // A second one ends the process at once, as it would have without this.
  for (const name of SIGNALS) process.once(name, interrupt);
  const server = await startEmbeddedPostgres({ dataDir, durable: false, log: console.error });
  const working = work(server.url, interruption.signal);
  try {
    return await Promise.race([working, interrupted(interruption.signal)]);
  } finally {
    await server.stop();
    // What it has begun ends before the files go; what it says of its connections' end is no news.
    await working.catch(() => undefined);
    await Promise.all([dataDir, server.folder].map((folder) => rm(folder, { recursive: true, force: true })));
    for (const name of SIGNALS) process.off(name, interrupt);
  }
}

async function interrupted(signal) {
  if (!signal.aborted) await once(signal, "abort");
  throw signal.reason;
}
