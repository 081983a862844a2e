import { describe, expect, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { cancel, cancelInput, item } from "../helpers/operations.js";
import { useService } from "../helpers/service.js";

/** Held open while a test wants cancels to be in flight. */
let gate = Promise.resolve();
const service = useService({ simulator: { beforeAnswer: () => gate } });

function closeGate(): () => void {
  let open = (): void => undefined;
  gate = new Promise((resolve) => (open = resolve));
  return () => {
    open();
    gate = Promise.resolve();
  };
}

/** Resolves when EBP has received a cancel of this order. */
async function received(orderNo: unknown): Promise<void> {
  while (service.simulator.ledger.received(String(orderNo)).length === 0) await new Promise(setImmediate);
}

describe("an idempotency key", () => {
  test("used by 100 callers at once is sent once, and all get the same answer", async () => {
    const input = cancelInput({
      refundAccount: { accountNumber: "110-222-333444", accountHolderName: "홍길동" },
    });
    const payloads = await Promise.all(Array.from({ length: 100 }, () => cancel(service, input)));

    expect(service.simulator.ledger.received(input["orderNo"] as string)).toHaveLength(1);
    expect(payloads.filter(({ replayed }) => !replayed)).toHaveLength(1);
    for (const { cancellation, userErrors } of payloads) {
      expect(cancellation).toEqual(payloads[0].cancellation);
      expect(cancellation.status).toBe("SUCCEEDED");
      expect(userErrors).toEqual([]);
    }
  });

  test("answers a repeated request with the first result, amounts written otherwise and items in another order", async () => {
    const items = [item({ seq: 1, amount: "600" }), item({ seq: 2, amount: "400", itemId: "P002" })];
    const input = cancelInput({ items });
    const first = await cancel(service, input);
    const again = await cancel(service, {
      ...input,
      totalCancelAmount: "1000.00",
      items: [item({ seq: 2, amount: 400, itemId: "P002" }), item({ seq: 1, amount: "600.0" })],
    });

    expect(again).toEqual({ ...first, replayed: true });
    expect(service.simulator.ledger.received(input["orderNo"] as string)).toHaveLength(1);
  });

  test("used for another request is refused with the first cancellation's id", async () => {
    const input = cancelInput({ refundAccount: { accountNumber: "1234567890" } });
    const first = await cancel(service, input);
    const before = service.simulator.ledger.totalReceived;

    for (const changes of [
      { orderNo: "ORD-another" },
      { note: "another" },
      { refundAccount: { accountNumber: "1234567891" } },
      { refundAccount: null },
    ]) {
      const payload = await cancel(service, { ...input, ...changes });
      expect(payload).toMatchObject({ cancellation: null, replayed: false });
      expect(payload.userErrors).toMatchObject([
        {
          __typename: "IdempotencyKeyReusedError",
          cancellationId: first.cancellation.id,
          field: "input.idempotencyKey",
        },
      ]);
    }
    expect(service.simulator.ledger.totalReceived).toBe(before);
  });

  test("makes a repeated request wait for the first while it is in flight", async () => {
    const open = closeGate();
    const input = cancelInput();
    const first = cancel(service, input);
    await received(input["orderNo"]);
    const second = cancel(service, input);
    const pending = await service.graphql(
      `query ($key: String!) { cancellationByKey(idempotencyKey: $key) { status } }`,
      {
        key: input["idempotencyKey"],
      },
    );
    open();

    expect(pending.data.cancellationByKey.status).toBe("PENDING");
    expect((await first).cancellation.status).toBe("SUCCEEDED");
    expect(await second).toEqual({ ...(await first), replayed: true });
  });
});

describe("an order", () => {
  test("raced for by 50 callers with keys of their own never has two cancels in flight", async () => {
    const orderNo = `ORD-${randomUUID()}`;
    const payloads = await Promise.all(
      Array.from({ length: 50 }, () => cancel(service, cancelInput({ orderNo }))),
    );
    const succeeded = payloads.filter(({ cancellation }) => cancellation?.status === "SUCCEEDED");
    const refused = payloads.filter(({ cancellation }) => cancellation === null);

    expect(service.simulator.ledger.maxInFlight(orderNo)).toBe(1);
    expect(service.simulator.ledger.effects(orderNo)).toHaveLength(succeeded.length);
    expect(succeeded.length + refused.length).toBe(50);
    for (const { userErrors } of refused) expect(userErrors).toMatchObject([{ code: "CANCEL_IN_PROGRESS" }]);
  });

  test("with a cancel in flight refuses another, with the id of the first", async () => {
    const open = closeGate();
    const input = cancelInput();
    const first = cancel(service, input);
    await received(input["orderNo"]);
    const second = await cancel(service, { ...input, idempotencyKey: randomUUID() });
    open();

    expect(second).toMatchObject({ cancellation: null, replayed: false });
    expect(second.userErrors).toMatchObject([
      {
        __typename: "CancelInProgressError",
        cancellationId: (await first).cancellation.id,
        field: "input.orderNo",
      },
    ]);
    expect((await cancel(service, { ...input, idempotencyKey: randomUUID() })).cancellation.status).toBe(
      "SUCCEEDED",
    );
  });

  test("with a cancel in doubt refuses another, for as long as it is in doubt", async () => {
    const input = cancelInput({ orderNo: `SIM-RETRY-RECOMMENDED-${randomUUID()}` });
    const first = await cancel(service, input);
    await service.restart();
    const second = await cancel(service, { ...input, idempotencyKey: randomUUID() });

    expect(second.userErrors).toMatchObject([
      { __typename: "CancelInProgressError", cancellationId: first.cancellation.id },
    ]);
    expect(service.simulator.ledger.received(input["orderNo"] as string)).toHaveLength(1);
  });

  test("is cancelled only if the total cancelled so far is what the caller expects", async () => {
    const input = cancelInput({ expectedCancelledTotal: "0" });
    const first = await cancel(service, input);
    const stale = await cancel(service, { ...input, idempotencyKey: randomUUID() });
    const right = await cancel(service, {
      ...input,
      idempotencyKey: randomUUID(),
      expectedCancelledTotal: "1000.0",
    });

    expect(first.cancellation.status).toBe("SUCCEEDED");
    expect(stale).toMatchObject({ cancellation: null, replayed: false });
    expect(stale.userErrors).toMatchObject([
      {
        __typename: "CancelledTotalChangedError",
        expected: "0",
        actual: "1000",
        field: "input.expectedCancelledTotal",
      },
    ]);
    expect(right.cancellation.status).toBe("SUCCEEDED");
    expect(service.simulator.ledger.effects(input["orderNo"] as string)).toHaveLength(2);
  });

  test("raced for by 20 callers who expect the same total is cancelled once", async () => {
    const orderNo = `ORD-${randomUUID()}`;
    const payloads = await Promise.all(
      Array.from({ length: 20 }, () =>
        cancel(service, cancelInput({ orderNo, expectedCancelledTotal: "0" })),
      ),
    );
    const codes = payloads.flatMap(({ userErrors }) => userErrors.map(({ code }: { code: string }) => code));

    expect(service.simulator.ledger.effects(orderNo)).toHaveLength(1);
    expect(codes).toHaveLength(19);
    for (const code of codes) expect(["CANCEL_IN_PROGRESS", "CANCELLED_TOTAL_CHANGED"]).toContain(code);
  });
});

test("cancels in flight hold no database connection: reads are answered while more are in flight than the pool has", async () => {
  const open = closeGate();
  const inputs = Array.from({ length: 30 }, () => cancelInput());
  const payloads = inputs.map((input) => cancel(service, input));
  for (const { orderNo } of inputs) await received(orderNo);
  const { data } = await service.graphql("{ cancellations(filter: { status: PENDING }) { totalCount } }");
  open();

  expect(data.cancellations.totalCount).toBe(30);
  for (const { cancellation } of await Promise.all(payloads)) expect(cancellation.status).toBe("SUCCEEDED");
});
