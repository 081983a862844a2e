import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Cancellation, Discrepancy } from "../../../src/cancellation/model/cancellation.js";
import {
  type KeptEvent,
  WEBHOOK_KINDS,
  type WebhookConclusion,
} from "../../../src/cancellation/model/webhook-inbox.js";
import { matchWebhook } from "../../../src/cancellation/reconcile/match-webhook.js";
import { Decimal } from "../../../src/cancellation/model/decimal.js";
import { CLOCK_TOLERANCE_MS } from "../../../src/cancellation/model/timing.js";
import { SETTLEMENTS } from "../../../src/cancellation/model/status.js";
import { ASKED_AT, cancellation, after, inWords } from "../../helpers/cancellations.js";
import { webhookEvent } from "../../helpers/webhooks.js";

function onlyEvidenceFor({ id }: Cancellation, discrepancies: readonly Discrepancy[] = []): unknown {
  return { state: "ATTACHED", told: [{ id, settlement: null, discrepancies }] };
}

describe("a webhook that fits one cancel", () => {
  test.each(["VOIDED", "REFUND_REQUESTED", "REFUNDED"] as const)(
    "and says %s settles it when it has succeeded, and leaves its status",
    (kind) => {
      const one = cancellation("SUCCEEDED");
      expect(matchWebhook(webhookEvent({ kind }), [one])).toMatchObject({
        state: "MATCHED",
        told: [{ cancellation: one, finding: { source: "WEBHOOK", settlement: kind, discrepancies: [] } }],
      });
    },
  );

  test("decides an UNKNOWN cancel by value, 1000.00 is 1000, with the event as evidence", () => {
    const one = cancellation("UNKNOWN");
    const event = webhookEvent({ kind: "VOIDED", amount: new Decimal("1000.00") });
    const evidence = { digest: null, timestamp: "2027-03-01T09:00:01.000Z", resultCode: "0" };
    const by = { source: "WEBHOOK", resolvedBy: "WEBHOOK" };
    const transition = { to: "SUCCEEDED", ...by, settlement: "VOIDED", evidence };
    expect(matchWebhook(event, [one])).toMatchObject({
      state: "MATCHED",
      told: [{ cancellation: one, transition }],
    });
  });

  test.each<[string, Partial<KeptEvent>]>([
    ["says that it went wrong", { isOfSuccess: false }],
    ["may be about another store's order", { storeIds: ["SIM-KR", "OTHER"] }],
    ["does not say when it happened", { eventTime: null }],
    ["happened before it was asked for", { eventTime: after(-CLOCK_TOLERANCE_MS - 1) }],
  ])("is only evidence for an UNKNOWN cancel when it %s", (_what, changes) => {
    const one = cancellation("UNKNOWN");
    expect(inWords(matchWebhook(webhookEvent(changes), [one]))).toEqual(onlyEvidenceFor(one));
  });

  test.each<[string, Partial<KeptEvent>, WebhookConclusion["state"]]>([
    ["says that it went wrong", { isOfSuccess: false }, "ATTACHED"],
    ["may be about another store's order", { storeIds: ["SIM-KR", "OTHER"] }, "MATCHED"],
    ["does not say when it happened", { eventTime: null }, "MATCHED"],
  ])(
    "settles a SUCCEEDED cancel only if the event is one of success: when it %s",
    (_what, changes, state) => {
      expect(matchWebhook(webhookEvent(changes), [cancellation("SUCCEEDED")])?.state).toBe(state);
    },
  );

  test("waits for a PENDING cancel, whose own answer may be a rejection, also of another amount, and beside one that awaits its settlement", () => {
    for (const pending of [cancellation("PENDING"), cancellation("PENDING", { amount: 1 })]) {
      expect(matchWebhook(webhookEvent(), [pending])).toBeNull();
      expect(matchWebhook(webhookEvent(), [cancellation("SUCCEEDED"), pending])).toBeNull();
    }
  });

  test.each<[string, Partial<Cancellation> & { amount?: number }]>([
    ["of another amount", { amount: 999 }],
    ["of another currency", { currencyCode: "USD" }],
    ["that is settled", { settlement: "VOIDED" }],
  ])("passes over a cancel %s", (_what, changes) => {
    const right = cancellation("SUCCEEDED");
    const conclusion = matchWebhook(webhookEvent(), [cancellation("SUCCEEDED", changes), right]);
    expect(conclusion).toMatchObject({ state: "MATCHED", told: [{ cancellation: { id: right.id } }] });
  });
});

