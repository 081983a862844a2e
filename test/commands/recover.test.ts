import { afterAll, describe, expect, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../helpers/gate.js";
import { cancel, cancelInput } from "../helpers/operations.js";
import { freePort, program, runService, type ServiceProcess } from "../helpers/service-process.js";
import { post, UNLIMITED, useService } from "../helpers/service.js";

const ACCOUNT = { accountNumber: "0048271905534", bankCode: "004", accountHolderName: "Nadine Oyelaran" };

const service = useService();
const log = join(tmpdir(), `recover-${randomUUID()}.log`);
afterAll(async () => {
  await rm(log, { force: true });
});

function settings(): Record<string, string> {
  return {
    DATABASE_URL: service.databaseUrl,
    EBP_BASE_URL: service.simulator.url,
    DATA_ENCRYPTION_KEYS: `test:${Buffer.alloc(32, 7).toString("base64")}`,
  };
}

function recover(...words: string[]): ServiceProcess {
  return runService(settings(), [...program("commands/recover"), ...words]);
}

/** What the service logs of one cancel at a level that says hardly anything else. */
async function logOf(input: Record<string, unknown>): Promise<string> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const process = runService({ ...settings(), ...UNLIMITED, PORT: String(port), LOG_LEVEL: "error" });
  // A recovery that has just ended holds all sending for some seconds.
  await until(async () => (await fetch(`${url}/readyz`).catch(() => null))?.ok === true);
  const { data, errors } = await post(
    url,
    "mutation ($input: CancelPaymentInput!) { cancelPayment(input: $input) { replayed userErrors { code } } }",
    { input },
  );
  expect({ errors, ...data }).toEqual({ cancelPayment: { replayed: false, userErrors: [] } });
  process.kill("SIGTERM");
  await process.ended;
  return process.stdout;
}

async function forget(orderNo: string): Promise<void> {
  const ofOrder = "IN (SELECT id FROM cancellation WHERE order_no = $1)";
  await service.sql(`DELETE FROM cancellation_event WHERE cancellation_id ${ofOrder}`, [orderNo]);
  await service.sql(`DELETE FROM cancellation_item WHERE cancellation_id ${ofOrder}`, [orderNo]);
  await service.sql("DELETE FROM cancellation WHERE order_no = $1", [orderNo]);
}

describe("npm run recover", () => {
  test("enters a cancel of the log, whose key, lines and fingerprint are as they were, and nothing of its account", async () => {
    const input = cancelInput({ refundAccount: ACCOUNT, reason: "changed mind" });
    const orderNo = String(input["orderNo"]);
    const lines = await logOf(input);
    const sent = lines.split("\n").find((line) => line.includes('"msg":"sent"')) ?? "";
    for (const secret of [ACCOUNT.accountNumber, ACCOUNT.accountHolderName, "changed mind"])
      expect(lines).not.toContain(secret);
    const [before] = await service.sql("SELECT * FROM cancellation WHERE order_no = $1", [orderNo]);
    const itemsBefore = await service.sql("SELECT * FROM cancellation_item WHERE cancellation_id = $1", [
      before.id,
    ]);
    await forget(orderNo);
    await writeFile(log, `${sent}\nnot a line of log\n{"msg":"answered"}\n`);

    const run = recover("--from", log);
    expect([await run.ended, run.stderr]).toEqual([0, ""]);
    expect(run.stdout).toBe("sent 1\nentered 1\npresent 0\nkey taken 0\nunreadable 0\n");
    const [after] = await service.sql("SELECT * FROM cancellation WHERE order_no = $1", [orderNo]);
    for (const column of [
      "id",
      "idempotency_key",
      "fingerprint",
      "total_cancel_amount",
      "amount_basis",
      "created_at",
    ])
      expect(after[column]).toEqual(before[column]);
    expect(after).toMatchObject({ status: "UNKNOWN", failure_kind: "IN_DOUBT", refund_account_sealed: null });
    const items = await service.sql("SELECT * FROM cancellation_item WHERE cancellation_id = $1", [after.id]);
    expect(items).toEqual(
      itemsBefore.map((item) => ({
        ...item,
        confirmed_quantity: null,
        confirmed_amount: null,
        confirmed_tax_amount: null,
      })),
    );

    const again = await cancel(service, input);
    expect(again).toMatchObject({ replayed: true, cancellation: { status: "UNKNOWN", id: before.id } });
    expect(service.simulator.ledger.received(orderNo)).toHaveLength(1);
  });

  test("says of a cancel whose key is another one's now that money may have moved twice, with code 1", async () => {
    const input = cancelInput();
    const lines = await logOf(input);
    const [{ id }] = await service.sql("SELECT id FROM cancellation WHERE order_no = $1", [input["orderNo"]]);
    await forget(String(input["orderNo"]));
    await cancel(service, input);
    await writeFile(log, lines);
    const run = recover("--from", log);
    expect(await run.ended).toBe(1);
    expect(run.stderr).toContain(`${id}: its key or id now belongs to another cancellation.`);
    expect(run.stdout).toContain("key taken 1\n");
  });

  test("counts lines of sends that it cannot read, and ends with code 1", async () => {
    await writeFile(log, '{"msg":"sent","store":"SIM-KR"}\n{"level":30,"msg":"sent"\n');
    const run = recover("--from", log);
    expect(await run.ended).toBe(1);
    expect(run.stdout).toBe("sent 0\nentered 0\npresent 0\nkey taken 0\nunreadable 2\n");
  });

  test.each([
    ["no file named", [], "--from: expected a log file, found nothing"],
    ["an option that there is not", ["--form", "x"], "--form"],
    ["a file that is not there", ["--from", "/nonexistent.log"], "ENOENT"],
  ])("with %s it says what is wrong, with code 1", async (_what, words, message) => {
    const run = recover(...words);
    expect(await run.ended).toBe(1);
    expect(run.stderr).toContain(message);
  });

  test("--help prints how it is used", async () => {
    const run = recover("--help");
    expect(await run.ended).toBe(0);
    expect(run.stdout).toContain("Usage: npm run recover -- --from <log file> [--dry-run]");
  });
});
