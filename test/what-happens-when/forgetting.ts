import { expect } from "@jest/globals";
import { cancel } from "../helpers/operations.js";
import { until } from "../helpers/gate.js";
import type { TestService } from "../helpers/service.js";
import { atEbp, orderOf, standing, type Scenario } from "./scenario.js";

/** What a copy of the database from before the order's first cancel shows: the same server, and nothing of it. */
async function goBackBefore(service: TestService, { orderNo }: { orderNo: string }): Promise<void> {
  const ofOrder = "IN (SELECT id FROM cancellation WHERE order_no = $1)";
  await service.sql(`DELETE FROM cancellation_event WHERE cancellation_id ${ofOrder}`, [orderNo]);
  await service.sql(`DELETE FROM cancellation_item WHERE cancellation_id ${ofOrder}`, [orderNo]);
  await service.sql("DELETE FROM cancellation WHERE order_no = $1", [orderNo]);
  await service.sql("DELETE FROM cancelled_order WHERE order_no = $1", [orderNo]);
  await service.sql("UPDATE database_history SET beat = beat - 1000");
}

export const FORGETTING: Readonly<Record<string, Scenario>> = {
  "PostgreSQL loses commits, for instance after a failover": async (service) => {
    const order = orderOf("ORD");
    const first = await cancel(service, order);
    await goBackBefore(service, order);

    const held = await service.graphql(
      "mutation ($input: CancelPaymentInput!) { cancelPayment(input: $input) { replayed } }",
      { input: order },
    );
    expect(held.status).toBe(503);
    expect(held.headers.get("retry-after")).toMatch(/^\d+$/u);
    expect(held.errors).toMatchObject([{ extensions: { code: "SERVICE_UNAVAILABLE" } }]);
    await until(async () => {
      const [row] = await service.sql("SELECT status FROM cancellation WHERE order_no = $1", [order.orderNo]);
      return row?.status === "SUCCEEDED";
    });
    const again = await cancel(service, order);
    expect(again).toMatchObject({ replayed: true, cancellation: { id: first.cancellation.id } });
    expect(await standing(service, order)).toMatchObject({ status: "SUCCEEDED" });
    expect(atEbp(service, order)).toEqual([1, 1]);
  },
};
