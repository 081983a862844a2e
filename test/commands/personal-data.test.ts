import { randomBytes, randomUUID } from "node:crypto";
import { Writable } from "node:stream";
import { beforeEach, describe, expect, test } from "@jest/globals";
import pg from "pg";
import { createProgress } from "../../src/commands/progress.js";
import { until } from "../helpers/gate.js";
import { cancel, cancelInput, CANCELLATION_FIELDS } from "../helpers/operations.js";
import { command, runService, type ServiceProcess } from "../helpers/service-process.js";
import { useService } from "../helpers/service.js";
import { deliver, webhookBody } from "../helpers/webhooks.js";

const [OLD = "", NEW = ""] = ["2026", "2027"].map((id) => `${id}:${randomBytes(32).toString("base64")}`);
const ACCOUNT = { accountNumber: "0012-3456-78901", bankCode: "001", accountHolderName: "홍길동" };
const POINTS = new URL("../faults/harness/fault-points.mjs", import.meta.url).href;
/** In this database: other tests have theirs on the same server. */
const WAITING = "FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";

const service = useService({ environment: { DATA_ENCRYPTION_KEYS: OLD } });
beforeEach(() => service.sql("TRUNCATE cancelled_order, cancellation, webhook_event CASCADE"));

/** A command beside the running service; perhaps killed at a point. */
function run(
  [name = "", ...words]: readonly string[],
  { keys = OLD, killedAt }: { keys?: string; killedAt?: string } = {},
): ServiceProcess {
  const settings = {
    DATABASE_URL: service.databaseUrl,
    EBP_BASE_URL: service.simulator.url,
    DATA_ENCRYPTION_KEYS: keys,
  };
  const fault = { FAULT_AT: killedAt ?? "", FAULT_DATABASE_PORT: new URL(service.databaseUrl).port };
  const args = [...command(name), ...words];
  return killedAt === undefined
    ? runService(settings, args)
    : runService({ ...settings, ...fault }, ["--import", POINTS, ...args]);
}

const reencrypt = (): ServiceProcess => run(["reencrypt"], { keys: `${NEW},${OLD}` });
const retention = (words: readonly string[] = [], killedAt?: string): ServiceProcess =>
  run(["retention", "--older-than-months", "24", ...words], killedAt === undefined ? {} : { killedAt });

/** A cancel with an account and a note, whose answer is kept, and a webhook about it. */
async function cancelled(): Promise<{ input: any; id: string; body: string }> {
  const orderNo = `SIM-CANCELLATION-FAILED-${randomUUID()}`;
  const input: any = cancelInput({ refundAccount: ACCOUNT, note: "call before noon", orderNo });
  const { cancellation } = await cancel(service, input);
  const body = webhookBody("PAYMENT_CAPTURED", orderNo, 1000);
  await deliver(service, body);
  return { input, id: cancellation.id, body };
}

/** Runs until it waits for a table that somebody holds, with the tables before it done. */
async function withTableHeld(
  table: string,
  start: () => ServiceProcess,
  work: (running: ServiceProcess) => Promise<void>,
): Promise<ServiceProcess> {
  const holder = new pg.Client({ connectionString: service.databaseUrl });
  await holder.connect();
  await holder.query(`BEGIN; LOCK TABLE ${table} IN EXCLUSIVE MODE`);
  const running = start();
  try {
    await until(async () => (await service.sql(`SELECT ${WAITING}`)).length > 0);
    await work(running);
  } finally {
    await holder.query("ROLLBACK");
    await holder.end();
  }
  return running;
}

async function encryptedWith(keyId: string): Promise<number> {
  const [{ count }] = await service.sql(
    `SELECT count(*)::int FROM (
       SELECT refund_account_key_id AS key FROM cancellation UNION ALL
       SELECT answer_key_id FROM cancellation_event UNION ALL SELECT body_key_id FROM webhook_event
     ) AS encrypted WHERE key = $1`,
    [keyId],
  );
  return count;
}

