import { afterEach, describe, expect, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { createGate, until } from "../helpers/gate.js";
import { cancel, cancelInput, insist, PREVIEW } from "../helpers/operations.js";
import { useService } from "../helpers/service.js";

/** Held closed while a test wants cancels to be in flight. */
const gate = createGate();
const service = useService({ simulator: { beforeAnswer: () => gate.pass() } });
afterEach(() => gate.open());

const received = (orderNo: unknown): number => service.simulator.ledger.received(String(orderNo)).length;
const anotherKey = <T extends object>(input: T): T => ({ ...input, idempotencyKey: randomUUID() });

describe("an order", () => {
  test("raced for by 20 callers with keys of their own never has two cancels in flight", async () => {
    const orderNo = `ORD-${randomUUID()}`;
    const payloads = await Promise.all(
      Array.from({ length: 20 }, () => insist(service, cancelInput({ orderNo }))),
    );
    const succeeded = payloads.filter(({ cancellation }) => cancellation?.status === "SUCCEEDED");
    const refused = payloads.filter(({ cancellation }) => cancellation === null);

    expect(service.simulator.ledger.maxInFlight(orderNo)).toBe(1);
    expect(service.simulator.ledger.effects(orderNo)).toHaveLength(succeeded.length);
    expect(succeeded.length + refused.length).toBe(20);
    for (const { userErrors } of refused) expect(userErrors).toMatchObject([{ code: "CANCEL_IN_PROGRESS" }]);
  });

  test("with a cancel in flight refuses another, with the first", async () => {
    gate.close();
    const input = cancelInput();
    const first = cancel(service, input);
    await until(() => received(input["orderNo"]) === 1);
    const second = await cancel(service, anotherKey(input));
    gate.open();

    expect(second).toMatchObject({ cancellation: null, replayed: false });
    expect(second.userErrors).toMatchObject([
      {
        __typename: "CancelInProgressError",
        cancellation: { id: (await first).cancellation.id },
        field: ["input", "orderNo"],
        nextAction: "WAIT",
      },
    ]);
    expect((await cancel(service, anotherKey(input))).cancellation.status).toBe("SUCCEEDED");
  });

  test.each([
    ["in another case", "SIM-SYSTEM-CRITICAL-a", "SIM-SYSTEM-CRITICAL-A"],
    ["with a capital outside of A to Z", "SIM-SYSTEM-CRITICAL-É", "SIM-SYSTEM-CRITICAL-É"],
  ])(
    "that EBP may take for the same one, %s, is refused while that one is in doubt",
    async (_how, one, other) => {
      const number = String(Date.now());
      const doubtful = cancelInput({ orderNo: one + number });
      const { id, status } = (await cancel(service, doubtful)).cancellation;
      expect(status).toBe("UNKNOWN");
      const input = anotherKey({ ...doubtful, orderNo: other + number });
      const preview = await service.graphql(PREVIEW, { input });

      const blocked = [{ code: "CANCEL_IN_PROGRESS", cancellation: { id } }];
      expect(preview.data.cancelPaymentPreview).toMatchObject({ wouldSend: false, userErrors: blocked });
      expect((await cancel(service, input)).userErrors).toMatchObject(blocked);
      expect(received(one + number)).toBe(1);
      expect(received(other + number)).toBe(one === other ? 1 : 0);
    },
  );

  test("is cancelled only if the total cancelled so far is what the caller expects", async () => {
    const input = cancelInput({ expectedCancelledTotal: "0" });
    const first = await cancel(service, input);
    const stale = await cancel(service, anotherKey(input));
    const right = await cancel(service, anotherKey({ ...input, expectedCancelledTotal: "1000.0" }));

    expect(first.cancellation.status).toBe("SUCCEEDED");
    expect(stale).toMatchObject({ cancellation: null, replayed: false });
    expect(stale.userErrors).toMatchObject([
      {
        __typename: "CancelledTotalChangedError",
        expectedTotal: "0",
        currentTotal: "1000",
        field: ["input", "expectedCancelledTotal"],
        nextAction: "RELOAD_ORDER",
      },
    ]);
    expect(right.cancellation.status).toBe("SUCCEEDED");
    expect(service.simulator.ledger.effects(String(input["orderNo"]))).toHaveLength(2);
  });

  test("raced for by 20 callers who expect the same total is cancelled once", async () => {
    const orderNo = `ORD-${randomUUID()}`;
    const payloads = await Promise.all(
      Array.from({ length: 20 }, () =>
        insist(service, cancelInput({ orderNo, expectedCancelledTotal: "0" })),
      ),
    );
    const codes = payloads.flatMap(({ userErrors }) => userErrors.map(({ code }: { code: string }) => code));

    expect(service.simulator.ledger.effects(orderNo)).toHaveLength(1);
    expect(codes).toHaveLength(19);
    for (const code of codes) expect(["CANCEL_IN_PROGRESS", "CANCELLED_TOTAL_CHANGED"]).toContain(code);
  });
});

test("cancels in flight hold no database connection: reads are answered while more are in flight than the pool has", async () => {
  gate.close();
  const inputs = Array.from({ length: 30 }, () => cancelInput());
  const payloads = inputs.map((input) => insist(service, input));
  await until(() => inputs.every(({ orderNo }) => received(orderNo) === 1));
  await until(async () => {
    const busy = await service.sql(
      `SELECT pid FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND state <> 'idle'`,
    );
    return busy.length === 0;
  });
  const { data } = await service.graphql("{ cancellations(filter: { statuses: PENDING }) { totalCount } }");
  gate.open();

  expect(data.cancellations.totalCount).toBe(30);
  for (const { cancellation } of await Promise.all(payloads)) expect(cancellation.status).toBe("SUCCEEDED");
});
