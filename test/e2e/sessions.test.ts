import { afterEach, expect, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { MIGRATIONS_FOLDER } from "../../src/process/database.js";
import { applyMigrations } from "../../src/persistence/migrations.js";
import { withRetentionLock } from "../../src/persistence/retention.js";
import { download } from "../helpers/exports.js";
import { read, settle } from "../helpers/in-doubt.js";
import { subscribe } from "../helpers/live.js";
import { cancel, cancelInput } from "../helpers/operations.js";
import { createOwnRole, type OwnRole } from "../helpers/schemas.js";
import { startService, type TestService } from "../helpers/service.js";
import { deliver, webhookBody } from "../helpers/webhooks.js";
import { startWire, type WireConnection } from "../helpers/wire.js";

const releases: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (let release = releases.pop(); release !== undefined; release = releases.pop()) await release();
});

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

async function useAllOf(service: TestService): Promise<void> {
  const input: any = cancelInput({ orderNo: `SIM-CONNECTION-RESET-AFTER-EFFECT-${randomUUID()}` });
  const changes = await subscribe(service, { orderNo: input.orderNo });
  const { cancellation } = await cancel(service, input);
  expect(cancellation.status).toBe("UNKNOWN");
  await changes.changeWhere(({ status }) => status === "UNKNOWN");
  changes.hangUp();
  await deliver(service, webhookBody("PAYMENT_REFUND_REQUESTED", input.orderNo, 1000));
  await settle(service);
  const page = await service.graphql("{ cancellations(first: 1) { totalCount } }");
  expect(page.data.cancellations).toEqual({ totalCount: 1 });
  expect((await read(service, cancellation.id)).status).toBe("SUCCEEDED");
  expect((await download(service.url, "csv")).text).toContain(cancellation.id);
}

/** The service, and what is run by hand, on each kind of connection there is. */
async function connectionsOf(role: OwnRole): Promise<readonly WireConnection[]> {
  await role.sql(`GRANT ALL ON SCHEMA public TO ${role.name}`);
  const wire = await startWire(role.url);
  releases.push(() => wire.close());
  await applyMigrations({ url: wire.url, directory: MIGRATIONS_FOLDER, log: () => undefined });
  const service = await startService({
    database: { url: role.url, drop: () => Promise.resolve() },
    environment: { DATABASE_URL: wire.url, RATE_LIMIT_STORE: "postgres" },
  });
  try {
    await useAllOf(service);
    expect(await withRetentionLock(wire.url, () => Promise.resolve("done"))).toBe("done");
  } finally {
    await service.close();
  }
  return wire.connections();
}

/** Of each kind. */
function settingsIn(connections: readonly WireConnection[], setting: string): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(KINDS).map(([kind, asked]) => {
      const ofKind = connections.filter((connection) => connection.asked.includes(asked));
      return [kind, [...new Set(ofKind.map((connection) => connection.rowWith(setting)?.[setting]))]];
    }),
  );
}

const everywhere = (value: string): object =>
  Object.fromEntries(Object.keys(KINDS).map((kind) => [kind, [value]]));

test.each([
  ["off", "role", "on"],
  ["off", "database", "on"],
  ["remote_apply", "role", "remote_apply"],
])(
  "where synchronous_commit is %s for the %s, it is %s on every kind of connection, and dates and zones are as needed",
  async (level, where, expected) => {
    const role = await createOwnRole();
    releases.push(() => role.drop());
    const whose = where === "role" ? `ROLE ${role.name}` : `DATABASE ${new URL(role.url).pathname.slice(1)}`;
    await role.sql(`
      ALTER ${whose} SET synchronous_commit = '${level}';
      ALTER ${whose} SET DateStyle = 'German';
      ALTER ${whose} SET TimeZone = 'Asia/Seoul'`);
    const connections = await connectionsOf(role);
    expect(settingsIn(connections, "synchronous_commit")).toEqual(everywhere(expected));
    expect(settingsIn(connections, "TimeZone")).toEqual(everywhere("UTC"));
    expect(settingsIn(connections, "DateStyle")).toEqual(everywhere("ISO, MDY"));
  },
);

test("a role whose settings are changed while the service runs changes nothing for new connections", async () => {
  const role = await createOwnRole();
  releases.push(() => role.drop());
  await role.sql(`GRANT ALL ON SCHEMA public TO ${role.name}`);
  await applyMigrations({ url: role.url, directory: MIGRATIONS_FOLDER, log: () => undefined });
  const service = await startService({ database: { url: role.url, drop: () => Promise.resolve() } });
  releases.push(() => service.close());
  await role.sql(`
    ALTER ROLE ${role.name} SET DateStyle = 'German'; ALTER ROLE ${role.name} SET TimeZone = 'Asia/Seoul';
    ALTER ROLE ${role.name} SET default_transaction_isolation = 'serializable';
    ALTER ROLE ${role.name} SET synchronous_commit = 'off'; ALTER ROLE ${role.name} SET search_path = nowhere`);
  await role.sql(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
  );
  const before = Date.now();
  const { cancellation } = await cancel(service, cancelInput());
  expect(cancellation.status).toBe("SUCCEEDED");
  const { sentAt } = await read(service, cancellation.id);
  expect(Math.abs(Date.parse(sentAt) - before)).toBeLessThan(3_600_000);
});
