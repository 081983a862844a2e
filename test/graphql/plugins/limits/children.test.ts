import { beforeAll, describe, expect, test } from "@jest/globals";
import { MAX_CHILDREN } from "../../../../src/graphql/plugins/limits/limits.js";
import { cancel, cancelInput } from "../../../helpers/operations.js";
import { useService } from "../../../helpers/service.js";

const LINES = 500;
const AT_THE_LIMIT = MAX_CHILDREN / LINES;
const ORDER = "ORD-OF-MANY-LINES";
/** Has as many lines in its cancels as may be read, which add up to so many of its own. */
const FULL_ORDER = "ORD-OF-AS-MANY-LINES-AS-MAY-BE";
const SMALL_ORDER = "ORD-OF-ONE-LINE";

const service = useService();
beforeAll(async () => {
  // One more than fit. Each is a copy of a true one.
  const { cancellation } = await cancel(service, cancelInput({ orderNo: ORDER }));
  await cancel(service, cancelInput({ orderNo: SMALL_ORDER }));
  await service.sql(
    `INSERT INTO cancellation (store_id, id, order_no, idempotency_key, fingerprint, status, resolved_by, currency_code, amount_basis,
       total_cancel_amount)
     SELECT store_id, gen_random_uuid(), copied.order_no, 'copy-' || n || copied.order_no, fingerprint, status, resolved_by, currency_code, amount_basis,
       total_cancel_amount
     FROM cancellation, generate_series(1, $2) n, unnest($3::text[]) copied (order_no) WHERE id = $1`,
    [cancellation.id, AT_THE_LIMIT, [ORDER, FULL_ORDER]],
  );
  for (const [table, columns, values] of [
    [
      "cancellation_item",
      "seq, item_type, item_id, quantity, amount, line_total",
      "n, 'PHYSICAL', 'P', 1, 1, 1",
    ],
    ["cancellation_event", "number, to_status, source", "n, status, 'LOOKUP'"],
  ] as const) {
    await service.sql(
      `INSERT INTO ${table} (store_id, cancellation_id, ${columns})
       SELECT store_id, id, ${values} FROM cancellation, generate_series(1, $1) n WHERE starts_with(idempotency_key, 'copy-')`,
      [LINES],
    );
  }
});

const page = (name: string, size: number, field: string): string =>
  `${name}: cancellations(first: ${size}) { edges { node { ${field} { __typename } } } }`;
const order = (...pages: string[]): string => `{ order(orderNo: "${ORDER}") { ${pages.join(" ")} } }`;

test.each(["items", "events"])(
  "reads as many %s for one request as are allowed, and not one more",
  async (field) => {
    const most = await service.graphql(order(page("a", AT_THE_LIMIT, field)));
    expect(most.errors).toBeUndefined();
    const lists: any[] = most.data.order.a.edges.map(({ node }: any) => node[field]);
    expect(lists.flat()).toHaveLength(MAX_CHILDREN);

    const { data, errors } = await service.graphql(order(page("a", AT_THE_LIMIT + 1, field)));
    const nothing = { node: { [field]: null } };
    expect(data.order.a.edges).toEqual(Array.from({ length: AT_THE_LIMIT + 1 }, () => nothing));
    expect(new Set(errors?.map(({ message }) => message))).toEqual(
      new Set([
        `The ${field} asked for are more than 10000 together, which is the most that is read for one request. Ask for smaller pages.`,
      ]),
    );
    expect(errors?.[0].extensions).toEqual({ code: "QUERY_TOO_COMPLEX" });
  },
);

test.each(["items", "events"])("counts the %s of all pages of a request together", async (field) => {
  const half = AT_THE_LIMIT / 2;
  const most = await service.graphql(order(page("a", half, field), page("b", half, field)));
  expect(most.errors).toBeUndefined();

  const { errors } = await service.graphql(order(page("a", half, field), page("b", half + 1, field)));
  expect(errors?.[0].extensions).toEqual({ code: "QUERY_TOO_COMPLEX" });
});

test("items do not take from the events, nor one request from the next", async () => {
  const both = order(page("a", AT_THE_LIMIT, "items"), page("b", AT_THE_LIMIT, "events"));
  expect((await service.graphql(both)).errors).toBeUndefined();
  expect((await service.graphql(both)).errors).toBeUndefined();
});

