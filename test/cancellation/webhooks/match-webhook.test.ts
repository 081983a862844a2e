import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Cancellation } from "../../../src/cancellation/cancellation.js";
import { Decimal } from "../../../src/cancellation/decimal.js";
import { matchWebhook } from "../../../src/cancellation/webhooks/match-webhook.js";
import { CLOCK_TOLERANCE_MS } from "../../../src/cancellation/timing.js";
import type { KeptEvent } from "../../../src/cancellation/webhooks/webhook-event.js";
import type { WebhookConclusion } from "../../../src/cancellation/webhooks/webhook-inbox.js";
import { ASKED_AT, cancellation } from "../../helpers/cancellations.js";
import { webhookEvent } from "../../helpers/webhooks.js";

const after = (ms: number): Date => new Date(ASKED_AT.getTime() + ms);

/** What was told to whom, in words that do not depend on any order. */
function inWords(conclusion: WebhookConclusion | null): unknown {
  if (conclusion === null) return "waiting";
  const told = conclusion.told.map((one) => ({
    id: one.cancellation.id,
    ...("transition" in one
      ? { to: one.transition.to, settlement: one.transition.settlement }
      : { settlement: one.finding.settlement, discrepancies: one.finding.discrepancies }),
  }));
  return { state: conclusion.state, told: told.sort((a, b) => a.id.localeCompare(b.id)) };
}

describe("a webhook that fits one cancel", () => {
  test.each([
    ["VOIDED", "VOIDED"],
    ["REFUND_REQUESTED", "REFUND_REQUESTED"],
  ] as const)("and says %s settles it when it has succeeded, and leaves its status", (kind, settlement) => {
    const one = cancellation("SUCCEEDED");
    const conclusion = matchWebhook(webhookEvent({ kind }), [one]);
    expect(conclusion).toMatchObject({
      state: "MATCHED",
      told: [{ cancellation: one, finding: { source: "WEBHOOK", settlement, discrepancies: [] } }],
    });
  });

  test("decides it when it is in doubt, with the event as evidence", () => {
    const one = cancellation("UNKNOWN");
    const conclusion = matchWebhook(webhookEvent({ kind: "VOIDED", digest: "d1" }), [one]);
    expect(conclusion).toMatchObject({
      state: "MATCHED",
      told: [
        {
          cancellation: one,
          transition: {
            to: "SUCCEEDED",
            source: "WEBHOOK",
            resolvedBy: "WEBHOOK",
            settlement: "VOIDED",
            evidence: { digest: null, timestamp: "2027-03-01T09:00:01.000Z", resultCode: "0" },
          },
        },
      ],
    });
  });

  test.each<[string, Partial<KeptEvent>]>([
    ["says that it went wrong", { isOfSuccess: false }],
    ["may be about another store's order", { storeIds: ["SIM-KR", "OTHER"] }],
    ["does not say when it happened", { eventTime: null }],
  ])("does not decide one in doubt when it %s: it stands with it as evidence", (_what, changes) => {
    const one = cancellation("UNKNOWN");
    expect(inWords(matchWebhook(webhookEvent(changes), [one]))).toEqual({
      state: "ATTACHED",
      told: [{ id: one.id, settlement: null, discrepancies: [] }],
    });
  });

  test.each<[string, Partial<KeptEvent>, WebhookConclusion["state"]]>([
    ["says that it went wrong", { isOfSuccess: false }, "ATTACHED"],
    ["may be about another store's order", { storeIds: ["SIM-KR", "OTHER"] }, "MATCHED"],
    ["does not say when it happened", { eventTime: null }, "MATCHED"],
  ])("settles one that has succeeded only if it went well: when it %s", (_what, changes, state) => {
    expect(matchWebhook(webhookEvent(changes), [cancellation("SUCCEEDED")])?.state).toBe(state);
  });

  test("came in before the cancel was asked for: it never fits it, whatever it says of its time", () => {
    const early = webhookEvent({ receivedAt: after(-1), eventTime: null });
    expect(matchWebhook(early, [cancellation("UNKNOWN")])).toBeNull();
    expect(matchWebhook({ ...early, receivedAt: after(0) }, [cancellation("SUCCEEDED")])?.state).toBe(
      "MATCHED",
    );
  });

  test("waits while its own answer is still to come: that may be a rejection", () => {
    expect(matchWebhook(webhookEvent(), [cancellation("PENDING")])).toBeNull();
  });

  test("waits also when it fits one in flight and one that is settled no more than that", () => {
    expect(matchWebhook(webhookEvent(), [cancellation("SUCCEEDED"), cancellation("PENDING")])).toBeNull();
  });

  test.each<[string, Partial<Cancellation> & { amount?: number }]>([
    ["of another amount", { amount: 999 }],
    ["of another currency", { currencyCode: "USD" }],
    ["that is settled", { settlement: "VOIDED" }],
  ])("passes over one %s", (_what, changes) => {
    const right = cancellation("SUCCEEDED");
    const conclusion = matchWebhook(webhookEvent(), [cancellation("SUCCEEDED", changes), right]);
    expect(conclusion).toMatchObject({ state: "MATCHED", told: [{ cancellation: { id: right.id } }] });
  });

  test("fits by value: 1000.00 is 1000", () => {
    const conclusion = matchWebhook(webhookEvent({ amount: new Decimal("1000.00") }), [
      cancellation("UNKNOWN"),
    ]);
    expect(conclusion?.state).toBe("MATCHED");
  });
});

