import { beforeEach, expect, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { MIGRATIONS_FOLDER } from "../../src/process/database.js";
import { applyMigrations } from "../../src/persistence/migrations.js";
import { withRetentionLock } from "../../src/persistence/retention.js";
import { download } from "../helpers/exports.js";
import { read, settle } from "../helpers/in-doubt.js";
import { subscribe } from "../helpers/live.js";
import { cancel, cancelInput } from "../helpers/operations.js";
import { createOwnRole, type OwnRole } from "../helpers/schemas.js";
import { command, runService } from "../helpers/service-process.js";
import { startService, type TestService } from "../helpers/service.js";
import { useReleases } from "../helpers/started.js";
import { deliver, webhookBody } from "../helpers/webhooks.js";
import { startWire, type WireConnection } from "../helpers/wire.js";

const KEYS = `test:${Buffer.alloc(32, 7).toString("base64")}`;
const ACCOUNT = { accountNumber: "0012-3456-78901", bankCode: "001", accountHolderName: "홍길동" };

let role: OwnRole;
const atEnd = useReleases();
beforeEach(async () => {
  role = await createOwnRole();
  atEnd(() => role.drop());
});

const migrate = (url: string): Promise<unknown> =>
  applyMigrations({ url, directory: MIGRATIONS_FOLDER, log: () => undefined });

/** @param own what the test itself asks by, where that is another. */
async function start(url: string, own = url): Promise<TestService> {
  const service = await startService({
    database: { url: own, drop: () => Promise.resolve() },
    environment: { DATABASE_URL: url, RATE_LIMIT_STORE: "postgres" },
  });
  atEnd(() => service.close());
  return service;
}

/** The schemas in which something was made. */
async function schemas(): Promise<string[]> {
  const rows = await role.sql(`
    SELECT DISTINCT nspname AS schema FROM (
      SELECT relnamespace AS namespace FROM pg_class UNION ALL SELECT typnamespace FROM pg_type
    ) AS made JOIN pg_namespace ON pg_namespace.oid = namespace
    WHERE nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')`);
  return rows.map(({ schema }) => String(schema));
}

/** Every door of the service once. Returns the id of a cancel that succeeded. */
async function useAllOf(service: TestService): Promise<string> {
  const input: any = cancelInput({ orderNo: `SIM-CONNECTION-RESET-AFTER-EFFECT-${randomUUID()}` });
  const changes = await subscribe(service, { orderNo: input.orderNo });
  const { cancellation } = await cancel(service, input);
  expect(cancellation.status).toBe("UNKNOWN");
  await changes.changeWhere(({ status }) => status === "UNKNOWN");
  changes.hangUp();
  expect(await cancel(service, input)).toMatchObject({
    replayed: true,
    cancellation: { id: cancellation.id },
  });
  await deliver(service, webhookBody("PAYMENT_REFUND_REQUESTED", input.orderNo, 1000));
  await settle(service);
  expect((await read(service, cancellation.id)).status).toBe("SUCCEEDED");
  const { data, errors } = await service.graphql(
    `query ($orderNo: String!) {
      cancellations(filter: { orderNo: $orderNo }, first: 5) { totalCount }
      order(orderNo: $orderNo) { cancelledTotal cancellations(first: 5) { edges { node { id } } } }
      cancellationStats(groupBy: [STATUS]) { status count }
    }`,
    { orderNo: input.orderNo },
  );
  expect(errors).toBeUndefined();
  expect(data).toMatchObject({
    cancellations: { totalCount: 1 },
    order: { cancelledTotal: "1000", cancellations: { edges: [{ node: { id: cancellation.id } }] } },
    cancellationStats: [{ status: "SUCCEEDED" }],
  });
  expect((await download(service.url, "csv", { direction: "desc" })).text).toContain(cancellation.id);
  expect((await fetch(`${service.url}/readyz`)).status).toBe(200);
  expect(await service.sql("SELECT count(*) > 0 AS counted FROM rate_limit")).toEqual([{ counted: true }]);
  return cancellation.id;
}

/** What each kind of connection asks that no other does. */
const KINDS = {
  "the check at start, and of migrations": "finished_at, logs FROM _prisma_migrations",
  migrating: "CREATE TABLE _prisma_migrations",
  "a migration": 'CREATE TABLE "cancellation"',
  cancelling: "/* cancellation: intent */",
  "settling what is in doubt": "/* cancellation: claim */",
  reading: "count(*)",
  announcing: "/* cancellation: announce */",
  listening: "LISTEN ",
  exporting: "DECLARE export",
  "counting for rate limits": "rate_limit",
  "the lock of retention": "pg_try_advisory_lock",
};

/** On each kind of connection, all that a setting was. */
function settingsIn(connections: readonly WireConnection[], setting: string): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(KINDS).map(([kind, asked]) => {
      const ofKind = connections.filter((connection) => connection.asked.includes(asked));
      return [kind, [...new Set(ofKind.map((connection) => connection.rowWith(setting)?.[setting]))]];
    }),
  );
}

