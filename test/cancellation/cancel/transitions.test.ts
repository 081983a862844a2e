import { describe, expect, test } from "@jest/globals";
import {
  contradictionOf,
  evidenceFinding,
  lateFinding,
  disproven,
  findDiscrepancies,
  proven,
} from "../../../src/cancellation/cancel/transitions.js";
import { NEXT_STEPS, nextStepOf } from "../../../src/cancellation/model/cancellation.js";
import { Decimal } from "../../../src/cancellation/model/decimal.js";
import {
  type Confirmation,
  type ConfirmedItem,
  evidenceInWords,
} from "../../../src/cancellation/model/outcome.js";
import { assertCanMove, CANCELLATION_STATUSES } from "../../../src/cancellation/model/status.js";
import { errorsOf } from "../../../src/cancellation/model/user-error.js";
import { describeUserError, MESSAGES } from "../../../src/messages/messages.js";
import { ASKED_AT, cancellation } from "../../helpers/cancellations.js";
import { cancelItem } from "../../helpers/examples.js";
import { CONFIRMATION, intent, step } from "../../helpers/ledger.js";

const PAIRS = CANCELLATION_STATUSES.flatMap((from) => CANCELLATION_STATUSES.map((to) => [from, to] as const));

const DECIDED: readonly string[] = ["SUCCEEDED", "FAILED"];

test.each(PAIRS)("a cancellation moves from %s to %s only if the table says so", (from, to) => {
  const isAllowed = from === "PENDING" ? to !== "PENDING" : from === "UNKNOWN" && DECIDED.includes(to);
  const move = (): void => assertCanMove(from, to);
  if (isAllowed) expect(move).not.toThrow();
  else expect(move).toThrow(`a cancellation cannot move from ${from} to ${to}`);
});

test.each([
  ["PENDING", ASKED_AT, "OUTCOME"],
  ["UNKNOWN", ASKED_AT, "LOOKUP"],
  ["UNKNOWN", null, "OPERATOR"],
  ["SUCCEEDED", null, null],
  ["FAILED", null, null],
] as const)("the next step of %s with its next lookup at %s is %s", (status, nextCheckAt, next) => {
  const one = cancellation(status, { nextCheckAt });
  expect(nextStepOf(one)).toBe(next);
  if (next !== null) expect(NEXT_STEPS).toContain(next);
  const [message = ""] = errorsOf(one).map((error) => describeUserError(error, MESSAGES.en));
  if (next === "LOOKUP") expect(message).toContain("EBP is asked again automatically");
  if (next === "OPERATOR") expect(message).toContain("An operator has to find out");
});

describe("what decides", () => {
  test("for it is a success that awaits its settlement and confirms nothing yet", () => {
    expect(proven("LOOKUP", evidenceInWords("so"))).toMatchObject({
      to: "SUCCEEDED",
      resolvedBy: "LOOKUP",
      settlement: "AWAITED",
      safeToRetry: false,
      failureKind: null,
      confirmation: { returnRequestId: null, items: [] },
    });
  });

  test("against it is a failure that is safe to retry, and takes no success code for a failure's", () => {
    expect(disproven("LOOKUP", { ...evidenceInWords("why"), resultCode: "0" })).toMatchObject({
      to: "FAILED",
      resolvedBy: "LOOKUP",
      settlement: null,
      safeToRetry: true,
      failureKind: "NOT_CANCELLED",
      failure: { cause: "DISPROVEN_BY_EBP", resultCode: null, ebpMessage: null, details: [] },
      evidence: { basis: "why" },
    });
    expect(disproven("OPERATOR", evidenceInWords("why"))).toMatchObject({
      failure: { cause: "DISPROVEN_BY_OPERATOR" },
    });
  });
});

