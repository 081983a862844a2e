import "./register-typescript.mjs";
import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Runs `work` with the URL of an empty database on a PostgreSQL made for it, and removes both. */
export async function withTemporaryDatabase(work, { durable = false } = {}) {
  const { startEmbeddedPostgres } = await import("../src/persistence/embedded-postgres.ts");
  // Not made beforehand: the server makes it so that the account it runs as can enter.
  const dataDir = join(tmpdir(), `ebp-cancel-facade-${randomUUID()}`);
  const server = await startEmbeddedPostgres({ dataDir, durable, log: console.error });
  try {
    return await work(server.url);
  } finally {
    await server.stop();
    await Promise.all([dataDir, server.folder].map((folder) => rm(folder, { recursive: true, force: true })));
  }
}
