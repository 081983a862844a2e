import { describe, expect, test } from "@jest/globals";
import { Recordings, recordOutcome } from "../../src/cancellation/cancel/record-outcome.js";
import { disproven, LEASE_RAN_OUT, proven } from "../../src/cancellation/cancel/transitions.js";
import type { CancelIntent, Transition } from "../../src/cancellation/model/cancellation-ledger.js";
import type { Cancellation } from "../../src/cancellation/model/cancellation.js";
import { errorsOf } from "../../src/cancellation/model/user-error.js";
import { Decimal } from "../../src/cancellation/model/decimal.js";
import { evidenceInWords } from "../../src/cancellation/model/outcome.js";
import { CONFIRMATION, step, STORE } from "../helpers/ledger.js";
import { useRecovery } from "../helpers/recovery.js";

const fixture = useRecovery();

interface Late {
  readonly stored: Cancellation;
  /** Who was told of a contradiction, and by what. */
  readonly contradictions: readonly string[];
}

/** The answer to the one send comes in, by whoever held the lease at first. */
async function comesIn(
  pending: Cancellation,
  answer: Transition,
  ledger: Partial<typeof fixture.ledger> = {},
): Promise<Late> {
  const contradictions: string[] = [];
  const stored = await recordOutcome(
    {
      ledger: { ...fixture.ledger, ...ledger },
      waitMs: 20_000,
      recordings: new Recordings(),
      onNotRecorded: () => undefined,
      onContradiction: ({ id }, { discrepancies }) =>
        contradictions.push(
          ...discrepancies.map(({ asked, confirmed }) => `${id} ${asked}, but ${confirmed}`),
        ),
    },
    pending,
    answer,
  );
  return { stored, contradictions };
}

/** Recovery took charge of it: it is in doubt now, and who sends it does not know. */
async function recovered(): Promise<{
  one: CancelIntent;
  pending: Cancellation;
  unknown: Cancellation;
}> {
  const { one, pending } = await fixture.pending();
  await fixture.letBeDue(pending);
  const claim = await fixture.queue.claim([STORE.id], pending.id);
  const claimed = claim === null ? null : await fixture.queue.open(claim);
  if (claimed === null) throw new Error("nobody else is at it");
  return {
    one,
    pending,
    unknown: await fixture.ledger.recordTransition(claimed.cancellation, LEASE_RAN_OUT),
  };
}

async function trail({ id, storeId }: Cancellation): Promise<string[]> {
  const [events = []] = await fixture.history.events([{ id, storeId }]);
  return events.map(({ from, to, source }) => `${from ?? "nothing"} → ${to} by ${source}`);
}

async function cancelledTotal({ orderNo }: Cancellation): Promise<string> {
  return (await fixture.history.orderTotals(STORE.id, orderNo)).cancelledTotal.toFixed();
}

const RECOVERED = ["nothing → PENDING by CALLER", "PENDING → UNKNOWN by RECOVERY"];