describe("npm run reencrypt", () => {
  test("moves everything to the newest key, and a service with that key alone answers as before, as does npm run evidence", async () => {
    const { input, id, body } = await cancelled();
    const running = reencrypt();
    expect([await running.ended, running.stderr]).toEqual([0, ""]);
    expect(running.stdout).toBe(
      "Moved to key 2027: 3.\n" +
        "cancellation: 1 with key 2027\n" +
        "cancellation_event: 1 with key 2027\n" +
        "webhook_event: 1 with key 2027\n" +
        "Nothing is encrypted with key 2026 any more: take it out of DATA_ENCRYPTION_KEYS, provided that no running service has it first.\n",
    );

    await service.restart({ DATA_ENCRYPTION_KEYS: NEW });
    expect(await cancel(service, input)).toMatchObject({
      replayed: true,
      cancellation: { id, refundAccount: { accountNumberLast4: "8901" } },
    });
    const other = { ...ACCOUNT, accountNumber: "0012345678902" };
    expect((await cancel(service, { ...input, refundAccount: other })).userErrors).toMatchObject([
      { code: "IDEMPOTENCY_KEY_REUSED" },
    ]);
    const evidence = run(["evidence", id], { keys: NEW });
    expect(await evidence.ended).toBe(0);
    expect(evidence.stdout).toMatch(/^\S+Z RESPONSE\n\{.*EBP-C-0010.*\n\n\S+Z PAYMENT_CAPTURED\n/su);
    expect(evidence.stdout).toContain(body);
    await service.restart({ DATA_ENCRYPTION_KEYS: `${OLD},${NEW}` });
  });

  test("killed on the way, goes on where it was; nothing is lost between two keys", async () => {
    const before = [await cancelled(), await cancelled()];
    expect(await encryptedWith("2026")).toBe(6);
    await withTableHeld("cancellation_event", reencrypt, async (running) => {
      running.kill("SIGKILL");
      expect(await running.ended).toBe("SIGKILL");
      // A statement that has been handed over outlives who sent it: this one shall be lost with it.
      await service.sql(`SELECT pg_terminate_backend(pid) ${WAITING}`);
      await until(async () => (await service.sql(`SELECT ${WAITING}`)).length === 0);
    });
    // The accounts were committed before it came to the answers.
    expect(await encryptedWith("2026")).toBe(4);
    for (const { input } of before) expect((await cancel(service, input)).replayed).toBe(true);

    const again = reencrypt();
    expect(await again.ended).toBe(0);
    expect(again.stdout).toContain("Moved to key 2027: 4.\n");
    expect(await encryptedWith("2026")).toBe(0);
  });

  test("on SIGTERM finishes the page, says that it is not done, and ends with 1", async () => {
    await cancelled();
    const stopped = await withTableHeld("cancellation_event", reencrypt, async (running) => {
      running.kill("SIGTERM");
      await until(() => running.stderr === "SIGTERM: stopping once the rows at hand are stored.\n");
    });
    expect(await stopped.ended).toBe(1);
    expect(stopped.stdout).toBe(
      "Moved to key 2027: 2.\nStopped before the end. Run it again to move the rest.\n",
    );
  });

  test("tells what cannot be decrypted by its id, and what is still needed, with code 1", async () => {
    const { id } = await cancelled();
    await service.sql("UPDATE cancellation SET refund_account_sealed = '\\xdeadbeef'");
    const running = reencrypt();
    expect(await running.ended).toBe(1);
    expect(running.stdout).toContain(
      "Cannot be decrypted, and left as they are: 1.\n" +
        `cancellation SIM-KR ${id}: decrypting the refund account of cancellation ${id}: it was altered,`,
    );
    expect(running.stdout).toContain("Key 2026 is still needed.\n");
    expect(running.stdout).not.toContain("take it out");
    expect(running.stdout + running.stderr).not.toMatch(/45678901|홍길동|deadbeef/u);
  });
});

describe("npm run retention", () => {
  const ONE = `query ($id: ID!) { cancellation(id: $id) { ${CANCELLATION_FIELDS} erasedAt } }`;
  const PAGE = `query ($after: String) {
    cancellations(first: 1, after: $after) { totalCount edges { cursor node { id } } pageInfo { endCursor hasNextPage } }
  }`;

  async function ask(query: string, variables: object): Promise<any> {
    const { data, errors } = await service.graphql(query, variables);
    if (errors !== undefined) throw new Error(JSON.stringify(errors));
    return data;
  }

  async function letAllAge(): Promise<void> {
    const ago = "interval '25 months'";
    await service.sql(
      `UPDATE cancellation SET created_at = created_at - ${ago}, resolved_at = resolved_at - ${ago}`,
    );
    await service.sql(`UPDATE cancellation_event SET at = at - ${ago}`);
    await service.sql(`UPDATE webhook_event SET received_at = received_at - ${ago}`);
  }

  test("erases and says so; the API answers as before, replays included, and EBP receives nothing", async () => {
    const made = [await cancelled(), await cancelled()];
    await letAllAge();
    const then = await Promise.all(made.map(({ id }) => ask(ONE, { id })));
    const first = await ask(PAGE, {});
    const next = await ask(PAGE, { after: first.cancellations.pageInfo.endCursor });

    const running = retention();
    expect([await running.ended, running.stderr]).toEqual([0, ""]);
    expect(running.stdout).toMatch(
      /^Cutoff: \S+Z\.\nSIM-KR: erased 2 refund accounts, 2 notes and 2 answers of EBP\.\nSIM-KR: erased 2 bodies of webhooks\.\n$/u,
    );

    for (const [n, { id, input }] of made.entries()) {
      const gone = { note: null, refundAccount: null, erasedAt: expect.any(String) };
      expect((await ask(ONE, { id })).cancellation).toEqual({ ...then[n].cancellation, ...gone });
      const sent = service.simulator.ledger.received(input.orderNo).length;
      expect(await cancel(service, input)).toMatchObject({ replayed: true, cancellation: { id } });
      expect((await cancel(service, { ...input, note: "another" })).userErrors).toMatchObject([
        { code: "IDEMPOTENCY_KEY_REUSED", cancellation: { id } },
      ]);
      expect(service.simulator.ledger.received(input.orderNo)).toHaveLength(sent);
    }
    expect(await ask(PAGE, {})).toEqual(first);
    expect(await ask(PAGE, { after: first.cancellations.pageInfo.endCursor })).toEqual(next);

    const evidence = run(["evidence", made[0]?.id ?? ""]);
    expect([await evidence.ended, evidence.stdout]).toEqual([0, ""]);
    expect(evidence.stderr).toMatch(/^At \S+Z, npm run retention erased what EBP had said/u);
  });

  test("killed half-way, has erased whole batches; a dry run counts what is left to the next", async () => {
    const { id } = await cancelled();
    await letAllAge();
    expect(await retention([], "before erasure:2").ended).toBe("SIGKILL");
    expect((await ask(ONE, { id })).cancellation.note).toBeNull();

    const counting = retention(["--dry-run"]);
    expect(await counting.ended).toBe(0);
    expect(counting.stdout).toContain(
      "SIM-KR: would erase 0 refund accounts, 0 notes and 0 answers of EBP.\nSIM-KR: would erase 1 bodies of webhooks.\n",
    );
  });

  test("on SIGTERM finishes its batch, says that there is more, and ends with 1; a second run beside it does nothing", async () => {
    await cancelled();
    await letAllAge();
    const running = await withTableHeld(
      "cancellation",
      () => retention(),
      async (held) => {
        held.kill("SIGTERM");
        const second = retention();
        expect([await second.ended, second.stderr]).toEqual([
          1,
          "Another run is at work on this database. Nothing was done.\n",
        ]);
      },
    );
    expect(await running.ended).toBe(1);
    expect(running.stdout).toContain("SIM-KR: erased 1 refund accounts");
    expect(running.stdout).toMatch(/Stopped before the end\. Run it again to erase the rest\.\n$/u);
  });
});

test("a command with a cutoff that is too recent, or with the id of nothing, says what is wrong, and ends with 1", async () => {
  const [retaining, evidence] = [
    run(["retention", "--older-than-months", "12"]),
    run(["evidence", randomUUID()]),
  ];
  expect([await retaining.ended, retaining.stdout]).toEqual([1, ""]);
  expect([await evidence.ended, evidence.stdout]).toEqual([1, ""]);
  expect(retaining.stderr).toContain("13 to 1200 whole months");
  expect(evidence.stderr).toContain("There is no cancellation with this id.");
});

test("progress is a bar for each thing on a terminal, and elsewhere a line every five seconds", () => {
  let now = 0;
  const shown = (isTTY: boolean): string => {
    const chunks: string[] = [];
    const write = (chunk: Buffer, _encoding: string, done: () => void): void => {
      chunks.push(chunk.toString());
      done();
    };
    const stream = Object.assign(new Writable({ write }), { isTTY, columns: 120 });
    const progress = createProgress(stream as unknown as NodeJS.WriteStream, () => now);
    for (const seconds of [0, 4, 5, 6, 10]) {
      now = seconds * 1_000;
      progress.show(seconds < 6 ? "cancellation" : "webhook_event", seconds, 10);
    }
    progress.end();
    return chunks.join("");
  };
  const bars = shown(true);
  expect(bars).toMatch(/cancellation \[[^\]]*\] 50% of about 10 rows/u);
  expect(bars).toMatch(/webhook_event \[[^\]]*\] 100% of about 10 rows/u);
  // The cursor is given back.
  expect(bars.lastIndexOf("\u001b[?25h")).toBeGreaterThan(bars.lastIndexOf("\u001b[?25l"));
  now = 0;
  expect(shown(false)).toBe("cancellation: 5 of about 10 rows\nwebhook_event: 10 of about 10 rows\n");
});
