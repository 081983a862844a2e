import { beforeAll, describe, expect, test } from "@jest/globals";
import { isLosslessNumber, parse } from "lossless-json";
import { DEVELOPMENT_STORE } from "../../simulator/development-store.js";
import { Decimal } from "../../src/cancellation/model/decimal.js";
import { published, PUBLISHED_CANCELS } from "../helpers/examples.js";
import { cancel, CANCELLATION_FIELDS } from "../helpers/operations.js";
import { useService } from "../helpers/service.js";

const service = useService();

/** JSON with every number replaced by its value, whatever its formatting, and keys in their order. */
function canonical(json: string): string {
  return JSON.stringify(parse(json), (_key, value: unknown) =>
    isLosslessNumber(value) ? `number ${new Decimal(value.toString()).toFixed()}` : value,
  );
}

describe.each(PUBLISHED_CANCELS)("the published %s example", (name) => {
  const example = JSON.parse(published(`${name}.request`)) as { orderNo: string; items: unknown[] };
  const answer = JSON.parse(published(`${name}.response`)) as { data: Record<string, number> };
  let payload: any;
  let received: any;

  beforeAll(async () => {
    payload = await cancel(service, { idempotencyKey: name, ...example });
    received = service.simulator.ledger.received(example.orderNo).at(-1);
  });

  test("reaches EBP byte for byte, number formatting aside", () => {
    expect(canonical(received.body)).toBe(canonical(published(`${name}.request`)));
  });

  test("carries every required header, and a signature that EBP accepts", () => {
    expect(received).toMatchObject({
      outcome: "0",
      headers: {
        "content-type": "application/json; charset=utf-8",
        "content-length": String(Buffer.byteLength(received.body, "utf8")),
        accept: "application/json",
        "x-division-code": DEVELOPMENT_STORE.divisionCode,
        "x-store-id": DEVELOPMENT_STORE.storeId,
        "x-channel-code": DEVELOPMENT_STORE.channelCode,
        "x-ric-code": DEVELOPMENT_STORE.ricCode,
        "x-country-code": DEVELOPMENT_STORE.countryCode,
        "x-currency-code": DEVELOPMENT_STORE.currencyCode,
      },
    });
  });

  test("succeeds with the published totals and no discrepancy", () => {
    expect(payload.userErrors).toEqual([]);
    expect(payload.replayed).toBe(false);
    expect(payload.cancellation).toMatchObject({
      status: "SUCCEEDED",
      resolvedBy: "RESPONSE",
      settlement: "AWAITED",
      safeToRetry: false,
      processedCount: answer.data["processedCount"],
      totalProductAmount: String(answer.data["totalProductAmount"]),
      totalProductTaxAmount: String(answer.data["totalProductTaxAmount"]),
      totalDeliveryAmount: "0",
      totalDeliveryTaxAmount: "0",
      discrepancies: [],
      failure: null,
    });
  });

  test("is in PostgreSQL as it was asked, and as EBP confirmed it", async () => {
    const rows = await service.sql(
      `SELECT status, total_cancel_amount::float8 AS total, count(*)::int AS items, sum(confirmed_quantity)::int AS confirmed
       FROM cancellation JOIN cancellation_item ON cancellation_id = id WHERE idempotency_key = $1 GROUP BY 1, 2`,
      [name],
    );
    expect(rows).toEqual([
      {
        status: "SUCCEEDED",
        total: (example as unknown as { totalCancelAmount: number }).totalCancelAmount,
        items: example.items.length,
        confirmed: (example.items as { quantity: number }[]).reduce((sum, { quantity }) => sum + quantity, 0),
      },
    ]);
  });

  test("comes back from every history query as the mutation answered it", async () => {
    const { id, orderNo, returnRequestId } = payload.cancellation;
    const { data } = await service.graphql(
      `query ($id: ID!, $key: String!, $orderNo: String!, $returnRequestId: String!) {
        byId: cancellation(id: $id) { ...All }
        node(id: $id) { ...All }
        byKey: cancellationByKey(idempotencyKey: $key) { ...All }
        list: cancellations(filter: { returnRequestId: $returnRequestId }) { edges { node { ...All } } }
        order(orderNo: $orderNo) { cancellations { edges { node { ...All } } } }
      }
      fragment All on Cancellation { ${CANCELLATION_FIELDS} }`,
      { id, key: name, orderNo, returnRequestId },
    );
    expect(data.byId).toEqual(payload.cancellation);
    expect(data.node).toEqual(payload.cancellation);
    expect(data.byKey).toEqual(payload.cancellation);
    expect(data.list.edges).toEqual([{ node: payload.cancellation }]);
    expect(data.order.cancellations.edges).toContainEqual({ node: payload.cancellation });
  });
});

test("nothing of a refund account but its mask is stored in the clear", async () => {
  const tables = ["cancellation", "cancellation_item", "cancellation_event", "cancelled_order"];
  const dumps = await Promise.all(
    tables.map((table) => service.sql(`SELECT to_jsonb(${table})::text AS row FROM ${table}`)),
  );
  const text = dumps
    .flat()
    .map(({ row }) => row as string)
    .join("\n");

  expect(text).toContain("J** D**");
  expect(text).not.toContain("1234567890");
  expect(text).not.toContain("John Doe");
});