describe("an answer that comes in after recovery made it UNKNOWN", () => {
  test.each([
    ["accepted", "SUCCEEDED", "1000", []],
    ["rejected", "FAILED", "0", ["REJECTED_BY_EBP"]],
    ["notSent", "FAILED", "0", ["NOT_SENT"]],
  ] as const)("and says %s decides it: %s", async (kind, status, total, errors) => {
    const { one, pending } = await recovered();
    const { stored, contradictions } = await comesIn(pending, step(one, kind));

    expect(stored).toMatchObject({ status, resolvedBy: "RESPONSE", safeToRetry: kind === "notSent" });
    expect(errorsOf(stored).map((error) => error.code)).toEqual(errors);
    expect(stored.answeredAt).not.toBeNull();
    expect(stored.sentAt).not.toBeNull();
    expect(await fixture.now(pending)).toEqual(stored);
    expect(await trail(pending)).toEqual([...RECOVERED, `UNKNOWN → ${status} by RESPONSE`]);
    expect(await cancelledTotal(pending)).toBe(total);
    expect(contradictions).toEqual([]);
  });

  test("and proves nothing is kept as evidence, and moves neither the plan nor when it came into doubt", async () => {
    const { one, pending, unknown } = await recovered();
    const { stored } = await comesIn(pending, step(one, "unknown"));

    expect(stored).toMatchObject({
      status: "UNKNOWN",
      nextCheckAt: unknown.nextCheckAt,
      inDoubtSince: unknown.inDoubtSince,
      fencingToken: unknown.fencingToken,
    });
    expect(await trail(pending)).toEqual([...RECOVERED, "UNKNOWN → UNKNOWN by RESPONSE"]);
  });

  test.each(["accepted", "rejected", "unknown"] as const)(
    "and says %s counts also while somebody has claimed it and has not moved it yet",
    async (kind) => {
      const { one, pending } = await fixture.pending();
      await fixture.letBeDue(pending);
      const claim = await fixture.queue.claim([STORE.id], pending.id);
      const { stored } = await comesIn(pending, step(one, kind));
      const expected = { accepted: "SUCCEEDED", rejected: "FAILED", unknown: "UNKNOWN" }[kind];

      expect(stored.status).toBe(expected);
      expect(await trail(pending)).toEqual([
        "nothing → PENDING by CALLER",
        `PENDING → ${expected} by RESPONSE`,
      ]);
      // Who claimed it finds it moved.
      const claimed = claim === null ? null : await fixture.queue.open(claim);
      expect(claimed?.cancellation.status).toBe(expected);
    },
  );
});

describe("an answer that comes in after it was decided", () => {
  test.each(["LOOKUP", "OPERATOR"] as const)(
    "FAILED by %s, and says that it was accepted, changes no status: it is kept, shown and told of",
    async (by) => {
      const { one, pending, unknown } = await recovered();
      await fixture.ledger.recordTransition(unknown, disproven(by, evidenceInWords("no cancel")));
      const { stored, contradictions } = await comesIn(pending, step(one, "accepted"));

      expect(stored).toMatchObject({
        status: "FAILED",
        resolvedBy: by,
        settlement: null,
        returnRequestId: null,
        totalProductAmount: null,
      });
      expect(stored.discrepancies).toEqual([
        { field: "status", asked: `FAILED by ${by}`, confirmed: "SUCCEEDED by RESPONSE" },
      ]);
      expect(stored.safeToRetry).toBe(false);
      expect(errorsOf(stored)).toMatchObject([{ code: "OUTCOME_UNKNOWN", nextAction: "WAIT" }]);
      expect(contradictions).toEqual([`${pending.id} FAILED by ${by}, but SUCCEEDED by RESPONSE`]);
      expect(await trail(pending)).toEqual([
        ...RECOVERED,
        `UNKNOWN → FAILED by ${by}`,
        "FAILED → FAILED by RESPONSE",
      ]);
      expect(await cancelledTotal(pending)).toBe("0");
    },
  );

  test("SUCCEEDED by WEBHOOK, and says that it was rejected, is shown as a contradiction", async () => {
    const { one, pending, unknown } = await recovered();
    const settled = proven("WEBHOOK", evidenceInWords("told"), { settlement: "VOIDED" });
    await fixture.ledger.recordTransition(unknown, settled);
    const { stored, contradictions } = await comesIn(pending, step(one, "rejected"));

    expect(stored).toMatchObject({ status: "SUCCEEDED", settlement: "VOIDED", failure: null });
    expect(stored.discrepancies).toMatchObject([{ field: "status", confirmed: "FAILED by RESPONSE" }]);
    expect(contradictions).toHaveLength(1);
    expect(await cancelledTotal(pending)).toBe("1000");
  });

  test("SUCCEEDED by WEBHOOK, and says that it was accepted, fills in what EBP confirmed of it and of its items", async () => {
    const { one, pending, unknown } = await recovered();
    const settled = proven("WEBHOOK", evidenceInWords("told"), { settlement: "REFUND_REQUESTED" });
    await fixture.ledger.recordTransition(unknown, settled);
    const line = { seq: 1, itemType: "PHYSICAL", itemId: "P001", quantity: 1, taxAmount: null };
    const confirmation = {
      ...CONFIRMATION,
      totalProductAmount: new Decimal("999.5"),
      items: [{ ...line, amount: new Decimal("999.5") }],
    };
    const { stored, contradictions } = await comesIn(pending, { ...step(one, "accepted"), confirmation });
    const [items] = await fixture.history.items([pending]);

    expect(stored).toMatchObject({
      status: "SUCCEEDED",
      resolvedBy: "WEBHOOK",
      settlement: "REFUND_REQUESTED",
      requestId: "REQ-1",
      returnRequestId: "RET-1",
      processedCount: 1,
    });
    expect(stored.totalProductAmount?.toFixed()).toBe("999.5");
    expect(stored.discrepancies.length).toBeGreaterThan(0);
    expect(stored.sentAt).not.toBeNull();
    expect(
      items?.map(({ confirmedQuantity, confirmedAmount }) => [confirmedQuantity, confirmedAmount?.toFixed()]),
    ).toEqual([[1, "999.5"]]);
    expect(contradictions).toEqual([]);
    expect(await cancelledTotal(pending)).toBe("1000");
    expect((await trail(pending)).at(-1)).toBe("SUCCEEDED → SUCCEEDED by RESPONSE");
  });
});

