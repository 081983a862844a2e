import { beforeAll, describe, expect, test } from "@jest/globals";
import { cancel, cancelInput, item, PREVIEW } from "../helpers/operations.js";
import { useService } from "../helpers/service.js";

const ORDER = `query ($orderNo: String!) {
  order(orderNo: $orderNo) {
    storeId orderNo currencyCode cancelledTotal inDoubtTotal
    lines { seq itemType itemId cancelledQuantity cancelledAmount inDoubtQuantity inDoubtAmount }
    openCancellation { id status }
    cancellations(orderBy: { field: CREATED_AT, direction: ASC }) { totalCount edges { cancelledTotalAfter node { status } } }
  }
}`;

const service = useService();

async function order(orderNo: string): Promise<any> {
  return (await service.graphql(ORDER, { orderNo })).data.order;
}

describe("an order", () => {
  test("tells line by line what was cancelled and what is in doubt, and leaves out what failed", async () => {
    // The whole order number decides what the simulator does, so one order cannot end in several ways by itself.
    const orderNo = "ORD-view";
    const goods = item({ seq: 1, quantity: 2, amount: "300" });
    const delivery = item({ seq: 2, itemType: "DELIVERY", itemId: "D1", amount: "50", taxAmount: null });
    await cancel(service, cancelInput({ orderNo, items: [goods, delivery], totalCancelAmount: "650" }));
    await cancel(
      service,
      cancelInput({ orderNo, items: [{ ...goods, quantity: 1 }], totalCancelAmount: "300" }),
    );
    const doubtful = await cancel(
      service,
      cancelInput({ orderNo: "SIM-SYSTEM-CRITICAL-1", items: [goods], totalCancelAmount: "600" }),
    );
    const failed = await cancel(service, cancelInput({ orderNo: "SIM-CANCELLATION-FAILED-1" }));
    for (const { cancellation } of [doubtful, failed]) {
      await service.sql("UPDATE cancellation SET order_no = $1 WHERE id = $2", [orderNo, cancellation.id]);
    }

    expect(await order(orderNo)).toEqual({
      storeId: "SIM-KR",
      orderNo,
      currencyCode: "KRW",
      cancelledTotal: "950",
      inDoubtTotal: "600",
      openCancellation: { id: doubtful.cancellation.id, status: "UNKNOWN" },
      lines: [
        {
          seq: 1,
          itemType: "PHYSICAL",
          itemId: "P001",
          cancelledQuantity: 3,
          cancelledAmount: "900",
          inDoubtQuantity: 2,
          inDoubtAmount: "600",
        },
        {
          seq: 2,
          itemType: "DELIVERY",
          itemId: "D1",
          cancelledQuantity: 1,
          cancelledAmount: "50",
          inDoubtQuantity: 0,
          inDoubtAmount: "0",
        },
      ],
      cancellations: {
        totalCount: 4,
        edges: [
          { cancelledTotalAfter: "650", node: { status: "SUCCEEDED" } },
          { cancelledTotalAfter: "950", node: { status: "SUCCEEDED" } },
          { cancelledTotalAfter: null, node: { status: "UNKNOWN" } },
          { cancelledTotalAfter: null, node: { status: "FAILED" } },
        ],
      },
    });
  });

  test("that nobody has cancelled is empty, not an error", async () => {
    expect(await order("ORD-untouched")).toEqual({
      storeId: "SIM-KR",
      orderNo: "ORD-untouched",
      currencyCode: "KRW",
      cancelledTotal: "0",
      inDoubtTotal: "0",
      lines: [],
      openCancellation: null,
      cancellations: { totalCount: 0, edges: [] },
    });
  });
});

