import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { MIGRATIONS_FOLDER } from "../../src/process/database.js";
import { applyMigrations } from "../../src/persistence/migrations.js";
import { download } from "../helpers/exports.js";
import { read, refresh, settle } from "../helpers/in-doubt.js";
import { subscribe } from "../helpers/live.js";
import { cancel, cancelInput } from "../helpers/operations.js";
import { createOwnRole, type OwnRole } from "../helpers/schemas.js";
import { program, runService } from "../helpers/service-process.js";
import { startService, type TestService } from "../helpers/service.js";
import { deliver, webhookBody } from "../helpers/webhooks.js";

jest.setTimeout(180_000); // Many processes are started.

const KEYS = `test:${Buffer.alloc(32, 7).toString("base64")}`;
const ACCOUNT = { accountNumber: "0012-3456-78901", bankCode: "001", accountHolderName: "홍길동" };
/** On a machine that has much else to do. */
const SEVERAL_PROCESSES_MS = 120_000;

let role: OwnRole;
beforeEach(async () => {
  role = await createOwnRole();
});
afterEach(() => role.drop());

/** Those in which something was made. */
async function schemas(): Promise<string[]> {
  const rows = await role.sql(`
    SELECT DISTINCT nspname AS schema FROM (
      SELECT relnamespace AS namespace FROM pg_class UNION ALL SELECT typnamespace FROM pg_type
    ) AS made JOIN pg_namespace ON pg_namespace.oid = namespace
    WHERE nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')`);
  return rows.map(({ schema }) => String(schema));
}

async function command(url: string, name: string, ...words: string[]): Promise<string> {
  const run = runService({ DATABASE_URL: url, DATA_ENCRYPTION_KEYS: KEYS }, [
    ...program(`commands/${name}`),
    ...words,
  ]);
  expect([await run.ended, run.stderr]).toEqual([0, ""]);
  return run.stdout;
}

/** @param own what the test itself asks by, where that is another. */
async function start(url: string, own = url): Promise<TestService> {
  return startService({
    database: { url: own, drop: () => Promise.resolve() },
    environment: { DATABASE_URL: url, RATE_LIMIT_STORE: "postgres" },
  });
}

const PAGE = `query ($orderNo: String!) {
  cancellations(filter: { orderNo: $orderNo }, first: 5) { totalCount edges { node { id } } }
  order(orderNo: $orderNo) { cancelledTotal cancellations(first: 5) { edges { node { id } } } }
  cancellationStats(groupBy: [STATUS]) { status count }
}`;

/** Every door of the service once. */
async function useAllOf(service: TestService): Promise<void> {
  const input: any = cancelInput({ refundAccount: ACCOUNT, note: "call before noon" });
  const changes = await subscribe(service, { orderNo: input.orderNo });
  const { cancellation } = await cancel(service, input);
  expect(cancellation.status).toBe("SUCCEEDED");
  expect(await changes.changeWhere(({ status }) => status === "SUCCEEDED")).toMatchObject({
    id: cancellation.id,
  });
  changes.hangUp();
  expect(await cancel(service, input)).toMatchObject({
    replayed: true,
    cancellation: { id: cancellation.id },
  });
  const { data, errors } = await service.graphql(PAGE, { orderNo: input.orderNo });
  expect(errors).toBeUndefined();
  const edges = [{ node: { id: cancellation.id } }];
  expect(data).toMatchObject({
    cancellations: { totalCount: 1, edges },
    order: { cancelledTotal: "1000", cancellations: { edges } },
    cancellationStats: [{ status: "SUCCEEDED", count: 1 }],
  });
  const inDoubt: any = cancelInput({ orderNo: `SIM-CONNECTION-RESET-AFTER-EFFECT-${randomUUID()}` });
  const doubtful = (await cancel(service, inDoubt)).cancellation;
  expect(doubtful.status).toBe("UNKNOWN");
  await refresh(service, doubtful.id);
  const body = webhookBody("PAYMENT_REFUND_REQUESTED", inDoubt.orderNo, 1000);
  expect(await deliver(service, body)).toMatchObject({ status: 200 });
  await settle(service);
  expect((await read(service, doubtful.id)).status).toBe("SUCCEEDED");
  const file = await download(service.url, "csv");
  expect(file.text).toContain(cancellation.id);
  expect((await fetch(`${service.url}/readyz`)).status).toBe(200);
  expect(await service.sql("SELECT count(*) > 0 AS counted FROM rate_limit")).toEqual([{ counted: true }]);
}

describe.each([
  ["a role with a schema of its own", (): string => role.url, (): string => role.name],
  [
    "a schema that the URL names",
    (): string => `${role.url}?schema=${encodeURIComponent("Billing 2")}`,
    (): string => "Billing 2",
  ],
])("with %s", (_what, urlOf, schemaOf) => {
  beforeEach(async () => {
    if (schemaOf() === role.name) await role.sql(`CREATE SCHEMA AUTHORIZATION ${role.name}`);
    await applyMigrations({ url: urlOf(), directory: MIGRATIONS_FOLDER, log: () => undefined });
  });

  test("all of the service keeps everything in it", async () => {
    const service = await start(urlOf());
    try {
      await useAllOf(service);
    } finally {
      await service.close();
    }
    expect(await schemas()).toEqual([schemaOf()]);
  });

  test(
    "all that is run by hand works in it",
    async () => {
      const service = await start(urlOf());
      try {
        const input = cancelInput({ refundAccount: ACCOUNT, note: "call before noon" });
        const failing = cancelInput({ orderNo: `SIM-CANCELLATION-FAILED-${randomUUID()}` });
        const { id } = (await cancel(service, input)).cancellation;
        const failed = (await cancel(service, failing)).cancellation;
        expect(await command(urlOf(), "migrate")).toBe("The database has every migration.\n");
        expect(await command(urlOf(), "evidence", failed.id)).toContain("EBP-C-0010");
        expect(await command(urlOf(), "reencrypt")).toContain("test");
        const ago = "interval '25 months'";
        await service.sql(
          `UPDATE cancellation SET created_at = created_at - ${ago}, resolved_at = resolved_at - ${ago}`,
        );
        await service.sql(`UPDATE cancellation_event SET at = at - ${ago}`);
        const words = ["--older-than-months", "24"];
        expect(await command(urlOf(), "retention", ...words)).toContain("SIM-KR: erased 1 refund accounts");
        expect((await read(service, id)).note).toBeNull();
      } finally {
        await service.close();
      }
      expect(await schemas()).toEqual([schemaOf()]);
    },
    SEVERAL_PROCESSES_MS,
  );
});

test("a service whose role gets a schema of its own while it runs stays in the one it began in", async () => {
  await role.sql(`GRANT ALL ON SCHEMA public TO ${role.name}`);
  await applyMigrations({ url: role.url, directory: MIGRATIONS_FOLDER, log: () => undefined });
  const service = await start(role.url, `${role.url}?schema=public`);
  try {
    await role.sql(
      `CREATE SCHEMA AUTHORIZATION ${role.name}; ALTER ROLE ${role.name} SET search_path = nowhere`,
    );
    await useAllOf(service);
  } finally {
    await service.close();
  }
  expect(await schemas()).toEqual(["public"]);
});

test("a service whose role has a schema without migrations says which, and what Prisma's command has to be told", async () => {
  await role.sql(`GRANT ALL ON SCHEMA public TO ${role.name}`);
  await applyMigrations({
    url: `${role.url}?schema=public`,
    directory: MIGRATIONS_FOLDER,
    log: () => undefined,
  });
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