describe("a webhook that fits no cancel", () => {
  test.each<[string, Partial<KeptEvent>]>([
    ["an event of another type", { kind: "OTHER" }],
    ["a capture", { kind: "CAPTURED" }],
    ["one that names no order", { orderNo: null }],
  ])("is ignored when it is %s", (_what, changes) => {
    expect(matchWebhook(webhookEvent(changes), [cancellation("UNKNOWN")])).toEqual({
      state: "IGNORED",
      told: [],
    });
  });

  test("waits when there is none yet", () => {
    expect(matchWebhook(webhookEvent(), [])).toBeNull();
  });

  test.each<[string, Partial<KeptEvent>]>([
    ["another amount", { amount: new Decimal(1) }],
    ["no readable amount", { amount: null }],
    ["another currency", { currencyCode: "USD" }],
    ["no currency", { currencyCode: null }],
  ])("stands as evidence with the one in doubt when it tells of %s", (_what, changes) => {
    const one = cancellation("UNKNOWN");
    const conclusion = matchWebhook(webhookEvent(changes), [one, cancellation("SUCCEEDED", { amount: 7 })]);
    expect(inWords(conclusion)).toEqual({
      state: "ATTACHED",
      told: [{ id: one.id, settlement: null, discrepancies: [] }],
    });
  });

  test("waits when one of another amount is in flight", () => {
    expect(matchWebhook(webhookEvent(), [cancellation("PENDING", { amount: 1 })])).toBeNull();
  });

  test("stands as a contradiction with the newest that failed and is like it", () => {
    const [older, newer] = [
      cancellation("FAILED", { resolvedBy: "LOOKUP", failureKind: "NOT_CANCELLED" }),
      cancellation("FAILED", { resolvedBy: "OPERATOR", failureKind: "NOT_CANCELLED" }),
    ];
    const conclusion = matchWebhook(webhookEvent(), [older, newer]);
    expect(inWords(conclusion)).toEqual({
      state: "ATTACHED",
      told: [
        {
          id: newer.id,
          settlement: null,
          discrepancies: [
            { field: "status", asked: "FAILED by OPERATOR", confirmed: "SUCCEEDED by WEBHOOK" },
          ],
        },
      ],
    });
  });

  test("does not mean a cancel that EBP itself had rejected before it happened", () => {
    const later = new Date(ASKED_AT.getTime() + 3_600_000);
    const event = webhookEvent({ eventTime: later, receivedAt: later });
    expect(matchWebhook(event, [cancellation("FAILED")])).toBeNull();
    expect(matchWebhook(webhookEvent(), [cancellation("FAILED")])?.state).toBe("ATTACHED");
  });

  test("stands with the newest of its order, as nothing but evidence, when no further look is planned", () => {
    const [older, newer] = [cancellation("FAILED"), cancellation("SUCCEEDED", { amount: 900 })];
    expect(matchWebhook(webhookEvent({ isOfSuccess: false }), [older, newer])).toBeNull();
    expect(inWords(matchWebhook(webhookEvent({ amount: new Decimal(1500) }), [older, newer], true))).toEqual({
      state: "ATTACHED",
      told: [{ id: newer.id, settlement: null, discrepancies: [] }],
    });
    expect(matchWebhook(webhookEvent(), [], true)).toBeNull();
  });

  test("waits when all that is like it is settled, or failed and is unlike it", () => {
    const others = [
      cancellation("SUCCEEDED", { settlement: "REFUND_REQUESTED" }),
      cancellation("FAILED", { amount: 1 }),
    ];
    expect(matchWebhook(webhookEvent(), others)).toBeNull();
  });

  test("fits none that was asked for after it happened, beyond what clocks may differ", () => {
    const early = (ms: number): KeptEvent => webhookEvent({ eventTime: after(-ms) });
    for (const status of ["UNKNOWN", "SUCCEEDED", "FAILED", "PENDING"] as const) {
      expect(matchWebhook(early(CLOCK_TOLERANCE_MS + 1), [cancellation(status)])).toBeNull();
    }
    expect(matchWebhook(early(CLOCK_TOLERANCE_MS), [cancellation("UNKNOWN")])?.state).toBe("MATCHED");
  });
});

