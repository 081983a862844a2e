import { afterAll, expect, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../helpers/gate.js";
import { read } from "../helpers/in-doubt.js";
import { cancel, cancelInput } from "../helpers/operations.js";
import { freePort, command, runService, type ServiceProcess } from "../helpers/service-process.js";
import { post, UNLIMITED, useService } from "../helpers/service.js";
import { deliver, webhookBody } from "../helpers/webhooks.js";

const ACCOUNT = { accountNumber: "0048271905534", bankCode: "004", accountHolderName: "Nadine Oyelaran" };

const service = useService();
const log = join(tmpdir(), `recover-${randomUUID()}.log`);
afterAll(() => rm(log, { force: true }));

function settings(): Record<string, string> {
  return {
    DATABASE_URL: service.databaseUrl,
    EBP_BASE_URL: service.simulator.url,
    EBP_TIMEOUT_MS: "5000",
    DATA_ENCRYPTION_KEYS: `test:${Buffer.alloc(32, 7).toString("base64")}`,
  };
}

function reconcile(environment: Record<string, string> = {}): ServiceProcess {
  return runService({ ...settings(), ...environment }, command("reconcile"));
}

function recover(...words: string[]): ServiceProcess {
  return runService(settings(), [...command("recover"), ...words]);
}

async function doubtful(changes: object = {}): Promise<string> {
  const input = cancelInput({ orderNo: `SIM-SYSTEM-CRITICAL-${randomUUID()}`, ...changes });
  return (await cancel(service, input)).cancellation.id as string;
}

test("npm run reconcile looks at everything that is due, once, tells the counts, and ends with code 0", async () => {
  const doubt = await doubtful();
  const settled = (await cancel(service, cancelInput())).cancellation;
  await deliver(service, webhookBody("PAYMENT_VOIDED", settled.orderNo, 1000));
  await deliver(service, webhookBody("PAYMENT_CAPTURED", settled.orderNo, 1000));
  await deliver(service, webhookBody("PAYMENT_VOIDED", `ORD-${randomUUID()}`, 1000));
  await service.letTimePass("1 hour");
  const run = reconcile();

  expect(await run.ended).toBe(0);
  // It is not called FAILED by a process that sees it for the first time.
  expect(run.stdout.trimEnd().split("\n").sort()).toEqual(
    [
      ...["recovered 0", "resolved 0", "inDoubt 1", "overtaken 0", "matched 1", "attached 0", "ignored 1"],
      ...["waiting 1", "failed 0"],
    ].sort(),
  );
  expect(await read(service, doubt)).toMatchObject({ status: "UNKNOWN", lookups: 1 });
  expect(await read(service, settled.id)).toMatchObject({ settlement: "VOIDED" });
});

test("npm run reconcile ends with code 1 when a row could not be dealt with, says which and why, and deals with the others", async () => {
  const account = { accountNumber: "1029384756" };
  const [bad, good] = [
    await doubtful({ refundAccount: account }),
    await doubtful({ refundAccount: account }),
  ];
  await service.sql("UPDATE cancellation SET refund_account_sealed = '\\xdeadbeef' WHERE id = $1", [bad]);
  await service.letTimePass("1 hour");
  const run = reconcile();

  expect(await run.ended).toBe(1);
  expect(run.stdout).toContain("failed 1\n");
  expect(run.stderr).toContain(bad);
  expect(run.stderr).toContain("decrypting the refund account");
  expect(run.stderr).not.toMatch(/^\s+at /mu);
  expect((await read(service, good)).lookups).toBe(1);
});

/** What the service logs of these cancels at a level that says hardly anything else. */
async function logOf(...inputs: readonly object[]): Promise<string> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const running = runService({ ...settings(), ...UNLIMITED, PORT: String(port), LOG_LEVEL: "error" });
  await until(async () => (await fetch(`${url}/readyz`).catch(() => null))?.ok === true);
  const mutation = `mutation ($input: CancelPaymentInput!) {
    cancelPayment(input: $input) { replayed userErrors { code } } }`;
  for (const input of inputs) {
    const { data, errors } = await post(url, mutation, { input });
    expect({ errors, ...data }).toEqual({ cancelPayment: { replayed: false, userErrors: [] } });
  }
  running.kill("SIGTERM");
  await running.ended;
  return running.stdout;
}

