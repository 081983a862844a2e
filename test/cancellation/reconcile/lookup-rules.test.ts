import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { Decimal } from "../../../src/cancellation/model/decimal.js";
import {
  decideLookup,
  LOOKUP_RULES,
  mayLaterDecide,
  type LookupFacts,
} from "../../../src/cancellation/reconcile/lookup-rules.js";
import { PAYMENT_STATES, type PaymentState } from "../../../src/cancellation/model/payment-gateway.js";

const ALL = "WHOLLY_CANCELLED";

function facts(changes: Partial<LookupFacts> = {}): LookupFacts {
  return {
    payment: "UNCLEAR",
    amount: new Decimal(1000),
    cancelledBefore: new Decimal(0),
    capturedAmount: null,
    unaccountedEvents: 0,
    othersInDoubt: 0,
    settled: true,
    ...changes,
  };
}

const money = fc.integer({ min: 0, max: 4 }).map((hundreds) => new Decimal(hundreds).times(100));
const anyFacts: fc.Arbitrary<LookupFacts> = fc.record({
  payment: fc.constantFrom(...PAYMENT_STATES),
  amount: money,
  cancelledBefore: money,
  capturedAmount: fc.option(money),
  unaccountedEvents: fc.integer({ min: 0, max: 2 }),
  othersInDoubt: fc.integer({ min: 0, max: 1 }),
  settled: fc.boolean(),
});

const captured = (amount: number | string) => ({ capturedAmount: new Decimal(amount) });
const before = (amount: number) => ({ cancelledBefore: new Decimal(amount) });

describe("a lookup", () => {
  test.each<[string, Partial<LookupFacts>, PaymentState, string]>([
    ["all cancelled, of this one cancel", captured(1000), ALL, "cancelled"],
    [
      "all cancelled, which this cancel completes",
      { ...captured("1300.00"), ...before(300) },
      ALL,
      "cancelled",
    ],
    ["all cancelled, early", { ...captured(1000), settled: false }, ALL, "cancelled"],
    ["all cancelled, of an amount nobody knows", {}, ALL, "nothing"],
    ["all cancelled, of more than was asked for here", captured(1001), ALL, "nothing"],
    ["all cancelled, of less than was asked for", { ...captured(1000), ...before(300) }, ALL, "nothing"],
    ["all cancelled, beside another in doubt", { ...captured(1000), othersInDoubt: 1 }, ALL, "nothing"],
    ["some cancel", captured(1000), "CANCELLED_IN_PART", "nothing"],
    ["no cancel yet", { settled: false }, "UNCANCELLED", "nothing"],
    ["no cancel after the settling time", {}, "UNCANCELLED", "notCancelled"],
    ["no cancel, although one of ours succeeded before", before(1), "UNCANCELLED", "nothing"],
    ["no cancel, although an event tells of one", { unaccountedEvents: 1 }, "UNCANCELLED", "nothing"],
    ["nothing that can be read", captured(1000), "UNCLEAR", "nothing"],
  ])("that shows %s proves %4$s", (_what, changes, payment, proves) => {
    expect(decideLookup(facts({ ...changes, payment })).proves).toBe(proves);
  });

  test("proves that nothing was cancelled only when the payment shows no cancel, long enough, and nothing else tells of one", () => {
    fc.assert(
      fc.property(anyFacts, (known) => {
        const provesIt = decideLookup(known).proves === "notCancelled";
        expect(provesIt).toBe(
          known.payment === "UNCANCELLED" &&
            known.settled &&
            known.cancelledBefore.isZero() &&
            known.unaccountedEvents === 0,
        );
      }),
    );
  });

  test("proves that it was cancelled only when all is, and what was captured is what we cancelled with it", () => {
    fc.assert(
      fc.property(anyFacts, (known) => {
        const provesIt = decideLookup(known).proves === "cancelled";
        expect(provesIt).toBe(
          known.payment === "WHOLLY_CANCELLED" &&
            known.othersInDoubt === 0 &&
            known.capturedAmount?.equals(known.cancelledBefore.plus(known.amount)) === true,
        );
      }),
    );
  });

  test("never proves less by being made later", () => {
    fc.assert(
      fc.property(anyFacts, (known) => {
        const early = decideLookup({ ...known, settled: false }).proves;
        if (early !== "nothing") expect(decideLookup({ ...known, settled: true }).proves).toBe(early);
      }),
    );
  });
});

describe("whether a later look may decide", () => {
  const { payment: _, settled: __, ...known } = facts();

  test.each<[string, Partial<LookupFacts>, readonly PaymentState[], boolean]>([
    ["no word for a payment's state is known", {}, [], false],
    ["only the word for an uncancelled payment is known", {}, ["UNCANCELLED"], true],
    ["it is also known that a cancel took effect", { unaccountedEvents: 1 }, ["UNCANCELLED", ALL], false],
    ["nobody knows what was captured", {}, [ALL], false],
    ["this cancel is all that was captured", captured(1000), [ALL], true],
  ])("when %s", (_what, changes, states, may) => {
    expect(mayLaterDecide({ ...known, ...changes }, (state) => states.includes(state))).toBe(may);
  });

  test("is so whenever some look would", () => {
    fc.assert(
      fc.property(anyFacts, (some) => {
        if (decideLookup(some).proves !== "nothing") expect(mayLaterDecide(some, () => true)).toBe(true);
      }),
    );
  });
});

test("every row of the table decides something, and says why in words of its own", () => {
  const decided = new Set(
    fc.sample(anyFacts, { numRuns: 5_000, seed: 1 }).map((known) => decideLookup(known)),
  );
  expect(decided).toEqual(new Set(LOOKUP_RULES));
  expect(new Set(LOOKUP_RULES.map(({ reason }) => reason)).size).toBe(LOOKUP_RULES.length);
});