describe("the lines of orders", () => {
  const LINES_OF = (orderNo: string): string =>
    `order(orderNo: "${orderNo}") { cancelledTotal lines { seq cancelledQuantity cancelledAmount } }`;
  const TOO_MANY = [
    expect.objectContaining({
      message:
        "The items that `lines` adds up are more than 10000 together, which is the most that is read for one request. Ask for fewer orders, or page through the `items` of an order's `cancellations`.",
      extensions: { code: "QUERY_TOO_COMPLEX" },
    }),
  ];

  test("are added up of as many items as are allowed, and not of one more", async () => {
    const most = await service.graphql(`{ ${LINES_OF(FULL_ORDER)} }`);
    expect(most.errors).toBeUndefined();
    const added = Array.from({ length: LINES }, (_, index) => ({
      seq: index + 1,
      cancelledQuantity: AT_THE_LIMIT,
      cancelledAmount: String(AT_THE_LIMIT),
    }));
    expect(most.data.order.lines).toEqual(added);

    const { data, errors } = await service.graphql(`{ ${LINES_OF(ORDER)} }`);
    expect(errors).toEqual(TOO_MANY);
    expect(data.order).toBeNull();
  });

  test("take together from what one request may read, and not from the next", async () => {
    const both = `{ a: ${LINES_OF(FULL_ORDER)} b: ${LINES_OF(SMALL_ORDER)} }`;
    for (let i = 0; i < 2; i += 1) expect((await service.graphql(both)).errors).toEqual(TOO_MANY);
    expect((await service.graphql(`{ ${LINES_OF(FULL_ORDER)} }`)).errors).toBeUndefined();
  });

  test("are not read unless asked for: the totals of any order are told", async () => {
    const { data, errors } = await service.graphql(`{ order(orderNo: "${ORDER}") { cancelledTotal } }`);
    expect(errors).toBeUndefined();
    expect(data.order).toEqual({ cancelledTotal: "1000" });
  });
});

test.each([
  ["more items than are allowed", order(page("a", AT_THE_LIMIT + 1, "items"))],
  ["the lines of an order", `{ order(orderNo: "${FULL_ORDER}") { lines { seq } } }`],
])("whoever has read %s pays for each", async (_which, query) => {
  const limited = await service.replica({ RATE_LIMIT_QUERY_COST: String(MAX_CHILDREN / 10) });
  expect((await limited.graphql(query)).status).toBe(200);
  expect((await limited.graphql("{ __typename }")).status).toBe(429);
});

describe("the running totals of an order's cancels", () => {
  const LONG = "ORD-CANCELLED-TEN-THOUSAND-TIMES";
  const running = (name: string, orderNo: string): string =>
    `${name}: order(orderNo: "${orderNo}") { cancellations(first: 2) { edges { cancelledTotalAfter node { status } } } }`;
  beforeAll(async () => {
    await service.sql(
      `INSERT INTO cancellation (store_id, id, order_no, idempotency_key, fingerprint, status, resolved_by, currency_code, amount_basis,
         total_cancel_amount, resolved_at)
       SELECT store_id, gen_random_uuid(), $1, 'long-' || n, fingerprint, status, resolved_by, currency_code, amount_basis,
         total_cancel_amount, resolved_at
       FROM cancellation, generate_series(1, $2) n WHERE order_no = $3`,
      [LONG, MAX_CHILDREN, SMALL_ORDER],
    );
  });

  test("are told of as many cancels as are allowed, and not of one more; the rest is answered", async () => {
    const most = await service.graphql(`{ ${running("a", LONG)} }`);
    expect(most.errors).toBeUndefined();
    expect(most.data.a.cancellations.edges).toHaveLength(2);

    const { data, errors } = await service.graphql(`{ ${running("a", SMALL_ORDER)} ${running("b", LONG)} }`);
    // Both are read at once: whichever comes second is too much.
    const [refused, answered] = errors?.[0].path[0] === "a" ? (["a", "b"] as const) : (["b", "a"] as const);
    const totals = (name: "a" | "b"): unknown[] =>
      data[name].cancellations.edges.map((edge: any) => edge.cancelledTotalAfter);
    expect(new Set(totals(refused))).toEqual(new Set([null]));
    expect(totals(answered)).not.toContain(null);
    expect(errors?.[0]).toMatchObject({
      message: expect.stringMatching(/^The cancels that `cancelledTotalAfter` adds up are more than 10000/u),
      extensions: { code: "QUERY_TOO_COMPLEX" },
    });
  });
});
