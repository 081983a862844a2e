import { describe, expect, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import type { Cancellation } from "../../src/cancellation/model/cancellation.js";
import type { KeptEvent, WebhookInbox } from "../../src/cancellation/model/webhook-inbox.js";
import { matchClaimed, type MatchResult } from "../../src/cancellation/reconcile/match-webhook.js";
import { step, STORE } from "../helpers/ledger.js";
import { useRecovery } from "../helpers/recovery.js";
import { storeWebhook } from "../helpers/webhooks.js";

const fixture = useRecovery();

/** So many cancels of one amount on an order of their own, each accepted by EBP, oldest first. */
async function alike(count: number): Promise<Cancellation[]> {
  const orderNo = randomUUID();
  const accepted: Cancellation[] = [];
  while (accepted.length < count) {
    const { one, pending } = await fixture.pending({ orderNo });
    accepted.push(await fixture.ledger.recordTransition(pending, step(one, "accepted")));
  }
  return accepted;
}

let happened = Date.now();

/** Stores an event of the order of these cancels, which happened a second after the one before. */
async function told([one]: readonly Cancellation[], changes: Partial<KeptEvent> = {}): Promise<string> {
  const eventTime = new Date((happened += 1_000));
  return (await storeWebhook(fixture, { orderNo: one?.orderNo ?? "", eventTime, ...changes })).digest;
}

const REFUNDED: Partial<KeptEvent> = { kind: "REFUNDED", eventType: "PAYMENT_REFUNDED" };

function match(digest: string, inbox: WebhookInbox = fixture.inbox): Promise<MatchResult> {
  const claim = { storeId: STORE.id, digest, isLast: false };
  return matchClaimed({ inbox, onContradiction: () => undefined }, claim);
}

const settlements = (all: readonly Cancellation[]): Promise<unknown[]> =>
  Promise.all(all.map(async (one) => (await fixture.now(one)).settlement));

/** The last step in the trail of each. */
async function lastWords(all: readonly Cancellation[]): Promise<(string | null | undefined)[]> {
  return (await fixture.history.events(all)).map((events) => events.at(-1)?.evidence.basis);
}

/** Matches each by a replica of its own, and lets all of them read before any concludes. */
async function matchAtOnce(digests: readonly string[]): Promise<MatchResult[]> {
  let toRead = digests.length;
  let letGo: () => void = () => undefined;
  const allHaveRead = new Promise<void>((resolve) => (letGo = resolve));
  return Promise.all(
    digests.map((digest) => {
      const inbox = fixture.anotherInbox();
      const cancellationsOf: WebhookInbox["cancellationsOf"] = async (event) => {
        const found = await inbox.cancellationsOf(event);
        toRead -= 1;
        if (toRead <= 0) letGo();
        await allHaveRead;
        return found;
      };
      return match(digest, { ...inbox, cancellationsOf });
    }),
  );
}

describe("two cancels of one amount", () => {
  test("are settled by as many events as come, the older first, and the trail says what is assumed", async () => {
    const both = await alike(2);
    expect(await match(await told(both))).toBe("matched");
    expect(await settlements(both)).toEqual(["REFUND_REQUESTED", "AWAITED"]);
    expect(await match(await told(both))).toBe("matched");
    expect(await settlements(both)).toEqual(["REFUND_REQUESTED", "REFUND_REQUESTED"]);
    expect(await lastWords(both)).toEqual([
      expect.stringContaining("fits 2 cancels of this order, and is assumed to be about this one"),
      expect.stringContaining("fits this cancel of the order, and no other"),
    ]);

    expect(await match(await told(both, REFUNDED))).toBe("matched");
    expect(await settlements(both)).toEqual(["REFUNDED", "REFUND_REQUESTED"]);
    expect(await match(await told(both, REFUNDED))).toBe("matched");
    expect(await settlements(both)).toEqual(["REFUNDED", "REFUNDED"]);
    expect(await match(await told(both, REFUNDED))).toBe("attached");
  });

  test.each([
    ["requests", {}, "REFUND_REQUESTED"],
    ["refunds", REFUNDED, "REFUNDED"],
  ] as const)(
    "are both settled by two %s that two replicas match at the same moment",
    async (_what, changes, settlement) => {
      const both = await alike(2);
      const digests = [await told(both, changes), await told(both, changes)];
      expect(await matchAtOnce(digests)).toEqual(["matched", "matched"]);
      expect(await settlements(both)).toEqual([settlement, settlement]);
    },
  );

  test("each have a request that comes after the refund, also when both come at the same moment", async () => {
    const both = await alike(2);
    const refunds = [await told(both, REFUNDED), await told(both, REFUNDED)];
    for (const digest of refunds) expect(await match(digest)).toBe("matched");
    expect(await matchAtOnce([await told(both), await told(both)])).toEqual(["matched", "matched"]);
    const rows = await fixture.sql(
      "SELECT DISTINCT matched_id FROM webhook_event WHERE order_no = $1 AND kind = 'REFUND_REQUESTED'",
      [both[0]?.orderNo],
    );
    expect(rows).toHaveLength(2);
    expect(await settlements(both)).toEqual(["REFUNDED", "REFUNDED"]);
    expect(await match(await told(both))).toBe("attached");
  });

  test("with a third in doubt: an event settles none of them, and decides nothing", async () => {
    const both = await alike(2);
    const { unknown } = await fixture.inDoubt({ orderNo: both[0]?.orderNo ?? "" });
    expect(await match(await told(both, REFUNDED))).toBe("attached");
    expect(await settlements(both)).toEqual(["AWAITED", "AWAITED"]);
    expect((await fixture.now(unknown)).status).toBe("UNKNOWN");
  });
});

test("an event that came before EBP's answer keeps its cancel, when that of a later cancel is matched first", async () => {
  const { one, pending } = await fixture.pending();
  const early = await told([pending]);
  expect(await match(early)).toBe("waiting");
  const first = await fixture.ledger.recordTransition(pending, step(one, "accepted"));
  const next = await fixture.pending({ orderNo: first.orderNo });
  const second = await fixture.ledger.recordTransition(next.pending, step(next.one, "accepted"));
  expect(await match(await told([second]))).toBe("matched");
  expect(await settlements([first, second])).toEqual(["AWAITED", "REFUND_REQUESTED"]);
  expect(await match(early)).toBe("matched");
  expect(await settlements([first, second])).toEqual(["REFUND_REQUESTED", "REFUND_REQUESTED"]);
});

describe("a refund", () => {
  test("that comes first is kept with its time, and neither its request nor a void takes it back", async () => {
    const all = await alike(1);
    const now = async (): Promise<Cancellation> => fixture.now({ id: all[0]?.id ?? "" });
    const refundedAt = new Date("2027-01-02T03:04:05.678Z");
    expect(await match(await told(all, { ...REFUNDED, refundedAt }))).toBe("matched");
    expect(await match(await told(all, { eventTime: refundedAt }))).toBe("matched");
    expect(await lastWords(all)).toEqual([expect.stringContaining("after its refund, and changes nothing")]);
    const { discrepancies } = await now();
    expect(discrepancies.map(({ field }) => field)).not.toContain("event");

    expect(await match(await told(all, { kind: "VOIDED", eventType: "PAYMENT_VOIDED" }))).toBe("attached");
    expect(await now()).toMatchObject({
      settlement: "REFUNDED",
      refundedAt,
      discrepancies: [...discrepancies, { field: "event", confirmed: "another event like it" }],
    });
  });

  test("decides a doubt, and is told as it was carried out", async () => {
    const { unknown } = await fixture.inDoubt();
    const refundedAt = new Date(Date.now() + 5_000);
    expect(await match(await told([unknown], { ...REFUNDED, refundedAt }))).toBe("matched");
    expect(await fixture.now(unknown)).toMatchObject({
      status: "SUCCEEDED",
      resolvedBy: "WEBHOOK",
      settlement: "REFUNDED",
      refundedAt,
    });
  });

  test("of the same amount, carried out at another time, is not taken for the same event", async () => {
    const both = await alike(2);
    const eventTime = new Date();
    const at = (ms: number): Partial<KeptEvent> => ({ ...REFUNDED, eventTime, refundedAt: new Date(ms) });
    const [first, again, second] = [at(1e12), at(1e12), at(2e12)];
    expect(await match(await told(both, first))).toBe("matched");
    expect(await match(await told(both, again))).toBe("ignored");
    expect(await match(await told(both, second))).toBe("matched");
    expect(await settlements(both)).toEqual(["REFUNDED", "REFUNDED"]);
  });
});

test.each([
  ["REFUNDED without a time", "settlement = 'REFUNDED'", "cancellation_refunded_has_a_time"],
  ["another settlement with the time", "refunded_at = created_at", "cancellation_refunded_has_a_time"],
  ["a settlement of what has not succeeded", "status = 'FAILED'", "cancellation_settled_has_succeeded"],
])("the database refuses %s", async (_what, change, constraint) => {
  const [one] = await alike(1);
  await expect(fixture.sql(`UPDATE cancellation SET ${change} WHERE id = $1`, [one?.id])).rejects.toThrow(
    constraint,
  );
});
