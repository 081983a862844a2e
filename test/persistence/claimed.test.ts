import { describe, expect, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { Decimal } from "../../src/cancellation/model/decimal.js";
import { decideLookup } from "../../src/cancellation/reconcile/lookup-rules.js";
import { cancelItem } from "../helpers/examples.js";
import { step, STORE } from "../helpers/ledger.js";
import { useRecovery } from "../helpers/recovery.js";

const fixture = useRecovery();

const AT = "2027-03-01T09:00:00.000Z";
/** Currency, amount, stores, when, and whether it went well. */
type Capture = readonly [string, string | null, readonly string[], at?: string, wentWell?: boolean];

describe("what is claimed", () => {
  test("opens with the refund account, what was cancelled before, and no captured amount that nobody told", async () => {
    const refundAccount = { accountNumber: "1234567890", bankCode: null, accountHolderName: "홍길동" };
    const orderNo = randomUUID();
    const first = await fixture.pending({ orderNo, items: [cancelItem({ amount: new Decimal(300) })] });
    await fixture.ledger.recordTransition(first.pending, step(first.one, "accepted"));
    const { unknown } = await fixture.inDoubt({ orderNo, refundAccount });
    const claim = await fixture.queue.claim([STORE.id], unknown.id);
    const opened = claim === null ? null : await fixture.queue.open(claim);

    expect(opened?.openRefundAccount()).toEqual(refundAccount);
    expect(opened?.capturedAmount).toBeNull();
    expect(opened?.cancelledBefore.toFixed()).toBe("300");
    expect(opened?.cancellation).toEqual(await fixture.now(unknown));
  });

  test("by somebody else since is not opened", async () => {
    const { unknown } = await fixture.inDoubt();
    const first = await fixture.queue.claim([STORE.id], unknown.id);
    const second = await fixture.queue.claim([STORE.id], unknown.id);
    if (first === null || second === null) throw new Error("it is in doubt");
    expect(await fixture.queue.open(first)).toBeNull();
    expect((await fixture.queue.open(second))?.cancellation.id).toBe(unknown.id);
  });

  test.each<[string, readonly Capture[], string | null]>([
    ["one webhook", [["KRW", "1000", ["SIM-KR"]]], "1000"],
    [
      "two that agree",
      [
        ["KRW", "1000", ["SIM-KR"]],
        ["KRW", "1000.0", ["SIM-KR"]],
      ],
      "1000",
    ],
    [
      "two that do not",
      [
        ["KRW", "1000", ["SIM-KR"]],
        ["KRW", "900", ["SIM-KR"]],
      ],
      null,
    ],
    [
      "two of the same amount at different times: two captures",
      [
        ["KRW", "1000", ["SIM-KR"]],
        ["KRW", "1000", ["SIM-KR"], "2027-03-01T09:00:01.000Z"],
      ],
      null,
    ],
    ["one that went wrong", [["KRW", "1000", ["SIM-KR"], AT, false]], null],
    ["one whose amount cannot be read", [["KRW", null, ["SIM-KR"]]], null],
    [
      "two, one of them unreadable",
      [
        ["KRW", "1000", ["SIM-KR"]],
        ["KRW", null, ["SIM-KR"]],
      ],
      null,
    ],
    ["one in another currency", [["USD", "1000", ["SIM-KR"]]], null],
    ["one of another store", [["KRW", "1000", ["OTHER"]]], null],
    ["one that may be of two stores", [["KRW", "1000", ["SIM-KR", "OTHER"]]], null],
  ])("knows the captured amount as told by %s", async (_what, told, amount) => {
    const { unknown } = await fixture.inDoubt();
    for (const [currency, stated, stores, at, wentWell] of told) {
      await fixture.sql(
        `INSERT INTO webhook_event (
           digest, kind, store_ids, order_no, amount, currency_code, event_time, is_of_success, body_sealed, body_key_id, state
         ) VALUES ($1, 'CAPTURED', $2, $3, $4::numeric, $5, $6, $7, '', 'test', 'IGNORED')`,
        [randomUUID(), stores, unknown.orderNo, stated, currency, at ?? AT, wentWell ?? true],
      );
    }
    const claim = await fixture.queue.claim([STORE.id], unknown.id);
    const opened = claim === null ? null : await fixture.queue.open(claim);
    expect(opened?.capturedAmount?.toFixed() ?? null).toBe(amount);
    const { proves } = decideLookup({
      payment: "WHOLLY_CANCELLED",
      amount: unknown.totalCancelAmount,
      cancelledBefore: new Decimal(0),
      capturedAmount: opened?.capturedAmount ?? null,
      unaccountedEvents: 0,
      othersInDoubt: 0,
      settled: true,
    });
    expect(proves).toBe(amount === null ? "nothing" : "cancelled");
  });
});
