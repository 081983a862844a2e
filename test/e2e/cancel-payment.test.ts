import { describe, expect, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { FORCED_BEHAVIOURS } from "../../simulator/order-numbers.js";
import { cancel, cancelInput, item, tryCancel } from "../helpers/operations.js";
import { useService } from "../helpers/service.js";
import { refusedPort } from "../helpers/upstream.js";

/** Long enough for a loopback answer, short enough for the cases that never answer. */
const TIMEOUT_MS = "1500";

const service = useService({ environment: { EBP_TIMEOUT_MS: TIMEOUT_MS }, simulator: { slowMs: 50 } });

async function stored(): Promise<number> {
  const [row] = await service.sql("SELECT count(*)::int AS n FROM cancellation");
  return row.n as number;
}

describe("a cancel that EBP answers", () => {
  const expected = {
    accepted: { status: "SUCCEEDED", errors: [], safeToRetry: false, resolvedBy: "RESPONSE" },
    rejected: {
      status: "FAILED",
      errors: ["RejectedByEbpError"],
      safeToRetry: false,
      resolvedBy: "RESPONSE",
    },
    notSent: { status: "FAILED", errors: ["NotSentError"], safeToRetry: true, resolvedBy: "RESPONSE" },
    unknown: { status: "UNKNOWN", errors: ["OutcomeUnknownError"], safeToRetry: false, resolvedBy: null },
  } as const;

  test.each(FORCED_BEHAVIOURS)(
    "to an order $prefix ($does) ends as $outcome",
    async ({ prefix, effect, outcome }) => {
      const orderNo = `${prefix}-${randomUUID()}`;
      const input = cancelInput({ orderNo });
      const { cancellation, userErrors } = await cancel(service, input);
      const { errors, ...facts } = expected[outcome];

      expect(cancellation).toMatchObject(facts);
      expect(userErrors.map(({ __typename }: { __typename: string }) => __typename)).toEqual(errors);
      expect(service.simulator.ledger.received(orderNo)).toHaveLength(1);
      service.simulator.landLateEffects();
      expect(service.simulator.ledger.effects(orderNo)).toHaveLength(effect ? 1 : 0);
      expect(cancellation.events.map(({ to }: { to: string }) => to)).toEqual(["PENDING", facts.status]);

      const again = await cancel(service, input);
      expect(again).toEqual({ cancellation, userErrors, replayed: true });
      expect(service.simulator.ledger.received(orderNo)).toHaveLength(1);
    },
  );

  test("is rejected with EBP's code, details and tracking id, in the caller's language", async () => {
    const input = (): object => cancelInput({ orderNo: `SIM-CANCELLATION-FAILED-${randomUUID()}` });
    const korean = await cancel(service, input(), { "accept-language": "ko-KR,ko;q=0.9,en;q=0.8" });
    const english = await cancel(service, input(), { "accept-language": "fr, en;q=0.5" });

    expect(english.userErrors[0]).toMatchObject({
      code: "REJECTED_BY_EBP",
      resultCode: "EBP-C-0010",
      requestId: english.cancellation.requestId,
    });
    expect(korean.userErrors[0].ebpMessage).toMatch(/\p{Script=Hangul}/u);
    expect(english.userErrors[0].ebpMessage).not.toMatch(/\p{Script=Hangul}/u);
  });

  test("records where EBP's confirmation is not what was asked, and stands", async () => {
    const { cancellation, userErrors } = await cancel(
      service,
      cancelInput({ orderNo: `SIM-DISCREPANCY-${randomUUID()}` }),
    );

    expect(userErrors).toEqual([]);
    expect(cancellation.discrepancies).toEqual([
      { field: "totalProductAmount", asked: "1000", confirmed: "1001" },
    ]);
  });

  test("that never reached EBP may be tried again under a new key", async () => {
    await service.restart({ EBP_BASE_URL: `http://127.0.0.1:${await refusedPort()}` });
    const input = cancelInput();
    const first = await cancel(service, input);
    await service.restart();
    const second = await cancel(service, { ...input, idempotencyKey: randomUUID() });

    expect(first).toMatchObject({ cancellation: { status: "FAILED", safeToRetry: true, sentAt: null } });
    expect(first.userErrors).toMatchObject([{ __typename: "NotSentError", code: "NOT_SENT" }]);
    expect(second.cancellation.status).toBe("SUCCEEDED");
    expect(service.simulator.ledger.received(input["orderNo"] as string)).toHaveLength(1);
  });
});

describe("a request that cannot be accepted", () => {
  test.each<[string, Record<string, unknown>, string]>([
    [
      "0.001 won",
      { items: [item(), item({ seq: 2 }), item({ seq: 3, amount: "0.001" })] },
      "input.items.2.amount",
    ],
    ["a negative amount", { items: [item({ amount: "-1000" })] }, "input.items.0.amount"],
    ["no items", { items: [] }, "input.items"],
    ["a seq twice", { items: [item(), item()] }, "input.items.1.seq"],
    ["an empty key", { idempotencyKey: "" }, "input.idempotencyKey"],
    ["a key of 300 characters", { idempotencyKey: "k".repeat(300) }, "input.idempotencyKey"],
    ["an unknown store", { storeId: "nobody's" }, "input.storeId"],
    [
      "an account number of three digits",
      { refundAccount: { accountNumber: "123" } },
      "input.refundAccount.accountNumber",
    ],
  ])("for %s is told which field; nothing is stored or sent", async (_what, changes, field) => {
    const before = [await stored(), service.simulator.ledger.totalReceived];
    const payload = await cancel(service, cancelInput(changes));

    expect(payload).toMatchObject({ cancellation: null, replayed: false });
    expect(payload.userErrors).toContainEqual(
      expect.objectContaining({ __typename: "InvalidInputError", code: "INVALID_INPUT", field }),
    );
    expect([await stored(), service.simulator.ledger.totalReceived]).toEqual(before);
  });

  test.each<[string, Record<string, unknown>, string]>([
    ["NaN", { totalCancelAmount: "NaN" }, "input.totalCancelAmount"],
    ["1e400", { totalCancelAmount: "1e400" }, "input.totalCancelAmount"],
    ["an unknown item type", { items: [item({ itemType: "FOOD" })] }, "input.items.0.itemType"],
    ["half a unit", { items: [item({ quantity: 0.5 })] }, "input.items.0.quantity"],
    ["no order number", { orderNo: undefined }, "input"],
  ])(
    "for %s is refused at parsing, naming the field; nothing is stored or sent",
    async (_what, changes, field) => {
      const before = [await stored(), service.simulator.ledger.totalReceived];
      const { status, errors } = await tryCancel(service, cancelInput(changes));

      expect(status).toBe(400);
      expect(errors).toMatchObject([{ extensions: { code: "BAD_USER_INPUT", field } }]);
      expect([await stored(), service.simulator.ledger.totalReceived]).toEqual(before);
    },
  );

  test("because the total is not the sum is told both, and the basis in words; nothing is stored or sent", async () => {
    const before = [await stored(), service.simulator.ledger.totalReceived];
    const { userErrors } = await cancel(service, cancelInput({ totalCancelAmount: "999" }));

    expect(userErrors).toMatchObject([
      { __typename: "AmountMismatchError", code: "AMOUNT_MISMATCH", expected: "1000", actual: "999" },
    ]);
    expect(userErrors[0].message).toContain("the sum of quantity × amount over all items");
    expect([await stored(), service.simulator.ledger.totalReceived]).toEqual(before);
  });
});

test("500 items fit, and arrive", async () => {
  const items = Array.from({ length: 500 }, (_, seq) =>
    item({ seq, amount: "2", itemId: `P-${"x".repeat(20)}-${seq}` }),
  );
  const { cancellation } = await cancel(service, cancelInput({ items, totalCancelAmount: "1000" }));

  expect(cancellation).toMatchObject({ status: "SUCCEEDED", processedCount: 500, discrepancies: [] });
  expect(cancellation.items).toHaveLength(500);
});
