import { describe, expect, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { evidenceFinding, proven } from "../../src/cancellation/cancel/transitions.js";
import { StaleTransitionError } from "../../src/cancellation/model/errors.js";
import type { KeptEvent } from "../../src/cancellation/model/webhook-inbox.js";
import { matchClaimed, type MatchResult } from "../../src/cancellation/reconcile/match-webhook.js";
import { evidenceInWords } from "../../src/cancellation/model/outcome.js";
import { step, STORE } from "../helpers/ledger.js";
import { useRecovery } from "../helpers/recovery.js";
import { storeWebhook } from "../helpers/webhooks.js";

const fixture = useRecovery();

const store = (changes?: Partial<KeptEvent>, how?: { body?: string }): ReturnType<typeof storeWebhook> =>
  storeWebhook(fixture, changes, how);

async function row(digest: string): Promise<any> {
  const [found] = await fixture.sql("SELECT * FROM webhook_event WHERE digest = $1", [digest]);
  return found;
}

function match(digest: string): Promise<MatchResult> {
  return matchClaimed(
    { inbox: fixture.inbox, onContradiction: () => undefined },
    { storeId: STORE.id, digest, isLast: false },
  );
}

describe("an event told of in another body", () => {
  const bodyNo = (n: number): { body: string } => ({ body: `{"n":${n},"id":"${randomUUID()}"}` });

  test("is ignored once the first has been dealt with: two equal cancels are not both settled by it", async () => {
    const orderNo = randomUUID();
    const first = await fixture.pending({ orderNo });
    const done = await fixture.ledger.recordTransition(first.pending, step(first.one, "accepted"));
    const changes = { orderNo, eventTime: new Date(Date.now() + 1_000) };
    const [one, same] = [await store(changes, bodyNo(1)), await store(changes, bodyNo(2))];
    expect(await match(one.digest)).toBe("matched");

    const second = await fixture.pending({ orderNo });
    const alike = await fixture.ledger.recordTransition(second.pending, step(second.one, "accepted"));
    expect(await match(same.digest)).toBe("ignored");
    expect((await fixture.now(done)).settlement).toBe("REFUND_REQUESTED");
    expect((await fixture.now(alike)).settlement).toBe("AWAITED");
    expect((await row(same.digest)).state).toBe("IGNORED");
  });

  test("settles the other of two equal cancels when it happened at another time", async () => {
    const orderNo = randomUUID();
    const first = await fixture.pending({ orderNo });
    await fixture.ledger.recordTransition(first.pending, step(first.one, "accepted"));
    const one = await store({ orderNo, eventTime: new Date(Date.now() + 1_000) }, bodyNo(1));
    expect(await match(one.digest)).toBe("matched");
    const second = await fixture.pending({ orderNo });
    await fixture.ledger.recordTransition(second.pending, step(second.one, "accepted"));
    const other = await store({ orderNo, eventTime: new Date(Date.now() + 2_000) }, bodyNo(2));
    expect(await match(other.digest)).toBe("matched");
    expect((await fixture.now(second.pending)).settlement).toBe("REFUND_REQUESTED");
  });

  test("and dealt with at the same time as the first settles once", async () => {
    const orderNo = randomUUID();
    const { one, pending } = await fixture.pending({ orderNo });
    await fixture.ledger.recordTransition(pending, step(one, "accepted"));
    const changes = { orderNo, eventTime: new Date(Date.now() + 1_000) };
    const stored = [
      await store(changes, bodyNo(1)),
      await store(changes, bodyNo(2)),
      await store(changes, bodyNo(3)),
    ];
    const results = await Promise.all(stored.map(({ digest }) => match(digest)));
    expect(results.filter((result) => result === "matched")).toHaveLength(1);
    for (const [n, result] of results.entries()) {
      const digest = stored[n]?.digest ?? "";
      if (result === "waiting") await match(digest);
      if (result !== "matched") expect((await row(digest)).state).toBe("IGNORED");
    }
    const [events = []] = await fixture.history.events([pending]);
    expect(events.filter(({ source }) => source === "WEBHOOK")).toHaveLength(1);
  });

  test("of what another body has told meanwhile is not made: the same event decides nothing twice", async () => {
    const { one, pending } = await fixture.pending();
    const done = await fixture.ledger.recordTransition(pending, step(one, "accepted"));
    const { unknown } = await fixture.inDoubt({ orderNo: one.request.orderNo });
    const same = { orderNo: one.request.orderNo, eventTime: new Date() };
    const [first, again] = [await store(same), await store(same)];
    const finding = { ...evidenceFinding("WEBHOOK", evidenceInWords("told")), settlement: "VOIDED" as const };
    await fixture.inbox.conclude(first, { state: "MATCHED", told: [{ cancellation: done, finding }] });
    const transition = proven("WEBHOOK", evidenceInWords("told"));

    await expect(
      fixture.inbox.conclude(again, { state: "MATCHED", told: [{ cancellation: unknown, transition }] }),
    ).rejects.toThrow(StaleTransitionError);
    expect((await fixture.now(unknown)).status).toBe("UNKNOWN");
    expect(await match(again.digest)).toBe("ignored");
  });
});
