import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Cancellation } from "../../../src/cancellation/model/cancellation.js";
import { SETTLED_FROM, type Settlement } from "../../../src/cancellation/model/status.js";
import type { KeptEvent, WebhookConclusion } from "../../../src/cancellation/model/webhook-inbox.js";
import { matchWebhook } from "../../../src/cancellation/reconcile/match-webhook.js";
import { after, cancellation } from "../../helpers/cancellations.js";
import { webhookEvent } from "../../helpers/webhooks.js";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** So many cancels of one amount that EBP has accepted, oldest first. */
function alike(...settled: Settlement[]): Cancellation[] {
  return settled.map((settlement, n) =>
    cancellation("SUCCEEDED", {
      createdAt: after(n),
      settlement,
      refundedAt: settlement === "REFUNDED" ? after(2_000) : null,
    }),
  );
}

const requested = (changes: Partial<KeptEvent> = {}): KeptEvent => webhookEvent(changes);
const refunded = (changes: Partial<KeptEvent> = {}): KeptEvent =>
  webhookEvent({ kind: "REFUNDED", eventType: "PAYMENT_REFUNDED", eventTime: after(3_000), ...changes });

/** What became of the one that the event is matched with. */
function toldBy(conclusion: WebhookConclusion | null): {
  id: string;
  settlement: Settlement | null;
  refundedAt: Date | null;
  basis: string;
} {
  if (conclusion?.state !== "MATCHED") throw new Error(`it is ${conclusion?.state ?? "waiting"}`);
  const [told] = conclusion.told;
  const step = "transition" in told ? told.transition : told.finding;
  const { settlement, refundedAt, evidence } = step;
  return { id: told.cancellation.id, settlement, refundedAt, basis: evidence.basis };
}

const ONE = "fits this cancel of the order, and no other";
const assumed = (count: number): string =>
  `fits ${count} cancels of this order, and is assumed to be about this one`;

describe("a refund that was carried out", () => {
  test("is dated as EBP dates it, else by its event, else by when the event came", () => {
    const at = after(9_000);
    const dated = (changes: Partial<KeptEvent>): Date | null =>
      toldBy(matchWebhook(refunded(changes), alike("AWAITED"))).refundedAt;
    expect(dated({ refundedAt: at })).toEqual(at);
    expect(dated({})).toEqual(after(3_000));
    expect(dated({ eventTime: null, receivedAt: at })).toEqual(at);
    expect(toldBy(matchWebhook(requested(), alike("AWAITED"))).refundedAt).toBeNull();
  });

  test("decides the doubt that it can be about alone, and none beside a cancel like it", () => {
    const doubtful = cancellation("UNKNOWN");
    const told = toldBy(matchWebhook(refunded(), [doubtful]));
    expect(told).toMatchObject({ id: doubtful.id, settlement: "REFUNDED", refundedAt: after(3_000) });
    for (const settlement of ["AWAITED", "REFUND_REQUESTED", "REFUNDED"] as const)
      expect(matchWebhook(refunded(), [...alike(settlement), doubtful])).toMatchObject({
        state: "ATTACHED",
        told: [{ finding: { settlement: null } }, { finding: { settlement: null } }],
      });
  });

  test.each<[string, Settlement[], number, string]>([
    ["of the only cancel, without a request", ["AWAITED"], 0, ONE],
    ["of the only cancel, after its request", ["REFUND_REQUESTED"], 0, ONE],
    ["of the only cancel that is left", ["REFUNDED", "VOIDED", "AWAITED"], 2, ONE],
    ["of the older of two", ["AWAITED", "AWAITED"], 0, assumed(2)],
    ["of the older that was requested", ["AWAITED", "REFUND_REQUESTED", "REFUND_REQUESTED"], 1, assumed(3)],
  ])("is taken for that %s", (_what, settled, at, words) => {
    const all = alike(...settled);
    const told = toldBy(matchWebhook(refunded(), all));
    expect(told).toMatchObject({ id: all[at]?.id, settlement: "REFUNDED" });
    expect(told.basis).toContain(words);
  });

  test("is not taken for that of a cancel that was asked for afterwards, where there is another", () => {
    const [first, second] = [cancellation("SUCCEEDED"), alike("REFUND_REQUESTED")[0]];
    const later = { ...(second ?? first), createdAt: after(HOUR_MS) };
    const told = toldBy(matchWebhook(refunded(), [first, later]));
    expect(told.id).toBe(first.id);
    expect(told.basis).toContain(ONE);
  });
});

