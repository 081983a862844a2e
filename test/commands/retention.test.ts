import { beforeEach, describe, expect, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import pg from "pg";
import { until } from "../helpers/gate.js";
import { cancel, cancelInput, CANCELLATION_FIELDS } from "../helpers/operations.js";
import { program, runService, type ServiceProcess } from "../helpers/service-process.js";
import { useService } from "../helpers/service.js";
import { deliver, webhookBody } from "../helpers/webhooks.js";

const KEYS = `test:${Buffer.alloc(32, 7).toString("base64")}`;
const ACCOUNT = { accountNumber: "0012-3456-78901", bankCode: "001", accountHolderName: "홍길동" };
const POINTS = new URL("../faults/harness/fault-points.mjs", import.meta.url).href;

const service = useService();
beforeEach(() => service.sql("TRUNCATE cancelled_order, cancellation, webhook_event CASCADE"));

/** A command beside the running service; perhaps killed at a point. */
function run([command = "", ...words]: readonly string[], killedAt?: string): ServiceProcess {
  const settings = {
    DATABASE_URL: service.databaseUrl,
    EBP_BASE_URL: service.simulator.url,
    DATA_ENCRYPTION_KEYS: KEYS,
  };
  const fault = { FAULT_AT: killedAt ?? "", FAULT_DATABASE_PORT: new URL(service.databaseUrl).port };
  const args = [...program(command), ...words];
  return killedAt === undefined
    ? runService(settings, args)
    : runService({ ...settings, ...fault }, ["--import", POINTS, ...args]);
}

function retention(words: readonly string[] = [], killedAt?: string): ServiceProcess {
  return run(["commands/retention", "--older-than-months", "24", ...words], killedAt);
}

/** A cancel with an account and a note. */
async function cancelled(changes: object = {}): Promise<{ input: any; id: string }> {
  const input: any = cancelInput({ refundAccount: ACCOUNT, note: "call before noon", ...changes });
  const { cancellation } = await cancel(service, input);
  return { input, id: cancellation.id };
}

/** EBP's answer to it is kept. */
function rejected(): Promise<{ input: any; id: string }> {
  return cancelled({ orderNo: `SIM-CANCELLATION-FAILED-${randomUUID()}` });
}

async function letAllAge(): Promise<void> {
  const ago = "interval '25 months'";
  await service.sql(
    `UPDATE cancellation SET created_at = created_at - ${ago}, resolved_at = resolved_at - ${ago}`,
  );
  await service.sql(`UPDATE cancellation_event SET at = at - ${ago}`);
  await service.sql(`UPDATE webhook_event SET received_at = received_at - ${ago}`);
}

async function ask(query: string, variables: object): Promise<any> {
  const { data, errors } = await service.graphql(query, variables);
  if (errors !== undefined) throw new Error(JSON.stringify(errors));
  return data;
}

const ONE = `query ($id: ID!) { cancellation(id: $id) { ${CANCELLATION_FIELDS} erasedAt } }`;
const PAGE = `query ($after: String) {
  cancellations(first: 2, after: $after) { totalCount edges { cursor node { id } } pageInfo { endCursor hasNextPage } }
}`;

describe("npm run retention", () => {
  test("erases and says so; the API answers as before, replays included, and EBP receives nothing", async () => {
    const orderNo = `ORD-${randomUUID()}`;
    const made = [await cancelled({ orderNo }), await cancelled({ orderNo }), await rejected()];
    const [, , failed] = made;
    await deliver(service, webhookBody("PAYMENT_CAPTURED", failed?.input.orderNo, 1000));
    await letAllAge();
    const then = await Promise.all(made.map(({ id }) => ask(ONE, { id })));
    const first = await ask(PAGE, {});
    const next = await ask(PAGE, { after: first.cancellations.pageInfo.endCursor });

    const running = retention();
    expect([await running.ended, running.stderr]).toEqual([0, ""]);
    expect(running.stdout).toMatch(
      /^Cutoff: \S+Z\.\nSIM-KR: erased 3 refund accounts, 3 notes and 3 answers of EBP\.\nwebhooks: erased 1 bodies\.\n$/u,
    );

    for (const [n, { id, input }] of made.entries()) {
      const gone = { note: null, refundAccount: null, erasedAt: expect.any(String) };
      expect((await ask(ONE, { id })).cancellation).toEqual({ ...then[n].cancellation, ...gone });
      const sent = service.simulator.ledger.received(input.orderNo).length;
      expect(await cancel(service, input)).toMatchObject({ replayed: true, cancellation: { id } });
      expect((await cancel(service, { ...input, note: "another" })).userErrors).toMatchObject([
        { code: "IDEMPOTENCY_KEY_REUSED", cancellationId: id },
      ]);
      expect(service.simulator.ledger.received(input.orderNo)).toHaveLength(sent);
    }
    expect(await ask(PAGE, {})).toEqual(first);
    expect(await ask(PAGE, { after: first.cancellations.pageInfo.endCursor })).toEqual(next);

    const evidence = run(["commands/evidence", failed?.id ?? ""]);
    expect([await evidence.ended, evidence.stdout]).toEqual([0, ""]);
    expect(evidence.stderr).toMatch(/^At \S+Z, npm run retention erased what EBP had said/u);
  });

  test("killed half-way, has erased whole batches; the next run erases the rest, after a dry run has counted it", async () => {
    const { id, input } = await rejected();
    await deliver(service, webhookBody("PAYMENT_CAPTURED", input.orderNo, 1000));
    await letAllAge();
    expect(await retention([], "before erasure:2").ended).toBe("SIGKILL");
    expect((await ask(ONE, { id })).cancellation.note).toBeNull();

    const words = ["0 refund accounts, 0 notes and 0 answers of EBP.\nwebhooks:", "1 bodies.\n"] as const;
    const counting = retention(["--dry-run"]);
    expect(await counting.ended).toBe(0);
    expect(counting.stdout).toContain(`SIM-KR: would erase ${words.join(" would erase ")}`);
    const erasing = retention();
    expect(await erasing.ended).toBe(0);
    expect(erasing.stdout).toContain(`SIM-KR: erased ${words.join(" erased ")}`);
  });

  test("on SIGTERM finishes its batch, says that there is more, and ends with 1; a second run beside it does nothing", async () => {
    await rejected();
    await letAllAge();
    const holder = new pg.Client({ connectionString: service.databaseUrl });
    await holder.connect();
    await holder.query("BEGIN; LOCK TABLE cancellation IN EXCLUSIVE MODE");
    const running = retention();
    try {
      await until(
        async () =>
          (
            await service.sql(
              "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
            )
          ).length > 0,
      );
      running.kill("SIGTERM");
      const second = retention();
      expect([await second.ended, second.stderr]).toEqual([
        1,
        "Another run is at work on this database. Nothing was done.\n",
      ]);
    } finally {
      await holder.query("ROLLBACK");
      await holder.end();
    }
    expect(await running.ended).toBe(1);
    expect(running.stdout).toContain("SIM-KR: erased 1 refund accounts");
    expect(running.stdout).toMatch(/Stopped before the end\. Run it again to erase the rest\.\n$/u);
  });

  test("refuses a word that it does not know, and a cutoff that is too recent", async () => {
    const unknown = retention(["--to", "x"]);
    const recent = run(["commands/retention", "--older-than-months", "12"]);
    expect([await unknown.ended, await recent.ended]).toEqual([1, 1]);
    expect(unknown.stderr).toContain("Unknown option '--to'");
    expect(recent.stderr).toContain("expected 13 to 1200 whole months, found 12");
  });
});
