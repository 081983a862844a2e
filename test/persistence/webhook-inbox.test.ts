import { afterEach, describe, expect, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { evidenceFinding, proven } from "../../src/cancellation/cancel/transitions.js";
import { StaleTransitionError } from "../../src/cancellation/model/errors.js";
import type { KeptEvent, WebhookConclusion } from "../../src/cancellation/model/webhook-inbox.js";
import { matchClaimed, type MatchResult } from "../../src/cancellation/reconcile/match-webhook.js";
import { Decimal } from "../../src/cancellation/model/decimal.js";
import { evidenceInWords } from "../../src/cancellation/model/outcome.js";
import { MATCH_DELAYS_MS, SIGNATURE_TOLERANCE_MS } from "../../src/cancellation/model/timing.js";
import { throughPrisma } from "../../src/persistence/client.js";
import { bodyOfWebhook } from "../../src/persistence/encryptor.js";
import { ENTER_WEBHOOK } from "../../src/persistence/webhook-inbox.js";
import { step, STORE } from "../helpers/ledger.js";
import { useRecovery } from "../helpers/recovery.js";
import { storeWebhook, webhookEvent } from "../helpers/webhooks.js";

const fixture = useRecovery();

/** Unix seconds by the database's clock. */
async function now(): Promise<number> {
  const [row] = await fixture.sql("SELECT extract(epoch FROM statement_timestamp())::float8 AS now");
  return row.now as number;
}

const store = (
  changes?: Partial<KeptEvent>,
  how?: { body?: string; signedAgo?: number },
): ReturnType<typeof storeWebhook> => storeWebhook(fixture, changes, how);

const kept = (digest: string): { storeId: string; digest: string } => ({ storeId: STORE.id, digest });

async function row(digest: string): Promise<any> {
  const [found] = await fixture.sql("SELECT * FROM webhook_event WHERE digest = $1", [digest]);
  return found;
}

async function claimAll(): Promise<string[]> {
  const claimed: string[] = [];
  for (;;) {
    const batch = await fixture.inbox.claimDue(100);
    if (batch.length === 0) return claimed;
    claimed.push(...batch.map(({ digest }) => digest));
  }
}

function match(digest: string, isLast = false): Promise<MatchResult> {
  return matchClaimed(
    { inbox: fixture.inbox, onContradiction: () => undefined },
    { storeId: STORE.id, digest, isLast },
  );
}

describe("a webhook", () => {
  test("is read as it was told", async () => {
    const event = webhookEvent({
      kind: "REFUNDED",
      refundedAt: new Date("2027-03-01T09:00:00.123Z"),
      amount: new Decimal("123456789012345678901234567890.123456"),
      storeIds: ["SIM-KR", "OTHER"],
      paymentStatus: null,
    });
    await fixture.inbox.store({ event, body: Buffer.from("x"), signedAt: await now() });
    const read = await fixture.inbox.read({ storeId: STORE.id, digest: event.digest });
    expect(read.event).toEqual({ ...event, receivedAt: read.event.receivedAt });
  });

  test("with the same body is repeated, whenever it is signed, and changes nothing", async () => {
    const { digest, body } = await store();
    const before = await row(digest);
    const again = { orderNo: "another", amount: null };
    expect((await store(again, { body: body.toString() })).result).toBe("repeated");
    expect((await store(again, { body: body.toString(), signedAgo: 100_000 })).result).toBe("repeated");
    expect(await row(digest)).toEqual(before);
  });

  const TOLERANCE_S = SIGNATURE_TOLERANCE_MS / 1_000;
  test.each([
    ["stale: signed too long ago", TOLERANCE_S + 2],
    ["stale: signed in the future", -TOLERANCE_S - 30],
    ["stored: signed almost too long ago", TOLERANCE_S - 30],
    ["stored: signed by a clock that is a little fast", -TOLERANCE_S + 2],
  ])("that is new is, by the database's clock, %s", async (what, signedAgo) => {
    const { digest, result } = await store({}, { signedAgo });
    expect(what.split(":")[0]).toBe(result);
    expect((await row(digest)) === undefined).toBe(result === "stale");
  });

  test("that comes in 20 times at once is stored once", async () => {
    const body = `{"n":"${randomUUID()}"}`;
    const results = await Promise.all(Array.from({ length: 20 }, () => store({}, { body })));
    expect(results.filter(({ result }) => result === "stored")).toHaveLength(1);
    expect(results.filter(({ result }) => result === "repeated")).toHaveLength(19);
  });

  test("is encrypted: no part of its body is readable in the row, and it decrypts byte for byte", async () => {
    const secret = "Zaphod-Quibblewick-1029384756";
    const { digest, body } = await store({}, { body: `{"buyerName":"${secret}","\u00e9":"\\u00e9"}` });
    const [text] = await fixture.sql(
      "SELECT to_jsonb(w)::text AS text FROM webhook_event w WHERE digest = $1",
      [digest],
    );
    const stored = await row(digest);

    expect(text.text).not.toContain(secret);
    expect(text.text).not.toContain(Buffer.from(secret).toString("hex"));
    const encrypted = { keyId: stored.body_key_id, bytes: stored.body_sealed };
    const opened = fixture.encryptor.decrypt(encrypted, bodyOfWebhook(digest));
    expect(opened.equals(body)).toBe(true);
  });
});

describe("the cancellations of an event", () => {
  const mayBeAbout = async (digest: string): Promise<string[]> => {
    const { event } = await fixture.inbox.read(kept(digest));
    return ((await fixture.inbox.cancellationsOf(event)) ?? []).map(({ id }) => id);
  };

  test("are those that were there when it came in, wherever the database's clock stood", async () => {
    const orderNo = randomUUID();
    const { unknown } = await fixture.inDoubt({ orderNo });
    await fixture.sql("UPDATE cancellation SET created_at = now() + interval '15 minutes' WHERE id = $1", [
      unknown.id,
    ]);
    const { digest } = await store({ orderNo });
    expect(await mayBeAbout(digest)).toEqual([unknown.id]);
  });

  test("are none that were asked for afterwards", async () => {
    const orderNo = randomUUID();
    const { digest } = await store({ orderNo });
    await fixture.inDoubt({ orderNo });
    expect(await mayBeAbout(digest)).toEqual([]);
  });

  test("have one of its amount among them, however many of other amounts are newer", async () => {
    const orderNo = randomUUID();
    const { one, pending } = await fixture.pending({ orderNo });
    await fixture.ledger.recordTransition(pending, step(one, "accepted"));
    await fixture.sql(
      `INSERT INTO cancellation (store_id, id, order_no, idempotency_key, fingerprint, status, resolved_by, currency_code, amount_basis,
         total_cancel_amount, created_at)
       SELECT store_id, gen_random_uuid(), order_no, 'other-' || n, '', 'SUCCEEDED', 'RESPONSE', currency_code, amount_basis, 7,
         created_at + n * interval '1 second'
       FROM cancellation, generate_series(1, 600) AS n WHERE id = $1`,
      [pending.id],
    );
    const { digest } = await store({ orderNo });
    expect(await mayBeAbout(digest)).toContain(pending.id);
  });
});

describe("what is kept", () => {
  test("is tried again by the schedule, and after it no more: it stays, as it came", async () => {
    await claimAll();
    const { digest } = await store();
    for (const [n, delay] of [...MATCH_DELAYS_MS, null].entries()) {
      // Others of this file may be due again by now.
      expect(await claimAll()).toContain(digest);
      expect(await match(digest)).toBe("waiting");
      const [{ attempts, ms }] = await fixture.sql(
        "SELECT match_attempts AS attempts, extract(epoch FROM next_match_at - statement_timestamp())::float8 * 1000 AS ms FROM webhook_event WHERE digest = $1",
        [digest],
      );
      expect(attempts).toBe(n + 1);
      if (delay === null) expect(ms).toBeNull();
      else expect(ms).toBeLessThanOrEqual(delay);
      await fixture.sql(
        "UPDATE webhook_event SET next_match_at = statement_timestamp() WHERE digest = $1 AND next_match_at IS NOT NULL",
        [digest],
      );
    }
    expect(await claimAll()).not.toContain(digest);
    expect((await row(digest)).state).toBe("WAITING");
  });
});

describe("a conclusion", () => {
  test("is committed with what it tells, and only once", async () => {
    const { unknown } = await fixture.inDoubt();
    const { digest } = await store();
    const transition = proven("WEBHOOK", evidenceInWords("told"), { settlement: "VOIDED" });
    const conclusion: WebhookConclusion = { state: "MATCHED", told: [{ cancellation: unknown, transition }] };

    expect(await fixture.inbox.conclude(kept(digest), conclusion)).toBe(true);
    expect(await fixture.inbox.conclude(kept(digest), conclusion)).toBe(false);
    expect(await fixture.now(unknown)).toMatchObject({ status: "SUCCEEDED", settlement: "VOIDED" });
    expect(await row(digest)).toMatchObject({
      state: "MATCHED",
      matched_store_id: unknown.storeId,
      matched_id: unknown.id,
      next_match_at: null,
    });
  });

  test("that two make at the same time is made by one", async () => {
    const { one, pending } = await fixture.pending();
    const done = await fixture.ledger.recordTransition(pending, step(one, "accepted"));
    const { digest } = await store();
    const finding = { ...evidenceFinding("WEBHOOK", evidenceInWords("told")), settlement: "VOIDED" as const };
    const results = await Promise.all(
      Array.from({ length: 4 }, () =>
        fixture.inbox.conclude(kept(digest), { state: "MATCHED", told: [{ cancellation: done, finding }] }),
      ),
    );
    const [events] = await fixture.history.events([done]);
    expect(results.filter((made) => made)).toHaveLength(1);
    expect(events).toHaveLength(3);
  });

  test("is all or nothing: when one that it tells has moved, it still waits, and none has been told", async () => {
    const [still, moved] = [(await fixture.inDoubt()).unknown, (await fixture.inDoubt()).unknown];
    await fixture.queue.claim([moved.storeId], moved.id);
    const { digest } = await store();
    const finding = evidenceFinding("WEBHOOK", evidenceInWords("told"));
    const transition = proven("WEBHOOK", evidenceInWords("told"));
    const conclusion: WebhookConclusion = {
      state: "ATTACHED",
      told: [
        { cancellation: still, finding },
        { cancellation: moved, transition },
      ],
    };

    await expect(fixture.inbox.conclude(kept(digest), conclusion)).rejects.toThrow(StaleTransitionError);
    expect(await row(digest)).toMatchObject({ state: "WAITING", matched_id: null });
    const [events = []] = await fixture.history.events([still]);
    expect(events.map(({ source }) => source)).not.toContain("WEBHOOK");
    expect((await fixture.now(moved)).status).toBe("UNKNOWN");
  });

  test("that does not agree with what stands is told with what differs, not as a proof of success", async () => {
    const { one, pending } = await fixture.pending();
    await fixture.ledger.recordTransition(pending, step(one, "accepted"));
    const { digest } = await store({ orderNo: one.request.orderNo, isOfSuccess: false });
    const told: unknown[] = [];
    await matchClaimed(
      { inbox: fixture.inbox, onContradiction: (_one, { discrepancies }) => told.push(...discrepancies) },
      { storeId: STORE.id, digest, isLast: false },
    );
    expect(told).toEqual([
      { field: "event", asked: "a cancel that EBP accepted", confirmed: "an event of failure" },
    ]);
  });

  test("for one whose settlement is told already still waits, and is then seen as it stands", async () => {
    const { one, pending } = await fixture.pending();
    const done = await fixture.ledger.recordTransition(pending, step(one, "accepted"));
    const { digest } = await store();
    const finding = { ...evidenceFinding("WEBHOOK", evidenceInWords("told")), settlement: "VOIDED" as const };
    await fixture.ledger.recordFinding(done, finding);
    await expect(
      fixture.inbox.conclude(kept(digest), { state: "MATCHED", told: [{ cancellation: done, finding }] }),
    ).rejects.toThrow(StaleTransitionError);
    expect((await row(digest)).state).toBe("WAITING");
  });
});

describe("a webhook that the database has forgotten", () => {
  test("is remembered by the replica that stored it, and entered again as it came in, once", async () => {
    const { unknown } = await fixture.inDoubt();
    const { digest } = await store({ orderNo: unknown.orderNo });
    const before = await row(digest);
    await fixture.inDoubt({ orderNo: `${unknown.orderNo}-another` });
    await fixture.sql("DELETE FROM webhook_event WHERE digest = $1", [digest]);

    const values = fixture.recent.webhooks().find((one) => one["digest"] === digest) ?? {};
    const enter = (): Promise<unknown[]> => throughPrisma(fixture.prisma).rows(ENTER_WEBHOOK(values));
    expect([await enter(), await enter()]).toEqual([[{ digest }], []]);
    const { next_match_at: _, ...after } = await row(digest);
    expect(before).toMatchObject(after);
    expect(after.cancellation_ids).toEqual([unknown.id]);
  });

  test("waits while a cancellation is missing that it may be about, even at its last look", async () => {
    const { unknown: forgotten } = await fixture.inDoubt();
    const { digest } = await store({ orderNo: forgotten.orderNo });
    const setIds = (ids: string[]): Promise<unknown> =>
      fixture.sql("UPDATE webhook_event SET cancellation_ids = $1::uuid[]", [ids]);
    await setIds([forgotten.id, randomUUID()]);

    expect(await match(digest, true)).toBe("waiting");
    expect((await fixture.now(forgotten)).status).toBe("UNKNOWN");
    await setIds([forgotten.id]);
    expect(await match(digest, true)).toBe("matched");
  });
});

describe("a webhook that comes in when the database has gone back", () => {
  afterEach(() => fixture.sql("UPDATE database_history SET held_until = NULL, beat = 1000000"));

  test.each([
    ["holds sending", "UPDATE database_history SET held_until = now() + interval '1 minute'"],
    ["is older than the replica knows", "UPDATE database_history SET beat = beat - 1000"],
  ])("is not stored in one that %s: EBP sends it again", async (_what, change) => {
    const orderNo = randomUUID();
    await fixture.sql(change);
    await expect(storeWebhook(fixture, { orderNo })).rejects.toThrow("has gone back in time");
    expect(await fixture.sql("SELECT FROM webhook_event WHERE order_no = $1", [orderNo])).toEqual([]);
  });
});
