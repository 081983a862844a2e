import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { databaseUrl, withConnection } from "../helpers/connection.js";
import { until } from "../helpers/gate.js";
import { startService, type TestService } from "../helpers/service.js";

let service: TestService;
beforeEach(async () => {
  service = await startService();
});
afterEach(() => service.close());

async function ready(): Promise<{ status: number; reason?: string }> {
  const response = await fetch(`${service.url}/readyz`);
  const { reason } = (await response.json()) as { reason?: string };
  return { status: response.status, ...(reason !== undefined && { reason }) };
}

/** Of the whole database, whoever connects. */
function onServer(statement: (name: string) => string): Promise<unknown> {
  const name = new URL(service.databaseUrl).pathname.slice(1);
  return withConnection(databaseUrl(service.databaseUrl, "postgres"), async (client) => {
    await client.query(statement(name));
    await client.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", [name]);
  });
}

describe("/readyz", () => {
  test("says that a database which became read-only cannot be written to, and is ready again afterwards", async () => {
    expect(await ready()).toEqual({ status: 200 });
    await onServer((name) => `ALTER DATABASE ${name} SET default_transaction_read_only = on`);
    await until(async () => (await ready()).reason === "the database cannot be written to");
    expect((await ready()).status).toBe(503);
    await onServer((name) => `ALTER DATABASE ${name} RESET default_transaction_read_only`);
    await until(async () => (await ready()).status === 200);
  });

  test("says so of a database whose disk is full", async () => {
    await service.sql(`CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$`);
    await service.sql(
      "CREATE TRIGGER full_disk BEFORE UPDATE ON database_history FOR EACH ROW EXECUTE FUNCTION full_disk()",
    );
    await until(async () => (await ready()).status === 503);
    expect(await ready()).toEqual({ status: 503, reason: "the database cannot be written to" });
  });

  test("says how long no cancel is sent once the database has gone back in time", async () => {
    await service.sql("UPDATE database_history SET beat = beat - 1000");
    await until(async () => (await ready()).status === 503);
    expect((await ready()).reason).toMatch(
      /^the database has gone back in time: no cancel is sent for another \d+ s$/u,
    );
  });
});