describe("an answer", () => {
  const unacknowledged = (times: number): Partial<typeof fixture.ledger> => {
    let left = times;
    const cut = <T>(result: T): T => {
      left -= 1;
      if (left >= 0) throw new Error("the connection was cut during COMMIT");
      return result;
    };
    return {
      recordTransition: async (before, taken) => cut(await fixture.ledger.recordTransition(before, taken)),
      recordFinding: async (reference, finding) =>
        cut(await fixture.ledger.recordFinding(reference, finding)),
    };
  };

  test.each(["accepted", "unknown"] as const)(
    "that says %s is recorded once, however often its acknowledgement is lost",
    async (kind) => {
      for (const inTime of [true, false]) {
        const { one, pending } = inTime ? await fixture.pending() : await recovered();
        const { stored } = await comesIn(pending, step(one, kind), unacknowledged(2));
        const responses = (await trail(pending)).filter((line) => line.endsWith("by RESPONSE"));

        expect(responses).toHaveLength(1);
        expect(stored).toEqual(await fixture.now(pending));
        expect(await cancelledTotal(pending)).toBe(kind === "accepted" ? "1000" : "0");
      }
    },
  );

  test("is recorded once when it comes in twice at the same time", async () => {
    const { one, pending } = await recovered();
    const both = await Promise.all([
      comesIn(pending, step(one, "accepted")),
      comesIn(pending, step(one, "accepted")),
    ]);
    expect(both.map(({ stored }) => stored.status)).toEqual(["SUCCEEDED", "SUCCEEDED"]);
    expect((await trail(pending)).filter((line) => line.endsWith("by RESPONSE"))).toHaveLength(1);
    expect(await cancelledTotal(pending)).toBe("1000");
  });

  test("that is moved in between is not lost: it is told of what came first", async () => {
    const { one, pending, unknown } = await recovered();
    let first = true;
    const { stored } = await comesIn(pending, step(one, "accepted"), {
      async find(storeIds, id) {
        const found = await fixture.ledger.find(storeIds, id);
        // Right after it was read, a lookup decides it.
        if (first) await fixture.ledger.recordTransition(unknown, proven("LOOKUP", evidenceInWords("so")));
        first = false;
        return found;
      },
    });
    expect(stored).toMatchObject({
      status: "SUCCEEDED",
      resolvedBy: "LOOKUP",
      returnRequestId: "RET-1",
    });
    expect(await cancelledTotal(pending)).toBe("1000");
  });
});
