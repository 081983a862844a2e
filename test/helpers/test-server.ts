import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startEmbeddedPostgres } from "../../src/persistence/embedded-postgres.js";
import { applyMigrations } from "../../src/persistence/migrations.js";
import { databaseUrl, dropDatabase, withConnection } from "./connection.js";

const MIGRATIONS = fileURLToPath(new URL("../../prisma/migrations", import.meta.url));

/**
 * One server for the whole run, and on it one migrated template from which each test file's database is cloned.
 * TEST_DATABASE_URL names a server to use instead, by any database on it; the account must be allowed to create databases.
 * Returns what takes it all down again.
 */
export async function startTestServer(): Promise<() => Promise<void>> {
  const given = process.env["TEST_DATABASE_URL"] ?? "";
  const server = given === "" ? await startOwnServer() : { url: given, stop: () => Promise.resolve() };
  const prefix = `ebp_test_${randomUUID().replaceAll("-", "").slice(0, 12)}`;
  const template = `${prefix}_template`;
  const stop = async (): Promise<void> => {
    // On a server which is not ours, nothing is left behind, whatever the tests forgot.
    if (given !== "") await dropAll(server.url, prefix);
    await server.stop();
  };
  try {
    await withConnection(server.url, (client) => client.query(`CREATE DATABASE ${template}`));
    await applyMigrations({
      url: databaseUrl(server.url, template),
      directory: MIGRATIONS,
      log: () => undefined,
    });
  } catch (error) {
    await stop();
    throw error;
  }
  // The workers are started after this, and inherit it.
  process.env["TEST_SERVER_URL"] = server.url;
  process.env["TEST_DATABASE_PREFIX"] = prefix;
  return stop;
}

async function startOwnServer(): Promise<{ url: string; stop: () => Promise<void> }> {
  // Not made beforehand: the server makes it so that the account it runs as can enter.
  const dataDir = join(tmpdir(), `ebp-cancel-facade-test-${randomUUID()}`);
  const server = await startEmbeddedPostgres({ dataDir, durable: false, log: () => undefined });
  const stop = async (): Promise<void> => {
    await server.stop();
    await Promise.all([dataDir, server.folder].map((folder) => rm(folder, { recursive: true, force: true })));
  };
  return { url: server.url, stop };
}

async function dropAll(url: string, prefix: string): Promise<void> {
  await withConnection(url, async (client) => {
    const { rows } = await client.query<{ datname: string }>(
      "SELECT datname FROM pg_database WHERE starts_with(datname, $1)",
      [prefix],
    );
    for (const { datname } of rows) await dropDatabase(client, datname);
  });
}
