import { describe, expect, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { SCOPES, type Caller } from "../../../src/cancellation/model/caller.js";
import type { Cancellation, CancellationEvent } from "../../../src/cancellation/model/cancellation.js";
import type { PaymentState } from "../../../src/cancellation/model/payment-gateway.js";
import { type OperatorResult, resolveCancellation } from "../../../src/cancellation/reconcile/operators.js";
import { evidenceInWords } from "../../../src/cancellation/model/outcome.js";
import { describeUserError, MESSAGES } from "../../../src/messages/messages.js";
import { step, STORE, TIMING } from "../../helpers/ledger.js";
import { useRecovery } from "../../helpers/recovery.js";
import { storeWebhook } from "../../helpers/webhooks.js";

const fixture = useRecovery();
const CALLER: Caller = { subject: "operator-7", scopes: SCOPES, storeIds: [STORE.id] };
const ACCOUNT = { accountNumber: "1029384756", bankCode: "001", accountHolderName: "Zaphod Quibblewick" };

/** @param shown what EBP's payment details show at that moment. */
function resolve(
  id: string,
  changes: object = {},
  caller = CALLER,
  shown: PaymentState = "UNCANCELLED",
): Promise<OperatorResult> {
  const evidence = evidenceInWords("what EBP shows");
  const parts = {
    ledger: fixture.ledger,
    queue: fixture.queue,
    gateway: { lookup: () => Promise.resolve({ state: shown, evidence }) },
    timing: TIMING,
    now: () => fixture.history.now(),
  };
  const usual = { outcome: "FAILED", note: "asked EBP", evenThough: ["SETTLING"] } as const;
  return resolveCancellation(parts, caller, { id, ...usual, ...changes });
}

async function lastEvent(one: Cancellation): Promise<CancellationEvent | undefined> {
  const [events] = await fixture.history.events([one]);
  return events?.at(-1);
}

describe("an operator's decision", () => {
  test.each([
    ["SUCCEEDED", { safeToRetry: false, settlement: "AWAITED", failureKind: null }],
    ["FAILED", { safeToRetry: true, settlement: null, failureKind: "NOT_CANCELLED" }],
  ] as const)("makes one in doubt %s, under the operator's name, with the note", async (outcome, after) => {
    const { unknown } = await fixture.inDoubt();
    const { cancellation, errors } = await resolve(unknown.id, { outcome, note: "  seen at EBP  " });
    expect(errors).toEqual([]);
    const decided = { status: outcome, resolvedBy: "OPERATOR", nextCheckAt: null, ...after };
    expect(cancellation).toMatchObject(decided);
    expect(await fixture.now(unknown)).toEqual(cancellation);
    expect(await lastEvent(unknown)).toMatchObject({
      from: "UNKNOWN",
      to: outcome,
      source: "OPERATOR",
      actor: "operator-7",
      evidence: { basis: expect.stringMatching(/^seen at EBP/u), digest: null },
    });
  });

  test("is possible when no lookup is planned any more", async () => {
    const { unknown } = await fixture.inDoubt();
    const noMore = "UPDATE cancellation SET next_check_at = NULL, lookups = 35 WHERE id = $1";
    await fixture.sql(noMore, [unknown.id]);
    expect((await resolve(unknown.id)).cancellation?.status).toBe("FAILED");
  });

  test("is refused for a decided or a PENDING cancellation, with its status, and changes nothing", async () => {
    const { pending } = await fixture.pending();
    // Also with an expired lease: recovery comes first.
    await fixture.letBeDue(pending);
    const stale = await fixture.now(pending);
    const decided = await Promise.all(
      (["accepted", "rejected", "notSent"] as const).map(async (kind) => {
        const started = await fixture.pending();
        return fixture.ledger.recordTransition(started.pending, step(started.one, kind));
      }),
    );
    for (const one of [stale, ...decided]) {
      for (const outcome of ["SUCCEEDED", "FAILED"]) {
        const { cancellation, errors } = await resolve(one.id, { outcome });
        expect(cancellation).toEqual(one);
        expect(errors).toMatchObject([{ code: "NOT_IN_DOUBT", status: one.status, field: "input.id" }]);
      }
      expect(await fixture.now(one)).toEqual(one);
    }
  });

  test("needs a readable note, of at most 2000 characters, and of several lines if need be", async () => {
    const { unknown } = await fixture.inDoubt();
    for (const note of ["", " \n ", "x".repeat(2001), "a\u0000b"]) {
      const { cancellation, errors } = await resolve(unknown.id, { note });
      expect(cancellation).toBeNull();
      expect(errors).toMatchObject([{ code: "INVALID_INPUT", field: "input.note" }]);
    }
    expect(await fixture.now(unknown)).toEqual(unknown);
    const note = `first\n${"x".repeat(1994)}`;
    await resolve(unknown.id, { note });
    expect((await lastEvent(unknown))?.evidence.basis).toContain(note);
  });

  test("gets the same answer for an unknown id and for one of another caller's store", async () => {
    const { unknown } = await fixture.inDoubt();
    const [foreign, nobodys] = await Promise.all([
      resolve(unknown.id, {}, { subject: "other", scopes: SCOPES, storeIds: ["OTHER"] }),
      resolve(randomUUID()),
    ]);
    expect(foreign).toEqual(nobodys);
    expect(foreign).toMatchObject({
      cancellation: null,
      errors: [{ code: "INVALID_INPUT", field: "input.id" }],
    });
    expect(await fixture.now(unknown)).toEqual(unknown);
  });

  test("wins over a running lookup, whose result is then late", async () => {
    const { unknown } = await fixture.inDoubt();
    await fixture.letBeDue(unknown);
    const [claim] = (await fixture.queue.claimDue(100)).filter(({ id }) => id === unknown.id);
    if (claim === undefined) throw new Error("it was due");
    expect((await resolve(unknown.id)).cancellation?.status).toBe("FAILED");
    expect((await fixture.queue.open(claim))?.cancellation.status).toBe("FAILED");
  });

  test("is possible when the refund account can no longer be decrypted", async () => {
    const { unknown } = await fixture.inDoubt({ refundAccount: ACCOUNT });
    const spoil = "UPDATE cancellation SET refund_account_sealed = '\\xdeadbeef' WHERE id = $1";
    await fixture.sql(spoil, [unknown.id]);
    expect((await resolve(unknown.id)).cancellation?.status).toBe("FAILED");
  });
});

describe("operators who decide at once", () => {
  test.each([2, 2, 20])("%i operators: one decides, the others get its decision", async (count) => {
    const { unknown } = await fixture.inDoubt();
    const results = await Promise.all(
      Array.from({ length: count }, (_, n) =>
        resolve(unknown.id, { outcome: n % 2 === 0 ? "SUCCEEDED" : "FAILED", note: `operator ${n}` }),
      ),
    );
    const won = results.filter(({ errors }) => errors.length === 0);
    const [events] = await fixture.history.events([unknown]);

    expect(won).toHaveLength(1);
    const status = won[0]?.cancellation?.status;
    for (const { errors } of results.filter((result) => result !== won[0])) {
      expect(errors).toMatchObject([{ code: "NOT_IN_DOUBT", status }]);
    }
    expect(events?.filter(({ source }) => source === "OPERATOR")).toHaveLength(1);
    expect((await fixture.now(unknown)).status).toBe(status);
  });
});

test("a note that says the account's number is refused, and not repeated; one that names its holder is accepted", async () => {
  const { unknown } = await fixture.inDoubt({ refundAccount: ACCOUNT });
  for (const note of ["1029384756", "paid to 1029-3847-56 by hand"]) {
    const { cancellation, errors } = await resolve(unknown.id, { note });
    expect(cancellation).toBeNull();
    expect(errors).toMatchObject([{ code: "INVALID_INPUT", field: "input.note" }]);
    expect(JSON.stringify(errors)).not.toContain("1029");
    expect((await fixture.now(unknown)).status).toBe("UNKNOWN");
  }
  const { cancellation } = await resolve(unknown.id, { note: "Zaphod Quibblewick called" });
  expect(cancellation?.status).toBe("FAILED");
});

describe("an operator's FAILED", () => {
  const refused = (obstacles: string[]): object => ({
    cancellation: null,
    errors: [{ code: "NOT_YET_FAILED", field: "input.evenThough", obstacles }],
  });

  test("is refused until EBP's settling time is over, with the time to wait for", async () => {
    const { unknown } = await fixture.inDoubt();
    const result = await resolve(unknown.id, { evenThough: [] });
    expect(result).toMatchObject(refused(["SETTLING"]));
    const settledAt = new Date((unknown.inDoubtSince?.getTime() ?? 0) + TIMING.settlingMs);
    expect(result.errors).toMatchObject([{ settledAt }]);
    const messages = result.errors.map((error) => describeUserError(error, MESSAGES.en));
    expect(messages).toEqual([expect.stringContaining(settledAt.toISOString())]);
    expect(await fixture.now(unknown)).toEqual(unknown);
    await fixture.letBeDue(unknown, "10 minutes");
    expect((await resolve(unknown.id, { evenThough: [] })).cancellation?.status).toBe("FAILED");
  });

  test.each(["CANCELLED_IN_PART", "WHOLLY_CANCELLED"] as const)(
    "is refused while EBP's details show %s, at any time",
    async (shown) => {
      const { unknown } = await fixture.inDoubt();
      await fixture.letBeDue(unknown, "1 day");
      expect(await resolve(unknown.id, { evenThough: ["SETTLING"] }, CALLER, shown)).toMatchObject(
        refused(["CANCEL_SHOWN"]),
      );
      const decided = await resolve(unknown.id, { evenThough: ["CANCEL_SHOWN"] }, CALLER, shown);
      expect(decided.cancellation?.status).toBe("FAILED");
    },
  );

  test("is refused while an event is about a cancel that is not known here", async () => {
    const { unknown } = await fixture.inDoubt();
    await fixture.letBeDue(unknown, "1 day");
    await storeWebhook(fixture, { orderNo: unknown.orderNo, amount: null });
    expect(await resolve(unknown.id, { evenThough: [] })).toMatchObject(refused(["EVENT_OF_SUCCESS"]));
  });

  test("is accepted when all obstacles are named, which the audit trail records", async () => {
    const { unknown } = await fixture.inDoubt();
    const evenThough = ["SETTLING", "CANCEL_SHOWN", "EVENT_OF_SUCCESS"];
    await resolve(unknown.id, { evenThough }, CALLER, "CANCELLED_IN_PART");
    const basis = "asked EBP (Decided even though: SETTLING, CANCEL_SHOWN.)";
    expect((await lastEvent(unknown))?.evidence.basis).toBe(basis);
  });

  test("is possible when EBP cannot be reached, which the audit trail records", async () => {
    const { unknown } = await fixture.inDoubt();
    expect((await resolve(unknown.id, {}, CALLER, "UNCLEAR")).cancellation?.status).toBe("FAILED");
    const told = "(EBP's payment details were unclear at that moment.)";
    expect((await lastEvent(unknown))?.evidence.basis).toContain(told);
  });

  test("has no obstacles for SUCCEEDED", async () => {
    const { unknown } = await fixture.inDoubt();
    const result = await resolve(unknown.id, { outcome: "SUCCEEDED", evenThough: [] }, CALLER, "UNCANCELLED");
    expect(result.cancellation?.status).toBe("SUCCEEDED");
  });
});