async function forget(orderNo: string): Promise<void> {
  const ofOrder = "IN (SELECT id FROM cancellation WHERE order_no = $1)";
  await service.sql(`DELETE FROM cancellation_event WHERE cancellation_id ${ofOrder}`, [orderNo]);
  await service.sql(`DELETE FROM cancellation_item WHERE cancellation_id ${ofOrder}`, [orderNo]);
  await service.sql("DELETE FROM cancellation WHERE order_no = $1", [orderNo]);
}

test("npm run recover enters what the log shows and the database forgot, and says where money may have moved twice", async () => {
  const [input, again]: any[] = [
    cancelInput({ refundAccount: ACCOUNT, reason: "changed mind" }),
    cancelInput(),
  ];
  const lines = await logOf(input, again);
  for (const secret of [ACCOUNT.accountNumber, ACCOUNT.accountHolderName, "changed mind"])
    expect(lines).not.toContain(secret);
  const rowOf = async (orderNo: string): Promise<any> =>
    (await service.sql("SELECT * FROM cancellation WHERE order_no = $1", [orderNo]))[0];
  const itemsOf = (id: string): Promise<any[]> =>
    service.sql("SELECT * FROM cancellation_item WHERE cancellation_id = $1", [id]);
  const before = await rowOf(input.orderNo);
  const itemsBefore = await itemsOf(before.id);
  const lost = await rowOf(again.orderNo);
  await forget(input.orderNo);
  // The other one's key is another cancellation's now. Not later: a recovery holds all sending for some seconds.
  await forget(again.orderNo);
  await cancel(service, again);
  const [sent = "", sentAgain = ""] = lines.split("\n").filter((line) => line.includes('"msg":"sent"'));

  await writeFile(log, `${sent}\nnot a line of log\n{"msg":"answered"}\n`);
  const dry = recover("--from", log, "--dry-run");
  expect([await dry.ended, dry.stderr]).toEqual([0, ""]);
  expect(dry.stdout).toBe("sent 1\nwould be entered 1\npresent 0\nkey taken 0\nunreadable 0\n");
  expect(await rowOf(input.orderNo)).toBeUndefined();
  const run = recover("--from", log);
  expect([await run.ended, run.stderr]).toEqual([0, ""]);
  expect(run.stdout).toBe("sent 1\nentered 1\npresent 0\nkey taken 0\nunreadable 0\n");

  const after = await rowOf(input.orderNo);
  const { id, idempotency_key, fingerprint, total_cancel_amount, amount_basis, created_at } = before;
  expect(after).toMatchObject({
    ...{ id, idempotency_key, fingerprint, total_cancel_amount, amount_basis, created_at },
    ...{ status: "UNKNOWN", failure_kind: "IN_DOUBT", refund_account_sealed: null },
  });
  const unconfirmed = { confirmed_quantity: null, confirmed_amount: null, confirmed_tax_amount: null };
  expect(await itemsOf(id)).toEqual(itemsBefore.map((item) => ({ ...item, ...unconfirmed })));
  expect(await cancel(service, input)).toMatchObject({
    replayed: true,
    cancellation: { status: "UNKNOWN", id },
  });
  expect(service.simulator.ledger.received(input.orderNo)).toHaveLength(1);

  await writeFile(log, `${sent}\n${sentAgain}\n{"msg":"sent","store":"SIM-KR"}\n{"level":30,"msg":"sent"\n`);
  const second = recover("--from", log);
  expect(await second.ended).toBe(1);
  expect(second.stdout).toBe("sent 2\nentered 0\npresent 1\nkey taken 1\nunreadable 2\n");
  expect(second.stderr).toContain(`${lost.id}: its key or id now belongs to another cancellation.`);
});

test("a command that cannot do its work ends with code 1, or 2 if it was called wrongly, and a readable message, without a stack trace or a password", async () => {
  const runs = [
    reconcile({ DATABASE_URL: "postgresql://nobody:word@127.0.0.1:1/none" }),
    recover(),
    recover("--from", "/nonexistent.log"),
  ];
  const [noDatabase, noFileNamed, noSuchFile] = runs;
  expect(await Promise.all(runs.map(({ ended }) => ended))).toEqual([1, 2, 1]);
  expect(noDatabase?.stdout).toBe("");
  expect(noDatabase?.stderr).toMatch(
    /^DatabaseUnreachableError: The PostgreSQL at 127\.0\.0\.1:1 cannot be used/u,
  );
  expect(noDatabase?.stderr).not.toMatch(/^\s+at |word/mu);
  expect(noFileNamed?.stderr).toContain("required option '--from <log file>' not specified");
  expect(noSuchFile?.stderr).toContain("ENOENT");
});