describe("the running total of an order's cancels", () => {
  const PAGES = `query ($orderNo: String!, $first: Int, $after: String, $last: Int, $before: String, $direction: OrderDirection!) {
    order(orderNo: $orderNo) {
      cancelledTotal
      cancellations(first: $first, after: $after, last: $last, before: $before, orderBy: { field: CREATED_AT, direction: $direction }) {
        totalCount pageInfo { startCursor endCursor hasNextPage hasPreviousPage }
        edges { cursor cancelledTotalAfter node { id } }
      }
    }
  }`;
  const orderNo = "ORD-bit-by-bit";
  const expected: [id: string, total: string][] = [];
  beforeAll(async () => {
    for (const total of [100, 20, 3, 4_000, 50]) {
      const items = [item({ amount: String(total) })];
      const { cancellation } = await cancel(
        service,
        cancelInput({ orderNo, items, totalCancelAmount: String(total) }),
      );
      expected.push([cancellation.id, String(total + Number(expected.at(-1)?.[1] ?? 0))]);
    }
  });

  test.each([
    ["ASC", "first", "after", "endCursor", "hasNextPage"],
    ["DESC", "last", "before", "startCursor", "hasPreviousPage"],
  ])("is the same %s, read by %s", async (direction, size, beyond, cursor, hasMore) => {
    const edges: any[] = [];
    let cancelledTotal: unknown;
    for (let place: string | null = null, more = true; more;) {
      const { data } = await service.graphql(PAGES, { orderNo, direction, [size]: 2, [beyond]: place });
      const { pageInfo, edges: page, totalCount } = data.order.cancellations;
      expect(totalCount).toBe(expected.length);
      if (size === "first") edges.push(...page);
      else edges.unshift(...page);
      [place, more, cancelledTotal] = [pageInfo[cursor], pageInfo[hasMore], data.order.cancelledTotal];
    }
    const shown = edges.map(({ cancelledTotalAfter, node }) => [node.id, cancelledTotalAfter]);
    expect(shown).toEqual(direction === "ASC" ? expected : [...expected].reverse());
    expect(expected.at(-1)?.[1]).toBe(cancelledTotal);
  });
});

describe("a preview", () => {
  async function preview(input: object): Promise<any> {
    const { data, errors } = await service.graphql(PREVIEW, { input });
    expect(errors).toBeUndefined();
    return data.cancelPaymentPreview;
  }

  test("computes the totals and shows what would be sent, the account masked; sends nothing, stores nothing", async () => {
    const before = [await service.sql("SELECT * FROM cancellation"), service.simulator.ledger.totalReceived];
    const items = [
      item({ seq: 1, quantity: 2, amount: "300", taxAmount: "30" }),
      item({ seq: 2, itemType: "DELIVERY", itemId: "D1", amount: "50", taxAmount: "5" }),
    ];
    const refundAccount = { accountNumber: "0012-345678", bankCode: "001", accountHolderName: "홍길동" };
    const shown = await preview(
      cancelInput({ orderNo: "ORD-preview", items, totalCancelAmount: "650", refundAccount }),
    );

    expect(shown).toMatchObject({
      wouldSend: true,
      storeId: "SIM-KR",
      currencyCode: "KRW",
      amountBasis: "UNIT",
      computedTotal: "650",
      computedProductAmount: "600",
      computedProductTaxAmount: "60",
      computedDeliveryAmount: "50",
      computedDeliveryTaxAmount: "5",
      userErrors: [],
    });
    expect(JSON.parse(shown.requestBody)).toEqual({
      orderNo: "ORD-preview",
      totalCancelAmount: 650,
      refundAccount: { accountNumber: "******5678", bankCode: "001", accountHolderName: "홍**" },
      items: [
        { seq: 1, itemType: "PHYSICAL", itemId: "P001", quantity: 2, amount: 300, taxAmount: 30 },
        { seq: 2, itemType: "DELIVERY", itemId: "D1", quantity: 1, amount: 50, taxAmount: 5 },
      ],
    });
    expect([await service.sql("SELECT * FROM cancellation"), service.simulator.ledger.totalReceived]).toEqual(
      before,
    );
  });

  test("shows a mismatch together with the total the items add up to", async () => {
    expect(await preview(cancelInput({ totalCancelAmount: "1" }))).toMatchObject({
      wouldSend: false,
      computedTotal: "1000",
      requestBody: null,
      userErrors: [{ __typename: "AmountMismatchError", statedTotal: "1", computedTotal: "1000" }],
    });
  });

  test("says what cancelPayment would say to a used key, an order in doubt and a changed total", async () => {
    const done = cancelInput();
    const doubtful = cancelInput({ orderNo: "SIM-SYSTEM-CRITICAL-2" });
    const first = await cancel(service, done);
    const second = await cancel(service, doubtful);

    expect(await preview(done)).toMatchObject({ wouldSend: false, userErrors: [] });
    expect(await preview({ ...done, note: "another" })).toMatchObject({
      wouldSend: false,
      userErrors: [{ __typename: "IdempotencyKeyReusedError", cancellation: { id: first.cancellation.id } }],
    });
    expect(await preview({ ...doubtful, idempotencyKey: "other" })).toMatchObject({
      wouldSend: false,
      userErrors: [{ __typename: "CancelInProgressError", cancellation: { id: second.cancellation.id } }],
    });
    expect(await preview({ ...done, idempotencyKey: "other", expectedCancelledTotal: "5" })).toMatchObject({
      wouldSend: false,
      userErrors: [{ __typename: "CancelledTotalChangedError", expectedTotal: "5", currentTotal: "1000" }],
    });
  });
});
