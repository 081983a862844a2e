import { randomBytes, randomUUID } from "node:crypto";
import { expect, test } from "@jest/globals";
import pg from "pg";
import { until } from "../helpers/gate.js";
import { cancel, cancelInput } from "../helpers/operations.js";
import { program, runService, type ServiceProcess } from "../helpers/service-process.js";
import { useService } from "../helpers/service.js";
import { deliver, webhookBody } from "../helpers/webhooks.js";

const [OLD, NEW] = ["2026", "2027"].map((id) => `${id}:${randomBytes(32).toString("base64")}`);
const ACCOUNT = { accountNumber: "0012-3456-78901", bankCode: "001", accountHolderName: "홍길동" };

const service = useService({ environment: { DATA_ENCRYPTION_KEYS: `${OLD}` } });

/** A command, beside the running service. */
function run(keys: string, command: string, ...words: string[]): ServiceProcess {
  const settings = {
    DATABASE_URL: service.databaseUrl,
    EBP_BASE_URL: service.simulator.url,
    DATA_ENCRYPTION_KEYS: keys,
  };
  return runService(settings, [...program(`commands/${command}`), ...words]);
}

const reencrypt = (keys = `${NEW},${OLD}`): ServiceProcess => run(keys, "reencrypt");

/** A cancel with an account, one answer kept, and a webhook about it. */
async function cancelled(): Promise<{ input: any; id: string; body: string }> {
  const input: any = cancelInput({
    refundAccount: ACCOUNT,
    orderNo: `SIM-CANCELLATION-FAILED-${randomUUID()}`,
  });
  const { cancellation } = await cancel(service, input);
  const body = webhookBody("PAYMENT_CAPTURED", input.orderNo, 1000);
  await deliver(service, body);
  return { input, id: cancellation.id, body };
}

/** Runs until it waits for a table that somebody holds, with the tables before it done. */
/** In this database: other tests have theirs on the same server. */
const WAITING = "FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";

async function withTableHeld(table: string, work: (running: ServiceProcess) => Promise<void>): Promise<void> {
  const holder = new pg.Client({ connectionString: service.databaseUrl });
  await holder.connect();
  await holder.query(`BEGIN; LOCK TABLE ${table} IN EXCLUSIVE MODE`);
  const running = reencrypt();
  try {
    await until(async () => (await service.sql(`SELECT ${WAITING}`)).length > 0);
    await work(running);
  } finally {
    await holder.query("ROLLBACK");
    await holder.end();
  }
}

async function encryptedWith(keyId: string): Promise<number> {
  const [{ count }] = await service.sql(
    `SELECT count(*)::int FROM (
       SELECT refund_account_key_id AS key FROM cancellation UNION ALL
       SELECT answer_key_id FROM cancellation_event UNION ALL SELECT body_key_id FROM webhook_event
     ) AS sealed WHERE key = $1`,
    [keyId],
  );
  return count;
}

test("everything moves to the newest key, and a service with that key alone answers as before", async () => {
  const { input, id, body } = await cancelled();
  const running = reencrypt();
  expect(await running.ended).toBe(0);
  expect(running.stdout).toBe(
    "Moved to key 2027: 3.\n" +
      "cancellation: 1 with key 2027\n" +
      "cancellation_event: 1 with key 2027\n" +
      "webhook_event: 1 with key 2027\n" +
      "Nothing is encrypted with key 2026 any more: take it out of DATA_ENCRYPTION_KEYS, provided that no running service has it first.\n",
  );
  expect(running.stderr).toBe("");

  await service.restart({ DATA_ENCRYPTION_KEYS: `${NEW}` });
  const replay = await cancel(service, input);
  expect(replay).toMatchObject({
    replayed: true,
    cancellation: { id, refundAccount: { accountNumberLast4: "8901" } },
  });
  const other = { ...ACCOUNT, accountNumber: "0012345678902" };
  expect((await cancel(service, { ...input, refundAccount: other })).userErrors).toMatchObject([
    { code: "IDEMPOTENCY_KEY_REUSED" },
  ]);
  const evidence = run(`${NEW}`, "evidence", id);
  expect(await evidence.ended).toBe(0);
  expect(evidence.stdout).toContain(body);
  expect(evidence.stdout).toContain("EBP-C-0010");
  await service.restart({ DATA_ENCRYPTION_KEYS: `${OLD},${NEW}` });
});

test("killed on the way, it goes on where it was; nothing is lost between two keys", async () => {
  const before = await Promise.all([cancelled(), cancelled(), cancelled()]);
  expect(await encryptedWith("2026")).toBe(9);
  await withTableHeld("cancellation_event", async (running) => {
    running.kill("SIGKILL");
    expect(await running.ended).toBe("SIGKILL");
    // A statement that has been handed over outlives who sent it: this one shall be lost with it.
    await service.sql(`SELECT pg_terminate_backend(pid) ${WAITING}`);
    await until(async () => (await service.sql(`SELECT ${WAITING}`)).length === 0);
  });
  // The accounts were committed before it came to the answers.
  expect(await encryptedWith("2026")).toBe(6);
  for (const { input } of before) expect((await cancel(service, input)).replayed).toBe(true);

  const again = reencrypt();
  expect(await again.ended).toBe(0);
  expect(again.stdout).toContain("Moved to key 2027: 6.\n");
  expect(await encryptedWith("2026")).toBe(0);
});

test.each(["SIGTERM", "SIGINT"] as const)(
  "on %s it finishes the page, says that it is not done, and ends with 1",
  async (signal) => {
    await cancelled();
    let stopped: ServiceProcess | undefined;
    await withTableHeld("cancellation_event", async (running) => {
      running.kill(signal);
      stopped = running;
      await Promise.resolve();
    });
    expect(await stopped?.ended).toBe(1);
    expect(stopped?.stdout).toBe(
      "Moved to key 2027: 2.\nStopped before the end. Run it again to move the rest.\n",
    );
    expect(stopped?.stderr).toBe("");
    expect(await reencrypt().ended).toBe(0);
    expect(await encryptedWith("2026")).toBe(0);
  },
);

test("what cannot be opened is told by its id, with what is still needed, and code 1", async () => {
  const [altered] = await Promise.all([cancelled(), cancelled()]);
  await service.sql("UPDATE cancellation SET refund_account_sealed = '\\xdeadbeef' WHERE id = $1", [
    altered.id,
  ]);
  const running = reencrypt();
  expect(await running.ended).toBe(1);
  expect(running.stdout).toContain(
    "Cannot be decrypted, and left as they are: 1.\n" +
      `cancellation SIM-KR ${altered.id}: decrypting the refund account of cancellation ${altered.id}: it was altered,`,
  );
  expect(running.stdout).toContain("Key 2026 is still needed.\n");
  expect(running.stdout).not.toContain("take it out");
  expect(running.stdout + running.stderr).not.toMatch(/45678901|홍길동|deadbeef/u);
});

test("a key that is another one than the services' under its id moves nothing, and says so", async () => {
  await cancelled();
  const before = await encryptedWith("2027");
  const running = reencrypt(`2027:${randomBytes(32).toString("base64")},${OLD}`);
  expect(await running.ended).toBe(1);
  expect(running.stderr).toMatch(
    /The first of DATA_ENCRYPTION_KEYS, "2027", is not the key that encrypted .* Nothing was moved/u,
  );
  expect(await encryptedWith("2027")).toBe(before);
});