describe("a webhook that may be about another cancel too", () => {
  const settled = cancellation("SUCCEEDED", { settlement: "REFUND_REQUESTED" });
  const failed = cancellation("FAILED", { resolvedBy: "LOOKUP", failureKind: "NOT_CANCELLED" });

  test.each<[string, Cancellation]>([
    ["one that is settled", settled],
    ["one whose money is still awaited", cancellation("SUCCEEDED")],
    ["one that was found to have failed", failed],
    ["another in doubt", cancellation("UNKNOWN")],
  ])("decides no UNKNOWN cancel beside %s, whatever the times", (_what, sibling) => {
    const times = fc.integer({ min: -600_000, max: 600_000 });
    const kinds = fc.constantFrom("VOIDED" as const, "REFUND_REQUESTED" as const, "REFUNDED" as const);
    fc.assert(
      fc.property(times, times, kinds, (askedMs, happenedMs, kind) => {
        const doubtful = cancellation("UNKNOWN", { createdAt: after(askedMs) });
        const event = webhookEvent({ kind, eventTime: after(happenedMs) });
        const conclusion = matchWebhook(event, [sibling, doubtful]);
        expect(conclusion?.state).toBe("ATTACHED");
        expect(conclusion?.told.some((one) => "transition" in one)).toBe(false);
        expect(conclusion?.told.map((one) => one.cancellation.id)).toContain(doubtful.id);
      }),
    );
  });

  test("settles the cancel that awaits its settlement, and when it comes once more contradicts the NOT_CANCELLED one before it", () => {
    const retried = cancellation("SUCCEEDED");
    const conclusion = matchWebhook(webhookEvent(), [failed, retried]);
    expect(conclusion).toMatchObject({ state: "MATCHED", told: [{ cancellation: { id: retried.id } }] });
    expect(matchWebhook(webhookEvent(), [failed, settled])?.told).toMatchObject([
      { cancellation: { id: failed.id }, finding: { contradicts: true } },
      { cancellation: { id: settled.id } },
    ]);
  });

  test.each<[string, Partial<KeptEvent>]>([
    ["another time", { eventTime: after(9_000) }],
    ["another kind", { kind: "VOIDED" }],
  ])("is a discrepancy when it is about a settled cancel once more, with %s", (_what, changes) => {
    const conclusion = matchWebhook(webhookEvent(changes), [settled]);
    const discrepancies = [{ field: "event", confirmed: "another event like it" }];
    expect(conclusion).toMatchObject({
      state: "ATTACHED",
      told: [{ finding: { contradicts: true, discrepancies } }],
    });
  });
});

test("an event of failure about a SUCCEEDED cancel is a discrepancy", () => {
  const conclusion = matchWebhook(webhookEvent({ isOfSuccess: false }), [cancellation("SUCCEEDED")]);
  const discrepancies = [{ field: "event", confirmed: "an event of failure" }];
  expect(conclusion).toMatchObject({
    state: "ATTACHED",
    told: [{ finding: { contradicts: true, discrepancies } }],
  });
});

describe("a webhook that fits no cancel", () => {
  test.each<[string, Partial<KeptEvent>]>([
    ["an event of another type", { kind: "OTHER" }],
    ["a capture", { kind: "CAPTURED" }],
    ["one that names no order", { orderNo: null }],
  ])("is ignored when it is %s", (_what, changes) => {
    const conclusion = matchWebhook(webhookEvent(changes), [cancellation("UNKNOWN")]);
    expect(conclusion).toEqual({ state: "IGNORED", told: [] });
  });

  test.each<[string, Partial<KeptEvent>]>([
    ["another amount", { amount: new Decimal(1) }],
    ["no readable amount", { amount: null }],
    ["another currency", { currencyCode: "USD" }],
    ["no currency", { currencyCode: null }],
  ])("is evidence for the UNKNOWN cancel when it is of %s", (_what, changes) => {
    const one = cancellation("UNKNOWN");
    const conclusion = matchWebhook(webhookEvent(changes), [cancellation("SUCCEEDED", { amount: 7 }), one]);
    expect(inWords(conclusion)).toEqual(onlyEvidenceFor(one));
  });

  test.each<[string, Partial<KeptEvent>]>([
    ["like it", {}],
    ["of another amount", { amount: new Decimal(1) }],
    ["of no readable amount", { amount: null }],
    ["of another currency", { currencyCode: "krw" }],
    ["of no time", { eventTime: null }],
    ["of a time before it was asked for", { eventTime: after(-3_600_000) }],
  ])("contradicts a NOT_CANCELLED cancel, even when it is %s", (_what, changes) => {
    const failed = cancellation("FAILED", { resolvedBy: "LOOKUP", failureKind: "NOT_CANCELLED" });
    const opposite = { field: "status", asked: "FAILED by LOOKUP", confirmed: "SUCCEEDED by WEBHOOK" };
    const conclusion = matchWebhook(webhookEvent(changes), [failed]);
    expect(inWords(conclusion)).toEqual(onlyEvidenceFor(failed, [opposite]));
  });

  test("is not about a cancel that EBP had rejected before", () => {
    const later = new Date(ASKED_AT.getTime() + 3_600_000);
    const event = webhookEvent({ eventTime: later, receivedAt: later });
    expect(matchWebhook(event, [cancellation("FAILED")])).toBeNull();
    expect(matchWebhook(webhookEvent(), [cancellation("FAILED")])?.state).toBe("ATTACHED");
  });

  test("is evidence for the newest cancel of its order at the last attempt", () => {
    const [older, newer] = [cancellation("FAILED"), cancellation("SUCCEEDED", { amount: 900 })];
    expect(matchWebhook(webhookEvent({ isOfSuccess: false }), [older, newer])).toBeNull();
    const atLast = matchWebhook(webhookEvent({ amount: new Decimal(1500) }), [older, newer], {
      isLast: true,
    });
    expect(inWords(atLast)).toEqual(onlyEvidenceFor(newer));
    expect(matchWebhook(webhookEvent(), [], { isLast: true })).toBeNull();
  });

  test("waits when the order has no cancel yet, or none like it", () => {
    expect(matchWebhook(webhookEvent(), [])).toBeNull();
    const others = [cancellation("SUCCEEDED", { amount: 2 }), cancellation("FAILED", { amount: 1 })];
    expect(matchWebhook(webhookEvent(), others)).toBeNull();
  });
});