test("with a role that has a schema, durability, dates and a zone of its own, all is kept in that schema, by sessions with the settings needed", async () => {
  await role.sql(`
    CREATE SCHEMA AUTHORIZATION ${role.name};
    ALTER ROLE ${role.name} SET synchronous_commit = 'off';
    ALTER ROLE ${role.name} SET DateStyle = 'German';
    ALTER ROLE ${role.name} SET TimeZone = 'Asia/Seoul'`);
  const wire = await startWire(role.url);
  atEnd(() => wire.close());
  await migrate(wire.url);
  await useAllOf(await start(wire.url, role.url));
  expect(await withRetentionLock(wire.url, () => Promise.resolve("done"))).toBe("done");

  expect(await schemas()).toEqual([role.name]);
  const connections = wire.connections();
  const everywhere = (value: string): object =>
    Object.fromEntries(Object.keys(KINDS).map((kind) => [kind, [value]]));
  expect(settingsIn(connections, "synchronous_commit")).toEqual(everywhere("on"));
  expect(settingsIn(connections, "TimeZone")).toEqual(everywhere("UTC"));
  expect(settingsIn(connections, "DateStyle")).toEqual(everywhere("ISO, MDY"));
});

test("with a schema that the URL names, all of the service and all that is run by hand works in it", async () => {
  const url = `${role.url}?schema=${encodeURIComponent("Billing 2")}`;
  const run = async (name: string, ...words: string[]): Promise<string> => {
    const args = [...command(name), ...words];
    const run = runService({ DATABASE_URL: url, DATA_ENCRYPTION_KEYS: KEYS }, args);
    expect([await run.ended, run.stderr]).toEqual([0, ""]);
    return run.stdout;
  };
  await migrate(url);
  const service = await start(url);
  await useAllOf(service);
  const { id } = (await cancel(service, cancelInput({ refundAccount: ACCOUNT, note: "call before noon" })))
    .cancellation;
  const failing = cancelInput({ orderNo: `SIM-CANCELLATION-FAILED-${randomUUID()}` });
  const failed = (await cancel(service, failing)).cancellation;
  const [migrated, evidence, reencrypted] = await Promise.all([
    run("migrate"),
    run("evidence", failed.id),
    run("reencrypt"),
  ]);
  expect(migrated).toBe("The database has every migration.\n");
  expect(evidence).toContain("EBP-C-0010");
  expect(reencrypted).toContain("test");
  const ago = "interval '25 months'";
  await service.sql(
    `UPDATE cancellation SET created_at = created_at - ${ago}, resolved_at = resolved_at - ${ago}`,
  );
  await service.sql(`UPDATE cancellation_event SET at = at - ${ago}`);
  expect(await run("retention", "--older-than-months", "24")).toContain("SIM-KR: erased 1 refund accounts");
  expect((await read(service, id)).note).toBeNull();
  expect(await schemas()).toEqual(["Billing 2"]);
});

test("a role whose schema and settings change while the service runs changes nothing for it", async () => {
  await role.sql(`GRANT ALL ON SCHEMA public TO ${role.name}`);
  await migrate(role.url);
  const service = await start(role.url, `${role.url}?schema=public`);
  await role.sql(`
    CREATE SCHEMA AUTHORIZATION ${role.name};
    ALTER ROLE ${role.name} SET DateStyle = 'German'; ALTER ROLE ${role.name} SET TimeZone = 'Asia/Seoul';
    ALTER ROLE ${role.name} SET default_transaction_isolation = 'serializable';
    ALTER ROLE ${role.name} SET synchronous_commit = 'off'; ALTER ROLE ${role.name} SET search_path = nowhere`);
  await role.sql(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
  );
  const before = Date.now();
  const { sentAt } = await read(service, await useAllOf(service));
  expect(Math.abs(Date.parse(sentAt) - before)).toBeLessThan(3_600_000);
  expect(await schemas()).toEqual(["public"]);
});

test("a service whose role has a schema without migrations says which, and what Prisma's command has to be told", async () => {
  await role.sql(`GRANT ALL ON SCHEMA public TO ${role.name}`);
  await migrate(`${role.url}?schema=public`);
  await role.sql(`CREATE SCHEMA AUTHORIZATION ${role.name}`);
  await expect(start(role.url)).rejects.toThrow(
    new RegExp(
      `^The schema ${role.name} of the database at DATABASE_URL lacks the migrations 2.+add \\?schema=${role.name} to it.+npm run migrate`,
      "u",
    ),
  );
});

test("a service that is pointed to a schema that is not there says so, and makes none", async () => {
  await expect(start(`${role.url}?schema=billing`)).rejects.toThrow(
    /search_path: expected billing, found none\. Run `npm run migrate`, which makes the schema; or let the role use it with GRANT USAGE/u,
  );
  await role.sql("DROP SCHEMA public");
  await expect(start(role.url)).rejects.toThrow(
    /search_path: expected a schema that is there, found none\. Name the schema in DATABASE_URL with \?schema=/u,
  );
  expect(await role.sql("SELECT nspname FROM pg_namespace WHERE nspname IN ('billing', 'public')")).toEqual(
    [],
  );
});
