import { expect, test } from "@jest/globals";
import { useTwoStores } from "../helpers/two-stores.js";

const fixture = useTwoStores();

function live(storeId: string, orderNo: string): string {
  return `{ order(storeId: "${storeId}", orderNo: "${orderNo}") { openCancellation { id } liveStatus { cancels } cancellations { edges { cancelledTotalAfter } } } }`;
}

test("of an order in another store nothing is told, and EBP is not asked", async () => {
  const { service } = fixture;
  const { input } = await fixture.doubtful();
  const headers = await fixture.bearer("somebody", ["SIM-TWO"]);
  const { data, errors } = await service.graphql(live("SIM-KR", input.orderNo), undefined, headers);
  expect(errors).toBeUndefined();
  expect(data.order).toBeNull();
  expect(service.simulator.ledger.lookups(input.orderNo)).toEqual([]);
});

test("who may not read does not have EBP asked either", async () => {
  const { service } = fixture;
  const headers = await fixture.bearer("somebody", ["SIM-KR"], { scope: "cancellations:write" });
  const { errors } = await service.graphql(live("SIM-KR", "ORD-1"), undefined, headers);
  expect(errors?.[0].extensions.code).toBe("FORBIDDEN");
  expect(service.simulator.ledger.lookups()).toEqual([]);
});

test("each store is asked about with its own key", async () => {
  const { service } = fixture;
  const headers = await fixture.bearer("somebody", ["SIM-KR", "SIM-TWO"], { scope: "cancellations:read" });
  const { data } = await service.graphql(
    `{ a: order(storeId: "SIM-KR", orderNo: "ORD-2") { liveStatus { unavailable { reason } } }
       b: order(storeId: "SIM-TWO", orderNo: "ORD-2") { liveStatus { unavailable { reason resultCode } } } }`,
    undefined,
    headers,
  );
  // The simulator knows no such order.
  expect([data.a.liveStatus.unavailable.reason, data.b.liveStatus.unavailable]).toEqual([
    "REFUSED",
    { reason: "REFUSED", resultCode: "EBP-C-0005" },
  ]);
  expect(service.simulator.ledger.lookups("ORD-2")).toHaveLength(2);
});
