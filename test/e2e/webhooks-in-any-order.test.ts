import { expect, jest, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { orderTotals, read, settle, stepsOf } from "../helpers/in-doubt.js";
import { cancel, cancelInput, item } from "../helpers/operations.js";
import { useService } from "../helpers/service.js";
import { deliver, webhookBody } from "../helpers/webhooks.js";

jest.setTimeout(120_000); // Twenty-four orders of events, each with cancels of its own.

const service = useService();

async function cancelled(orderNo: string, amount: number): Promise<any> {
  const changes = { orderNo, totalCancelAmount: String(amount), items: [item({ amount: String(amount) })] };
  return (await cancel(service, cancelInput(changes))).cancellation;
}

test("the events of an order end in the same state in whatever order they come, looked at between or not", async () => {
  const at = (ms: number): { eventTime: string } => ({ eventTime: new Date(Date.now() + ms).toISOString() });
  const run = async (order: readonly number[], looks: readonly boolean[]): Promise<unknown> => {
    const orderNo = `ORD-${randomUUID()}`;
    const ids = [(await cancelled(orderNo, 300)).id, (await cancelled(orderNo, 700)).id];
    const events = [
      webhookBody("PAYMENT_CAPTURED", orderNo, 1000, at(-2_000)),
      webhookBody("PAYMENT_REFUND_REQUESTED", orderNo, 300, at(1_000)),
      webhookBody("PAYMENT_REFUND_REQUESTED", orderNo, 700, at(2_000)),
    ];
    // EBP tells of the first refund in two bodies.
    const bodies = [...events, (events[1] ?? "").replace(/\}$/u, ',"again":true}')];
    for (const [n, index] of order.entries()) {
      expect(await deliver(service, bodies[index] ?? "")).toEqual({ status: 200, receipt: "stored" });
      if (looks[n] === true) await service.reconcile();
    }
    await settle(service, "0 s");
    const found = [await read(service, ids[0]), await read(service, ids[1])];
    const states = await service.sql("SELECT state FROM webhook_event WHERE order_no = $1 ORDER BY state", [
      orderNo,
    ]);
    return {
      cancellations: found.map(({ status, settlement, discrepancies }) => ({
        status,
        settlement,
        discrepancies,
      })),
      trails: found.map((one) => stepsOf(one)),
      states: states.map(({ state }) => state as string),
      totals: await orderTotals(service, orderNo),
    };
  };
  const expected = await run([0, 1, 2, 3], [true, true, true, true]);
  expect(expected).toMatchObject({
    cancellations: [
      { status: "SUCCEEDED", settlement: "REFUND_REQUESTED" },
      { status: "SUCCEEDED", settlement: "REFUND_REQUESTED" },
    ],
    states: ["MATCHED", "MATCHED", "IGNORED", "IGNORED"],
    totals: { cancelledTotal: "1000" },
  });
  const permutations = [0, 1, 2, 3].flatMap((a) =>
    [0, 1, 2, 3].flatMap((b) =>
      [0, 1, 2, 3].flatMap((c) =>
        [[a, b, c, 6 - a - b - c]].filter(
          (one) => new Set(one).size === 4 && one.every((n) => n >= 0 && n <= 3),
        ),
      ),
    ),
  );
  expect(permutations).toHaveLength(24);
  const looks = fc.sample(fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }), { numRuns: 24, seed: 3 });
  for (const [n, order] of permutations.entries()) {
    const result = await run(order, looks[n] ?? []);
    expect({ order, looks: looks[n], result }).toEqual({ order, looks: looks[n], result: expected });
  }
});
