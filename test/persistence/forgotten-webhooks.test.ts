import { afterEach, describe, expect, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { matchClaimed, type MatchResult } from "../../src/cancellation/reconcile/match-webhook.js";
import { throughPrisma } from "../../src/persistence/client.js";
import { ENTER_WEBHOOK } from "../../src/persistence/store-webhook.js";
import { useRecovery } from "../helpers/recovery.js";
import { storeWebhook } from "../helpers/webhooks.js";

const fixture = useRecovery();

afterEach(() => fixture.sql("UPDATE database_history SET held_until = NULL"));

function match(digest: string): Promise<MatchResult> {
  return matchClaimed({ inbox: fixture.inbox, onContradiction: () => undefined }, { digest, isLast: true });
}

async function row(digest: string): Promise<any> {
  const [found] = await fixture.sql("SELECT * FROM webhook_event WHERE digest = $1", [digest]);
  return found;
}

describe("a webhook that the database has forgotten", () => {
  test("is remembered by the replica that stored it, and entered again as it came in, once", async () => {
    const { unknown } = await fixture.inDoubt();
    const { orderNo } = unknown;
    const { digest } = await storeWebhook(fixture, { orderNo });
    const before = await row(digest);
    await fixture.inDoubt({ orderNo: `${orderNo}-another` });
    await fixture.sql("DELETE FROM webhook_event WHERE digest = $1", [digest]);

    const kept = fixture.recent.webhooks().find((values) => values["digest"] === digest);
    if (kept === undefined) throw new Error("it is not remembered");
    const database = throughPrisma(fixture.prisma);
    expect(await database.rows(ENTER_WEBHOOK(kept))).toEqual([{ digest }]);
    expect(await database.rows(ENTER_WEBHOOK(kept))).toEqual([]);
    const { next_match_at: _, ...after } = await row(digest);
    expect(before).toMatchObject(after);
    expect(after.cancellation_ids).toEqual([unknown.id]);
  });

  test("waits while a cancellation is missing that it may be about, even at its last look", async () => {
    const { unknown: forgotten } = await fixture.inDoubt();
    const { orderNo } = forgotten;
    const { digest } = await storeWebhook(fixture, { orderNo });
    await fixture.sql("UPDATE webhook_event SET cancellation_ids = cancellation_ids || gen_random_uuid()");

    expect(await match(digest)).toBe("waiting");
    expect((await fixture.now(forgotten)).status).toBe("UNKNOWN");
    await fixture.sql("UPDATE webhook_event SET cancellation_ids = cancellation_ids[:1]");
    expect(await match(digest)).toBe("matched");
  });
});

describe("a webhook that comes in when the database has gone back", () => {
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