describe("a result that comes in late", () => {
  test.each(PAIRS.filter(([, to]) => to !== "PENDING"))(
    "for %s and saying %s contradicts only if each proves the opposite",
    (status, to) => {
      const isOpposite = status !== to && DECIDED.includes(status) && DECIDED.includes(to);
      const told = { field: "status", asked: `${status} by RESPONSE`, confirmed: `${to} by RESPONSE` };
      const found = contradictionOf(cancellation(status), { to, source: "RESPONSE" });
      expect(found).toEqual(isOpposite ? told : null);
    },
  );

  test("and agrees fills in what EBP confirmed, with its discrepancies", () => {
    const accepted = step(intent(), "accepted");
    const late = lateFinding(cancellation("SUCCEEDED", { resolvedBy: "WEBHOOK" }), accepted);
    expect(late).toMatchObject({ source: "RESPONSE", confirmation: CONFIRMATION, settlement: null });
    expect(late.discrepancies).toEqual(accepted.discrepancies);
    expect(accepted.discrepancies.length).toBeGreaterThan(0);
    expect(late.evidence).toBe(accepted.evidence);
  });

  test.each(["accepted", "rejected", "notSent", "unknown"] as const)(
    "of a cancel that failed, saying %s, confirms nothing, settles nothing, and keeps when it was sent",
    (kind) => {
      const late = lateFinding(cancellation("FAILED", { resolvedBy: "LOOKUP" }), step(intent(), kind));
      const opposite = { field: "status", asked: "FAILED by LOOKUP", confirmed: "SUCCEEDED by RESPONSE" };
      expect(late).toMatchObject({ confirmation: null, settlement: null, sentAgoMs: 5 });
      expect(late.discrepancies).toEqual(kind === "accepted" ? [opposite] : []);
    },
  );

  test("and is evidence alone changes nothing", () => {
    const evidence = evidenceInWords("seen");
    expect(evidenceFinding("LOOKUP", evidence)).toEqual({
      source: "LOOKUP",
      actor: null,
      evidence,
      settlement: null,
      refundedAt: null,
      confirmation: null,
      discrepancies: [],
      contradicts: false,
      sentAgoMs: null,
    });
  });
});

describe("what EBP confirmed", () => {
  const won = (amount: number): Decimal => new Decimal(amount);
  const items = [
    cancelItem({ seq: 1, quantity: 2, amount: won(500), taxAmount: won(50) }),
    cancelItem({ seq: 2, itemType: "DELIVERY", itemId: "D1", amount: won(30), taxAmount: won(3) }),
  ];
  const lines: ConfirmedItem[] = items;
  const confirmed = (changes: Partial<Confirmation> = {}): Confirmation => ({
    returnRequestId: "R1",
    processedCount: 2,
    totalProductAmount: won(1000),
    totalProductTaxAmount: new Decimal("100.00"),
    totalDeliveryAmount: won(30),
    totalDeliveryTaxAmount: won(3),
    items: lines,
    ...changes,
  });
  const lineChanged = (changes: Partial<ConfirmedItem>): Confirmation =>
    confirmed({ items: lines.map((line) => (line.seq === 2 ? { ...line, ...changes } : line)) });

  test("has no discrepancy when all is as asked, nor for what EBP may leave out, nor with a tax nobody asked for", () => {
    expect(findDiscrepancies(items, "unit", confirmed())).toEqual([]);
    expect(findDiscrepancies(items, "unit", lineChanged({ amount: null, taxAmount: null }))).toEqual([]);
    const untaxed = items.map((item) => ({ ...item, taxAmount: null }));
    expect(findDiscrepancies(untaxed, "unit", confirmed())).toEqual([]);
  });

  test.each<[string, Confirmation, string, string]>([
    ["totalProductAmount", confirmed({ totalProductAmount: won(999) }), "1000", "999"],
    ["totalProductTaxAmount", confirmed({ totalProductTaxAmount: won(50) }), "100", "50"],
    ["totalDeliveryAmount", confirmed({ totalDeliveryAmount: won(0) }), "30", "0"],
    ["totalDeliveryTaxAmount", confirmed({ totalDeliveryTaxAmount: null }), "3", "not stated"],
    ["processedCount", confirmed({ processedCount: 1 }), "2", "1"],
    ["returnRequestId", confirmed({ returnRequestId: null }), "an id", "not stated"],
    ["items.seq 2.quantity", lineChanged({ quantity: 2 }), "1", "2"],
    ["items.seq 2.amount", lineChanged({ amount: won(31) }), "30", "31"],
    ["items.seq 2.taxAmount", lineChanged({ taxAmount: won(4) }), "3", "4"],
    ["items.seq 2.itemId", lineChanged({ itemId: "D2" }), "D1", "D2"],
    ["items.seq 2.itemType", lineChanged({ itemType: "SHIPPING" }), "DELIVERY", "SHIPPING"],
    ["items.seq 2", confirmed({ items: lines.slice(0, 1) }), "an item", "not stated"],
    ["items.seq 2", confirmed({ items: [...lines, ...lines.slice(1)] }), "an item", "2 items"],
    ["items.seq 11", confirmed({ items: [...lines, cancelItem({ seq: 11 })] }), "nothing", "an item"],
  ])("tells a difference in %s", (field, confirmation, asked, told) => {
    expect(findDiscrepancies(items, "unit", confirmation)).toEqual([{ field, asked, confirmed: told }]);
  });
});
