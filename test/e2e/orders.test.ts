import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { cancel, cancelInput } from "../helpers/operations.js";
import type { GraphQLAnswer, TestReplica } from "../helpers/service.js";
import { useTwoStores } from "../helpers/two-stores.js";
import { startWire, type Wire } from "../helpers/wire.js";

const ORDERS = `query ($orderNos: [String!]!, $storeId: ID) {
  orders(orderNos: $orderNos, storeId: $storeId) { id storeId orderNo currencyCode cancelledTotal inDoubtTotal }
}`;
const NODE = "query ($id: ID!) { node(id: $id) { __typename id ... on Order { orderNo cancelledTotal } } }";
const PAGE = "{ cancellations(first: 20) { nodes { orderNo order { id cancelledTotal inDoubtTotal } } } }";
const numbers = Array.from({ length: 20 }, (_, n) => `ORD-${n}`);

const world = useTwoStores();
let headers: Record<string, string>;
let wire: Wire;
let wired: TestReplica;
beforeAll(async () => {
  headers = await world.bearer();
  for (const orderNo of numbers) await cancel(world.service, cancelInput({ orderNo }), headers);
  wire = await startWire(world.service.databaseUrl);
  wired = await world.service.replica({ DATABASE_URL: wire.url });
});
afterAll(() => wire.close());

const ask = (query: string, variables: object = {}): Promise<GraphQLAnswer> =>
  world.service.graphql(query, variables, headers);

/** The statements that an operation runs on the totals of orders. */
async function readsOfTotals(query: string, variables: object = {}): Promise<readonly [any, string[]]> {
  const executed = (): string[] =>
    wire
      .connections()
      .flatMap((connection) => connection.executed)
      .filter((statement) => statement.includes("cancelled_order"));
  const before = executed().length;
  const { data, errors } = await wired.graphql(query, variables, headers);
  expect(errors).toBeUndefined();
  return [data, executed().slice(before)];
}

describe("orders", () => {
  test("are answered in the order of their numbers, each as often as it is named, by one statement", async () => {
    const orderNos = [...numbers.slice(0, 9).reverse(), "ORD-UNTOUCHED", "ORD-3"];
    const [{ orders }, statements] = await readsOfTotals(ORDERS, { orderNos });
    expect(orders).toEqual(
      orderNos.map((orderNo) => ({
        id: expect.stringMatching(/^Order_/u),
        storeId: "SIM-KR",
        orderNo,
        currencyCode: "KRW",
        cancelledTotal: orderNo === "ORD-UNTOUCHED" ? "0" : "1000",
        inDoubtTotal: "0",
      })),
    );
    expect(statements).toHaveLength(1);
  });

  test("of a page of 20 cancellations have their totals read by one statement", async () => {
    const [{ cancellations }, statements] = await readsOfTotals(PAGE);
    expect(cancellations.nodes).toHaveLength(20);
    for (const { order } of cancellations.nodes) expect(order.cancelledTotal).toBe("1000");
    expect(statements).toHaveLength(1);
  });

  test("of a store that is not the caller's are null, each in its place", async () => {
    const { data, errors } = await ask(ORDERS, { orderNos: ["ORD-1", "ORD-2"], storeId: "SIM-TWO" });
    expect([data.orders, errors]).toEqual([[null, null], undefined]);
  });

  test.each([
    ["no number", [], ["orderNos"], "TOO_SHORT"],
    ["101 numbers", Array.from({ length: 101 }, (_, n) => `${n}`), ["orderNos"], "TOO_LONG"],
    ["an empty number", ["ORD-1", ""], ["orderNos", "1"], "BLANK"],
  ])("are refused for %s", async (_what, orderNos, field, reason) => {
    const { errors } = await ask(ORDERS, { orderNos });
    expect(errors).toMatchObject([{ extensions: { code: "BAD_USER_INPUT", field, reason } }]);
  });

  test("are read for a hundred numbers", async () => {
    const { data } = await ask(ORDERS, { orderNos: Array.from({ length: 100 }, (_, n) => `ORD-${n}`) });
    expect(data.orders).toHaveLength(100);
  });
});

describe("a node", () => {
  const idOf = (content: string): string => `Order_${Buffer.from(content).toString("base64url")}`;

  test("is the order with this id", async () => {
    const { data } = await ask('{ order(orderNo: "ORD-1") { id } }');
    expect((await ask(NODE, { id: data.order.id })).data.node).toEqual({
      __typename: "Order",
      id: data.order.id,
      orderNo: "ORD-1",
      cancelledTotal: "1000",
    });
    expect(data.order.id).toBe(idOf('["SIM-KR","ORD-1"]'));
  });

  test.each([
    ["another caller's store", idOf('["SIM-TWO","ORD-1"]')],
    ["no store", idOf('["","ORD-1"]')],
    ["an order number that none can have", idOf(`["SIM-KR","${"x".repeat(101)}"]`)],
    ["another spelling of the same content", idOf('["SIM-KR", "ORD-1"]')],
    ["more than a store and a number", idOf('["SIM-KR","ORD-1","x"]')],
    ["something that is no JSON", idOf("SIM-KR")],
  ])("is not found by an id that is made of %s", async (_what, id) => {
    const { data, errors } = await ask(NODE, { id });
    expect([data?.node ?? null, errors?.map(({ extensions }) => extensions.code) ?? []]).toEqual([null, []]);
  });
});
