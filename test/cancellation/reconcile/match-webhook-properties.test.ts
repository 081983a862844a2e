import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { Decimal } from "../../../src/cancellation/model/decimal.js";
import { CLOCK_TOLERANCE_MS } from "../../../src/cancellation/model/timing.js";
import { matchWebhook } from "../../../src/cancellation/reconcile/match-webhook.js";
import { cancellation } from "../../helpers/cancellations.js";
import { after, inWords } from "../../helpers/told.js";
import { webhookEvent } from "../../helpers/webhooks.js";

/** Possible histories of an order: at most one of its cancellations is open. */
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

describe("for any event and any history of its order", () => {
  test("one cancel at most is moved or settled, and it fits", () => {
    fc.assert(
      fc.property(events, histories, (event, history) => {
        const told = matchWebhook(event, history)?.told ?? [];
        const moved = told.filter((one) => "transition" in one || one.finding.settlement !== null);
        expect(moved.length).toBeLessThanOrEqual(1);
        for (const { cancellation: one } of moved) {
          expect(told).toHaveLength(1);
          expect(one.totalCancelAmount.equals(event.amount ?? -1)).toBe(true);
          const alike = history.filter(
            ({ totalCancelAmount, status }) =>
              totalCancelAmount.equals(event.amount ?? -1) && status !== "FAILED",
          );
          if (one.status === "UNKNOWN") {
            expect(alike).toHaveLength(1);
            expect(one.createdAt.getTime()).toBeLessThanOrEqual(
              (event.eventTime?.getTime() ?? 0) + CLOCK_TOLERANCE_MS,
            );
          }
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