test("a webhook that fits several cancels is evidence for each, and moves none", () => {
  const several = [cancellation("SUCCEEDED"), cancellation("UNKNOWN"), cancellation("SUCCEEDED")];
  const conclusion = matchWebhook(webhookEvent(), [...several, cancellation("FAILED")]);
  expect(conclusion?.state).toBe("ATTACHED");
  expect(conclusion?.told.map((one) => one.cancellation.id)).toEqual(several.map(({ id }) => id));
  for (const one of conclusion?.told ?? []) {
    expect(one).toMatchObject({ finding: { settlement: null, confirmation: null, discrepancies: [] } });
  }
});

const members = fc.record({
  settlement: fc.constantFrom(...SETTLEMENTS),
  amount: fc.constantFrom(1000, 500),
  askedMs: fc.integer({ min: -120_000, max: 120_000 }),
});
/** Possible histories of an order: at most one of its cancellations is open. */
const histories = fc
  .tuple(
    fc.array(fc.tuple(fc.constantFrom("SUCCEEDED" as const, "FAILED" as const), members), { maxLength: 5 }),
    fc.option(fc.tuple(fc.constantFrom("PENDING" as const, "UNKNOWN" as const), members)),
  )
  .map(([decided, open]) => (open === null ? decided : [...decided, open]))
  .map((all) =>
    all.map(([status, { settlement, amount, askedMs }]) => {
      const common = { amount, createdAt: after(askedMs) };
      const refundedAt = settlement === "REFUNDED" ? ASKED_AT : null;
      return cancellation(status, status === "SUCCEEDED" ? { ...common, settlement, refundedAt } : common);
    }),
  );
const events = fc
  .record({
    kind: fc.constantFrom(...WEBHOOK_KINDS),
    amount: fc.constantFrom(new Decimal(1000), new Decimal(500), null),
    atMs: fc.integer({ min: -120_000, max: 120_000 }),
  })
  .map(({ kind, amount, atMs }) => webhookEvent({ kind, amount, eventTime: after(atMs) }));

describe("for any event and any history of its order", () => {
  test("one cancel at most is moved or settled, and it fits; none is called FAILED, and none in flight is touched", () => {
    fc.assert(
      fc.property(events, histories, (event, history) => {
        const told = matchWebhook(event, history)?.told ?? [];
        for (const one of told) {
          if ("transition" in one) expect(one.transition.to).toBe("SUCCEEDED");
          expect(one.cancellation.status).not.toBe("PENDING");
        }
        const moved = told.filter((one) => "transition" in one || one.finding.settlement !== null);
        expect(moved.length).toBeLessThanOrEqual(1);
        for (const { cancellation: one } of moved) {
          expect(told).toHaveLength(1);
          expect(one.totalCancelAmount.equals(event.amount ?? -1)).toBe(true);
          expect(["UNKNOWN", "SUCCEEDED"]).toContain(one.status);
          if (one.status !== "UNKNOWN") continue;
          const alike = history.filter(
            ({ totalCancelAmount, status }) =>
              totalCancelAmount.equals(event.amount ?? -1) && status !== "FAILED",
          );
          expect(alike).toHaveLength(1);
          const latest = (event.eventTime?.getTime() ?? 0) + CLOCK_TOLERANCE_MS;
          expect(one.createdAt.getTime()).toBeLessThanOrEqual(latest);
        }
      }),
    );
  });

  test("the order in which its cancels stand changes nothing, save which of several that failed is told", () => {
    fc.assert(
      fc.property(events, histories, fc.infiniteStream(fc.nat()), (event, history, random) => {
        const alike = history.filter(({ status }) => status === "FAILED").slice(1);
        const known = history.filter((one) => !alike.includes(one));
        const shuffled = known
          .map((one) => ({ one, key: random.next().value as number }))
          .sort((a, b) => a.key - b.key)
          .map(({ one }) => one);
        expect(inWords(matchWebhook(event, shuffled))).toEqual(inWords(matchWebhook(event, known)));
      }),
    );
  });
});
