import { describe, expect, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { LEASE_RAN_OUT } from "../../src/cancellation/cancel/transitions.js";
import { Decimal } from "../../src/cancellation/model/decimal.js";
import { nextStepOf } from "../../src/cancellation/model/cancellation.js";
import { LOOKUP_DELAYS_MS, SETTLED_LOOK_MARGIN_MS } from "../../src/cancellation/model/timing.js";
import type { Claim } from "../../src/cancellation/model/recovery-queue.js";
import { claimDueStatement } from "../../src/persistence/recovery-queue.js";
import { Prisma } from "../../src/persistence/generated/client.js";
import { cancelItem } from "../helpers/examples.js";
import { step, STORE, TIMING } from "../helpers/ledger.js";
import { useRecovery } from "../helpers/recovery.js";

const fixture = useRecovery();

/** Takes charge of all that is due. */
async function claimAll(): Promise<Claim[]> {
  const claims: Claim[] = [];
  for (;;) {
    const batch = await fixture.queue.claimDue(100);
    if (batch.length === 0) return claims;
    claims.push(...batch);
  }
}

async function claimOne(id: string): Promise<Claim> {
  const claim = (await claimAll()).find((one) => one.id === id);
  if (claim === undefined) throw new Error(`${id} is not due`);
  return claim;
}

/** How long from now until it is looked at next, by the database's clock; null for never. */
async function msUntilNext(id: string): Promise<number | null> {
  const [row] = await fixture.sql(
    "SELECT extract(epoch FROM next_check_at - statement_timestamp())::float8 * 1000 AS ms FROM cancellation WHERE id = $1",
    [id],
  );
  return row.ms as number | null;
}

/** Whether a moment planned just now is so far away: what has passed since is the run of the test itself. */
function expectPlanned(ms: number | null, planned: number): void {
  expect(ms).toBeLessThanOrEqual(planned);
  expect(ms).toBeGreaterThan(planned - 10_000);
}

describe("what is due", () => {
  test("is handed out once, with a new token; what is not due, or decided, is not", async () => {
    const [due, later, flying, done] = [
      (await fixture.inDoubt()).unknown,
      (await fixture.inDoubt()).unknown,
      (await fixture.pending()).pending,
      await fixture.pending(),
    ];
    await fixture.ledger.recordTransition(done.pending, step(done.one, "accepted"));
    await fixture.letBeDue(due, "7 min");
    const claims = await claimAll();

    expect(claims).toEqual([
      { storeId: STORE.id, id: due.id, fencingToken: due.fencingToken + 1, inDoubtForMs: expect.any(Number) },
    ]);
    expect(claims[0]?.inDoubtForMs).toBeGreaterThanOrEqual(7 * 60_000);
    expect(await claimAll()).toEqual([]);
    for (const one of [later, flying]) expect(await fixture.now(one)).toEqual(one);
  });

  test("and in flight is handed out when its lease has run out, for another lease, without counting a lookup", async () => {
    const { pending } = await fixture.pending();
    await fixture.letBeDue(pending);
    const claim = await claimOne(pending.id);
    const claimed = await fixture.queue.open(claim);

    expect(claim.inDoubtForMs).toBe(0);
    expect(claimed?.cancellation).toMatchObject({ status: "PENDING", lookups: 0, fencingToken: 2 });
    expectPlanned(await msUntilNext(pending.id), TIMING.leaseMs);
  });

  test("is shared by replicas that ask at the same time: each gets others", async () => {
    const ids: string[] = [];
    for (let n = 0; n < 12; n += 1) {
      const { unknown } = await fixture.inDoubt();
      await fixture.letBeDue(unknown);
      ids.push(unknown.id);
    }
    const queues = [fixture.queue, fixture.anotherQueue(), fixture.anotherQueue()];
    const batches = await Promise.all(queues.flatMap((queue) => [queue.claimDue(2), queue.claimDue(2)]));
    const claimed = [...batches.flat(), ...(await claimAll())].map(({ id }) => id);

    expect(claimed).toHaveLength(ids.length);
    expect(new Set(claimed)).toEqual(new Set(ids));
    for (const batch of batches) expect(batch.length).toBeLessThanOrEqual(2);
  });

  test("and locked by somebody is passed over, not waited for", async () => {
    const [locked, free] = [(await fixture.inDoubt()).unknown, (await fixture.inDoubt()).unknown];
    await fixture.letBeDue(locked);
    await fixture.letBeDue(free);
    const claimed = await fixture.prisma.$transaction(async (transaction) => {
      await transaction.$queryRaw`SELECT id FROM cancellation WHERE store_id = ${STORE.id} AND id = ${locked.id}::uuid FOR UPDATE`;
      return fixture.anotherQueue().claimDue(10);
    });
    expect(claimed.map(({ id }) => id)).toEqual([free.id]);
    expect((await claimOne(locked.id)).id).toBe(locked.id);
  });
});

describe("the plan of lookups", () => {
  test("follows the schedule, counts each, and ends with an operator", async () => {
    const { unknown } = await fixture.inDoubt();
    expectPlanned(await msUntilNext(unknown.id), LOOKUP_DELAYS_MS[0] ?? 0);
    // Long in doubt: the settling time, which has a look of its own, is over.
    await fixture.letBeDue(unknown, "1 hour");
    for (const [n, delay] of [...LOOKUP_DELAYS_MS.slice(1), null].entries()) {
      await claimOne(unknown.id);
      const now = await fixture.now(unknown);
      expect([now.lookups, nextStepOf(now)]).toEqual([n + 1, delay === null ? "OPERATOR" : "LOOKUP"]);
      if (delay === null) expect(now.nextCheckAt).toBeNull();
      else {
        expectPlanned(await msUntilNext(unknown.id), Math.max(delay, TIMING.leaseMs));
        await fixture.letBeDue(unknown);
      }
    }
    expect((await fixture.now(unknown)).lookups).toBe(LOOKUP_DELAYS_MS.length);
    expect((await claimAll()).map(({ id }) => id)).not.toContain(unknown.id);
  });

  test("looks when the settling time ends, though the schedule alone would look later", async () => {
    const { unknown } = await fixture.inDoubt();
    await fixture.sql("UPDATE cancellation SET lookups = 3 WHERE id = $1", [unknown.id]);
    await fixture.letBeDue(unknown, "9 min");
    await claimOne(unknown.id);
    expectPlanned(await msUntilNext(unknown.id), 60_000 + SETTLED_LOOK_MARGIN_MS);

    // That look comes at a moment at which it counts as settled.
    await fixture.sql(
      `WITH earlier AS MATERIALIZED (
         SELECT id, in_doubt_since - (next_check_at - statement_timestamp()) AS since FROM cancellation WHERE id = $1
       )
       UPDATE cancellation SET in_doubt_since = since, next_check_at = statement_timestamp()
       FROM earlier WHERE cancellation.id = earlier.id`,
      [unknown.id],
    );
    const { inDoubtForMs } = await claimOne(unknown.id);
    expect(inDoubtForMs).toBeGreaterThanOrEqual(TIMING.settlingMs);
  });

  test("is never sooner than the lease of who looks", async () => {
    const { unknown } = await fixture.inDoubt();
    await fixture.letBeDue(unknown, "10 min 14 s");
    await claimOne(unknown.id);
    expectPlanned(await msUntilNext(unknown.id), TIMING.leaseMs);
  });

  test("begins 15 s after recovery found out that nobody was left to send it", async () => {
    const { pending } = await fixture.pending();
    await fixture.letBeDue(pending);
    const claimed = await fixture.queue.open(await claimOne(pending.id));
    if (claimed === null) throw new Error("nobody else is at it");
    const unknown = await fixture.ledger.recordTransition(claimed.cancellation, LEASE_RAN_OUT);

    expect(unknown).toMatchObject({ status: "UNKNOWN", lookups: 0 });
    expect(unknown.inDoubtSince).not.toBeNull();
    expectPlanned(await msUntilNext(pending.id), LOOKUP_DELAYS_MS[0] ?? 0);
  });
});

describe("one that is claimed by its id", () => {
  test("keeps its planned look and its count", async () => {
    const { unknown } = await fixture.inDoubt();
    await fixture.sql(
      "UPDATE cancellation SET lookups = 4, next_check_at = statement_timestamp() + interval '2 hours' WHERE id = $1",
      [unknown.id],
    );
    const before = await fixture.now(unknown);
    const claim = await fixture.queue.claim([STORE.id], unknown.id);
    const after = await fixture.now(unknown);

    expect(claim?.fencingToken).toBe(before.fencingToken + 1);
    expect([after.lookups, after.nextCheckAt]).toEqual([before.lookups, before.nextCheckAt]);
  });

  test("and due does not lose its turn: the scheduled look comes all the same, and overtakes this one", async () => {
    const { unknown } = await fixture.inDoubt();
    await fixture.letBeDue(unknown);
    const asked = await fixture.queue.claim([STORE.id], unknown.id);
    expect((await claimAll()).map(({ id }) => id)).toEqual([unknown.id]);
    expect(asked === null ? null : await fixture.queue.open(asked)).toBeNull();
  });

  test("and in flight is handed out only when its lease has run out", async () => {
    const { pending } = await fixture.pending();
    expect(await fixture.queue.claim([STORE.id], pending.id)).toBeNull();
    expect(await fixture.now(pending)).toEqual(pending);
    await fixture.letBeDue(pending);
    expect(await fixture.queue.claim([STORE.id], pending.id)).not.toBeNull();
  });

  test("and decided, unknown, or another store's is not handed out", async () => {
    const { unknown } = await fixture.inDoubt();
    const { one, pending } = await fixture.pending();
    const decided = await fixture.ledger.recordTransition(pending, step(one, "rejected"));
    expect(await fixture.queue.claim([STORE.id], randomUUID())).toBeNull();
    expect(await fixture.queue.claim(["OTHER"], unknown.id)).toBeNull();
    expect(await fixture.queue.claim([], unknown.id)).toBeNull();
    expect(await fixture.queue.claim([STORE.id], decided.id)).toBeNull();
  });
});

test("what is due is found by the partial index, however long the history is", async () => {
  await fixture.sql(
    `INSERT INTO cancellation (store_id, id, order_no, idempotency_key, fingerprint, status, currency_code, amount_basis, total_cancel_amount)
     SELECT $1, gen_random_uuid(), 'OLD-' || n, 'OLD-' || n, '', 'SUCCEEDED', 'KRW', 'unit', 1 FROM generate_series(1, 3000) AS n`,
    [STORE.id],
  );
  await fixture.sql("ANALYZE cancellation");
  const rows = await fixture.prisma.$queryRaw<Record<string, string>[]>(
    Prisma.sql`EXPLAIN ${claimDueStatement(STORE.id, 10, TIMING)}`,
  );
  const plan = rows.flatMap((row) => Object.values(row)).join("\n");

  expect(plan).toContain("cancellation_due");
  expect(plan).not.toContain("Seq Scan on cancellation");
});

const AT = "2027-03-01T09:00:00.000Z";
/** Currency, amount, stores, when, and whether it went well. */
type Capture = readonly [string, string | null, readonly string[], at?: string, wentWell?: boolean];

describe("what is claimed", () => {
  test("opens with the refund account, what was cancelled before, and no captured amount that nobody told", async () => {
    const refundAccount = { accountNumber: "1234567890", bankCode: null, accountHolderName: "홍길동" };
    const orderNo = randomUUID();
    const first = await fixture.pending({ orderNo, items: [cancelItem({ amount: new Decimal(300) })] });
    await fixture.ledger.recordTransition(first.pending, step(first.one, "accepted"));
    const { unknown } = await fixture.inDoubt({ orderNo, refundAccount });
    const claim = await fixture.queue.claim([STORE.id], unknown.id);
    const opened = claim === null ? null : await fixture.queue.open(claim);

    expect(opened?.openRefundAccount()).toEqual(refundAccount);
    expect(opened?.capturedAmount).toBeNull();
    expect(opened?.cancelledBefore.toFixed()).toBe("300");
    expect(opened?.cancellation).toEqual(await fixture.now(unknown));
  });

  const ONE: Capture = ["KRW", "1000", ["SIM-KR"]];
  test.each<[string, readonly Capture[], string | null]>([
    ["one webhook", [ONE], "1000"],
    ["two that agree", [ONE, ["KRW", "1000.0", ["SIM-KR"]]], "1000"],
    ["two that do not", [ONE, ["KRW", "900", ["SIM-KR"]]], null],
    ["two captures of one amount", [ONE, ["KRW", "1000", ["SIM-KR"], "2027-03-01T09:00:01.000Z"]], null],
    ["one that went wrong", [["KRW", "1000", ["SIM-KR"], AT, false]], null],
    ["one whose amount cannot be read", [["KRW", null, ["SIM-KR"]]], null],
    ["two, one of them unreadable", [ONE, ["KRW", null, ["SIM-KR"]]], null],
    ["one in another currency", [["USD", "1000", ["SIM-KR"]]], null],
    ["one of another store", [["KRW", "1000", ["OTHER"]]], null],
    ["one that may be of two stores", [["KRW", "1000", ["SIM-KR", "OTHER"]]], null],
  ])("knows the captured amount as told by %s", async (_what, told, amount) => {
    const { unknown } = await fixture.inDoubt();
    for (const [currency, stated, stores, at, wentWell] of told) {
      await fixture.sql(
        `INSERT INTO webhook_event (
           store_id, digest, kind, store_ids, order_no, amount, currency_code, event_time, is_of_success, body_sealed, body_key_id, state
         ) VALUES (($2::text[])[1], $1, 'CAPTURED', $2, $3, $4::numeric, $5, $6, $7, '', 'test', 'IGNORED')`,
        [randomUUID(), stores, unknown.orderNo, stated, currency, at ?? AT, wentWell ?? true],
      );
    }
    const claim = await fixture.queue.claim([STORE.id], unknown.id);
    const opened = claim === null ? null : await fixture.queue.open(claim);
    expect(opened?.capturedAmount?.toFixed() ?? null).toBe(amount);
  });
});