test("a webhook that fits several stands with each of them, and moves none", () => {
  const several = [cancellation("SUCCEEDED"), cancellation("UNKNOWN"), cancellation("SUCCEEDED")];
  const conclusion = matchWebhook(webhookEvent(), [...several, cancellation("FAILED")]);
  expect(conclusion?.state).toBe("ATTACHED");
  expect(conclusion?.told.map((one) => one.cancellation.id)).toEqual(several.map(({ id }) => id));
  for (const one of conclusion?.told ?? []) {
    expect(one).toMatchObject({ finding: { settlement: null, confirmation: null, discrepancies: [] } });
  }
});

/** Histories as they can be: at most one of an order is open. */
const histories = fc
  .tuple(
    fc.array(
      fc.record({
        status: fc.constantFrom("SUCCEEDED" as const, "FAILED" as const),
        settlement: fc.constantFrom("AWAITED" as const, "VOIDED" as const, "REFUND_REQUESTED" as const),
        amount: fc.constantFrom(1000, 500),
        askedMs: fc.integer({ min: -120_000, max: 120_000 }),
      }),
      { maxLength: 5 },
    ),
    fc.option(
      fc.record({
        status: fc.constantFrom("PENDING" as const, "UNKNOWN" as const),
        amount: fc.constantFrom(1000, 500),
        askedMs: fc.integer({ min: -120_000, max: 120_000 }),
      }),
    ),
  )
  .map(([decided, open]) => [
    ...decided.map(({ status, settlement, amount, askedMs }) =>
      cancellation(status, {
        amount,
        createdAt: after(askedMs),
        ...(status === "SUCCEEDED" && { settlement }),
      }),
    ),
    ...(open === null
      ? []
      : [cancellation(open.status, { amount: open.amount, createdAt: after(open.askedMs) })]),
  ]);
const events = fc
  .record({
    kind: fc.constantFrom(
      "VOIDED" as const,
      "REFUND_REQUESTED" as const,
      "CAPTURED" as const,
      "OTHER" as const,
    ),
    amount: fc.constantFrom(new Decimal(1000), new Decimal(500), null),
    atMs: fc.integer({ min: -120_000, max: 120_000 }),
  })
  .map(({ kind, amount, atMs }) => webhookEvent({ kind, amount, eventTime: after(atMs) }));

describe("whatever the history of the order and the event", () => {
  test("one cancel at most is moved or settled, and it fits", () => {
    fc.assert(
      fc.property(events, histories, (event, history) => {
        const told = matchWebhook(event, history)?.told ?? [];
        const moved = told.filter((one) => "transition" in one || one.finding.settlement !== null);
        expect(moved.length).toBeLessThanOrEqual(1);
        for (const { cancellation: one } of moved) {
          expect(told).toHaveLength(1);
          expect(one.request.totalCancelAmount.equals(event.amount ?? -1)).toBe(true);
          expect(one.createdAt.getTime()).toBeLessThanOrEqual(
            (event.eventTime?.getTime() ?? 0) + CLOCK_TOLERANCE_MS,
          );
          expect(["UNKNOWN", "SUCCEEDED"]).toContain(one.status);
        }
      }),
    );
  });

  test("nothing is ever called FAILED, and what is in flight is never touched", () => {
    fc.assert(
      fc.property(events, histories, (event, history) => {
        for (const one of matchWebhook(event, history)?.told ?? []) {
          if ("transition" in one) expect(one.transition.to).toBe("SUCCEEDED");
          expect(one.cancellation.status).not.toBe("PENDING");
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