describe("a request that comes after its refund", () => {
  test("is recorded, changes nothing, and is no contradiction", () => {
    const [one] = alike("REFUNDED");
    const told = toldBy(matchWebhook(requested(), one === undefined ? [] : [one]));
    expect(told).toMatchObject({ id: one?.id, settlement: null, refundedAt: null });
    expect(told.basis).toContain(`${ONE}, after its refund, and changes nothing`);
  });

  test("comes once: another one like it is a discrepancy, as a void is", () => {
    const all = alike("REFUNDED");
    const alreadyMatched = new Set(all.map(({ id }) => id));
    for (const event of [requested({ eventTime: after(9_000) }), webhookEvent({ kind: "VOIDED" })])
      expect(matchWebhook(event, all, { likeIt: { alreadyMatched, waiting: [] } })).toMatchObject({
        state: "ATTACHED",
        told: [{ finding: { settlement: null, contradicts: true } }],
      });
  });

  test("does not settle the next cancel, unless it happened after that refund", () => {
    const all = alike("REFUNDED", "AWAITED");
    expect(toldBy(matchWebhook(requested(), all))).toMatchObject({ id: all[0]?.id, settlement: null });
    const next = toldBy(matchWebhook(requested({ eventTime: after(HOUR_MS) }), all));
    expect(next).toMatchObject({ id: all[1]?.id, settlement: "REFUND_REQUESTED" });
    expect(next.basis).toContain(ONE);
  });
});

test("an event leaves a cancel to one that came in earlier and can be about no other, and waits for nobody", () => {
  const [first, second, third] = ["a", "b", "c"].map((id, n) => ({
    ...cancellation("SUCCEEDED", { createdAt: after(n) }),
    id,
  })) as [Cancellation, Cancellation, Cancellation];
  const chosen = (waiting: string[][], ...all: Cancellation[]): string =>
    toldBy(matchWebhook(requested(), all, { likeIt: { alreadyMatched: new Set(), waiting } })).id;
  expect(chosen([["a"]], first, second)).toBe("b");
  expect(chosen([["a", "b"]], first, second, third)).toBe("b");
  expect(chosen([["a", "b"], ["a"]], first, second, third)).toBe("c");
  expect(chosen([["a", "b"]], first, second)).toBe("a");
  expect(chosen([["a"], ["a", "b"], ["a", "b"]], first, second, third)).toBe("c");
  expect(chosen([["a"], ["a"]], first, second)).toBe("b");
});

/** Events of one amount, by the order in which they happened: each request before its refund, if it is sent at all. */
const histories = fc.record({
  cancels: fc.integer({ min: 1, max: 5 }),
  refunds: fc.array(fc.constantFrom("both", "requested", "refunded"), { maxLength: 7 }),
});

test("for any events of cancels of one amount, however they come: as many are settled as there are events, and none goes back", () => {
  fc.assert(
    fc.property(histories, fc.infiniteStream(fc.nat()), ({ cancels, refunds }, random) => {
      const happened = refunds.flatMap((which, n) => [
        ...(which === "refunded" ? [] : [requested({ eventTime: after(n * 1_000) })]),
        ...(which === "requested" ? [] : [refunded({ eventTime: after(n * 1_000 + 500) })]),
      ]);
      const order = happened
        .map((event) => ({ event, key: random.next().value as number }))
        .sort((a, b) => a.key - b.key);
      const all = alike(...Array.from({ length: cancels }, (): Settlement => "AWAITED"));
      const matched = { REFUND_REQUESTED: new Set<string>(), REFUNDED: new Set<string>() };
      for (const { event } of order) {
        const kind = event.kind as keyof typeof matched;
        const alreadyMatched = matched[kind];
        const conclusion = matchWebhook(event, all, { likeIt: { alreadyMatched, waiting: [] } });
        expect(conclusion?.state).toBe(alreadyMatched.size < cancels ? "MATCHED" : "ATTACHED");
        if (conclusion?.state !== "MATCHED") continue;
        const { id, settlement, refundedAt } = toldBy(conclusion);
        alreadyMatched.add(id);
        const at = all.findIndex((one) => one.id === id);
        const before = all[at];
        if (before === undefined) throw new Error(`${id} is none of them`);
        if (settlement === null) expect(before.settlement).toBe("REFUNDED");
        else expect(SETTLED_FROM[settlement]).toContain(before.settlement);
        if (settlement !== null) all[at] = { ...before, settlement, refundedAt };
      }
      const has = (kind: string): number => happened.filter((event) => event.kind === kind).length;
      const [asked, carriedOut] = [has("REFUND_REQUESTED"), has("REFUNDED")];
      const isSettled = (settlement: Settlement | null): boolean => settlement !== "AWAITED";
      const settled = all.map((one) => one.settlement);
      expect(settled.filter((one) => one === "REFUNDED")).toHaveLength(Math.min(cancels, carriedOut));
      expect(settled.filter(isSettled)).toHaveLength(Math.min(cancels, Math.max(asked, carriedOut)));
      // Oldest first.
      expect(settled.lastIndexOf("REFUNDED")).toBe(Math.min(cancels, carriedOut) - 1);
      expect(settled.findLastIndex(isSettled)).toBe(Math.min(cancels, Math.max(asked, carriedOut)) - 1);
    }),
  );
});
