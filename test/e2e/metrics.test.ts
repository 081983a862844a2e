import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { readVersion } from "../../src/process/version.js";
import { databaseUrl, withConnection } from "../helpers/connection.js";
import { createGate, until } from "../helpers/gate.js";
import { read } from "../helpers/in-doubt.js";
import { cancel, cancelInput } from "../helpers/operations.js";
import { useService } from "../helpers/service.js";
import { deliver, webhookBody } from "../helpers/webhooks.js";

const gate = createGate();
const service = useService({ simulator: { beforeAnswer: () => gate.pass() } });
afterEach(() => gate.open());
beforeEach(() =>
  service.sql("TRUNCATE cancellation, cancellation_item, cancellation_event, cancelled_order, webhook_event"),
);

/** The value of a metric with these labels; NaN when it is not shown. */
async function metric(name: string): Promise<number> {
  const response = await fetch(`${service.url}/metrics`);
  expect(response.headers.get("content-type")).toContain("text/plain");
  const line = (await response.text()).split("\n").find((one) => one.startsWith(`${name} `));
  return Number(line?.slice(name.length + 1) ?? Number.NaN);
}

const open = (status: string): Promise<number> => metric(`ebp_open_cancellations{status="${status}"}`);
const oldest = (status: string): Promise<number> =>
  metric(`ebp_oldest_open_cancellation_seconds{status="${status}"}`);
const webhooks = (result: string): Promise<number> => metric(`ebp_webhooks_total{result="${result}"}`);

test("the open cancellations are shown by status, with the age of the oldest, and are gone once they are decided", async () => {
  expect([await open("PENDING"), await open("UNKNOWN"), await oldest("UNKNOWN")]).toEqual([0, 0, 0]);
  const doubts = [0, 1].map(() => cancelInput({ orderNo: `SIM-SYSTEM-CRITICAL-${randomUUID()}` }));
  for (const input of doubts) await cancel(service, input);
  await cancel(service, cancelInput());
  await service.sql(
    "UPDATE cancellation SET created_at = created_at - interval '1 hour' WHERE order_no = $1",
    [doubts[0]?.["orderNo"]],
  );
  gate.close();
  const flying = cancel(service, cancelInput());
  await until(async () => (await open("PENDING")) === 1);

  expect(await open("UNKNOWN")).toBe(2);
  expect(await oldest("UNKNOWN")).toBeGreaterThanOrEqual(3_600);
  expect(await oldest("UNKNOWN")).toBeLessThan(7_200);
  expect(await oldest("PENDING")).toBeGreaterThan(0);
  gate.open();
  await flying;
  await service.letTimePass("1 hour");
  await service.reconcile();
  expect([await open("PENDING"), await open("UNKNOWN"), await oldest("UNKNOWN")]).toEqual([0, 0, 0]);
});

test("cancels are counted once, by store, outcome and result code", async () => {
  const count = (outcome: string, code: string): Promise<number> =>
    metric(`ebp_cancels_total{store="SIM-KR",outcome="${outcome}",result_code="${code}"}`);
  const before = await count("succeeded", "none");
  expect(before).toBeGreaterThanOrEqual(0);
  const input = cancelInput();
  await cancel(service, input);
  await cancel(service, input);
  expect(await count("succeeded", "none")).toBe(before + 1);
  await cancel(service, cancelInput({ orderNo: `SIM-CANCELLATION-FAILED-${randomUUID()}` }));
  expect(await count("rejected", "EBP-C-0010")).toBeGreaterThanOrEqual(1);
  await cancel(service, cancelInput({ orderNo: `SIM-SYSTEM-CRITICAL-${randomUUID()}` }));
  expect(await count("unknown", "EBP-C-0012")).toBeGreaterThanOrEqual(1);
});

test("metrics show when the reconciler last succeeded, and which version runs", async () => {
  expect(await metric("ebp_reconciler_last_success_timestamp_seconds")).toBeGreaterThanOrEqual(0);
  const text = await (await fetch(`${service.url}/metrics`)).text();
  expect(text).toContain(`ebp_build_info{version="${readVersion()}",node="${process.version}"} 1`);
});

test("webhooks are counted by what became of them, from 0", async () => {
  for (const result of ["stored", "repeated", "refused"]) expect(await webhooks(result)).toBe(0);
  const body = webhookBody("PAYMENT_VOIDED", "ORD-1", 1);
  await deliver(service, body);
  await deliver(service, body);
  await deliver(service, body);
  await deliver(service, body, { secret: "another" });
  expect([await webhooks("stored"), await webhooks("repeated"), await webhooks("refused")]).toEqual([
    1, 2, 1,
  ]);
});

test("a proof against what was decided is counted", async () => {
  expect(await metric("ebp_contradictions_total")).toBe(0);
  const input = cancelInput({ orderNo: `SIM-CANCELLATION-FAILED-${randomUUID()}` });
  const { cancellation } = await cancel(service, input);
  await deliver(service, webhookBody("PAYMENT_REFUND_REQUESTED", input["orderNo"] as string, 1000));
  await service.reconcile();
  expect(await metric("ebp_contradictions_total")).toBe(1);
  expect((await read(service, cancellation.id)).discrepancies).toHaveLength(1);
});

test("what the reconciler does is counted, and a stored webhook has it work at once, long before its interval is over", async () => {
  await service.restart({ RECONCILE_INTERVAL_MS: "3600000" });
  const { cancellation } = await cancel(service, cancelInput());
  await deliver(service, webhookBody("PAYMENT_VOIDED", cancellation.orderNo, 1000));
  await until(async () => (await metric('ebp_reconciled_total{what="matched"}')) === 1);
  expect((await read(service, cancellation.id)).settlement).toBe("VOIDED");
});

test("an access key that expires soon is warned of, and the service is ready all the same", async () => {
  const name = 'ebp_access_key_expires_in_seconds{store="SIM-KR"}';
  const answered = async (): Promise<unknown> => {
    const response = await fetch(`${service.url}/readyz`);
    expect(response.status).toBe(200);
    return response.json();
  };
  expect([await metric(name), await answered()]).toEqual([Number.NaN, { status: "ok" }]);
  const day = 24 * 60 * 60;
  for (const [days, message] of [
    [29, "the access key of this store expires within 30 days"],
    [-1, "the access key of this store has expired: EBP takes no request with it"],
    [31, null],
  ] as const) {
    const accessKeyExpiresAt = new Date(Date.now() + days * day * 1_000).toISOString();
    await service.restart({ EBP_ACCESS_KEY_EXPIRES_AT: accessKeyExpiresAt });
    const seconds = await metric(name);
    expect(seconds).toBeLessThanOrEqual(days * day);
    expect(seconds).toBeGreaterThan((days - 1) * day);
    const warnings = [{ storeId: "SIM-KR", accessKeyExpiresAt, message }];
    expect(await answered()).toEqual({ status: "ok", ...(message !== null && { warnings }) });
  }
});

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
    await service.sql("DROP TRIGGER full_disk ON database_history");
    await until(async () => (await ready()).status === 200);
  });

  test("says how long no cancel is sent once the database has gone back in time", async () => {
    await service.sql("UPDATE database_history SET beat = beat - 1000");
    await until(async () => (await ready()).status === 503);
    expect((await ready()).reason).toMatch(
      /^the database has gone back in time: no cancel is sent for another \d+ s$/u,
    );
  });
});
