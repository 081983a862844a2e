import { beforeAll, describe, expect, test } from "@jest/globals";
import { getIntrospectionQuery } from "graphql";
import { MAX_CHILDREN, MAX_TOKENS, MAX_VALIDATION_ERRORS } from "../../src/graphql/plugins/limits.js";
import { cancel, CANCELLATION_FIELDS, cancelInput, item } from "../helpers/operations.js";
import { useService } from "../helpers/service.js";

const service = useService();

const FULL_PAGE = `cancellations(first: 100) {
  totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  edges { cursor node { ${CANCELLATION_FIELDS} inDoubtSince inDoubtSeconds lookups nextCheckAt nextStep } }
}`;
const BY_FILTER = "query ($filter: CancellationFilter) { cancellations(filter: $filter) { totalCount } }";
const times = (count: number, text: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => text(i)).join(" ");
/** Nothing but one long list: 16 tokens are around it. */
const ofTokens = (count: number): string =>
  `{ cancellations(filter: { statuses: [${times(count - 16, () => "FAILED")}] }) { totalCount } }`;

describe("answers", () => {
  test.each([
    ["a page of 100 with everything there is about each", `{ ${FULL_PAGE} }`],
    [
      "the query that Sandbox reads the schema with",
      getIntrospectionQuery({ descriptions: true, oneOf: true }),
    ],
    ["a document of as many tokens as are allowed", ofTokens(MAX_TOKENS)],
  ])("%s", async (_what, query) => {
    const { status, errors } = await service.graphql(query);
    expect({ status, errors }).toEqual({ status: 200, errors: undefined });
  });

  test("a cancel of 45 items that stand in the document", async () => {
    const items = times(
      45,
      (seq) => `{ seq: ${seq}, itemType: PHYSICAL, itemId: "P", quantity: 1, amount: "10", taxAmount: "1" }`,
    );
    const { data } = await service.graphql(
      `mutation { cancelPayment(input: { idempotencyKey: "k-45", orderNo: "O-45", totalCancelAmount: "450", items: [${items}] }) {
        cancellation { status } userErrors { message } } }`,
    );
    expect(data.cancelPayment).toEqual({ cancellation: { status: "SUCCEEDED" }, userErrors: [] });
  });

  test("a cancel of 500 items that stand in the variables", async () => {
    const items = Array.from({ length: 500 }, (_, seq) => item({ seq, amount: "1", taxAmount: null }));
    const { cancellation } = await cancel(service, cancelInput({ items, totalCancelAmount: "500" }));
    expect(cancellation.status).toBe("SUCCEEDED");
  });

  test("a filter that names the same status thousands of times as one that names it once", async () => {
    const statuses = Array.from({ length: 8_000 }, () => "FAILED");
    const { data } = await service.graphql(BY_FILTER, { filter: { statuses } });
    expect(data).toEqual({ cancellations: { totalCount: 0 } });
  });
});

describe("refuses with 400, says what was found and what is allowed, and cancels nothing:", () => {
  const TWO = `mutation ($a: CancelPaymentInput!, $b: CancelPaymentInput!) {
    a: cancelPayment(input: $a) { replayed } b: cancelPayment(input: $b) { replayed } }`;
  test.each([
    [
      "two mutations",
      TWO,
      { a: cancelInput(), b: cancelInput() },
      /^The document has 2 mutations; a request may /u,
    ],
    [
      "pages whose size is in the variables",
      `query ($n: Int!) { a: ${FULL_PAGE.replace("100", "$n")} b: ${FULL_PAGE.replace("100", "$n")} }`,
      { n: 100 },
      /^This costs \d+ points; at most 1000 are allowed\./u,
    ],
  ])("%s", async (_what, query, variables, message) => {
    const before = service.simulator.ledger.totalReceived;
    const { status, errors, data } = await service.graphql(query, variables);
    expect({ status, data }).toEqual({ status: 400, data: undefined });
    expect(errors).toEqual([
      { message: expect.stringMatching(message), extensions: { code: "QUERY_TOO_COMPLEX" } },
    ]);
    expect(service.simulator.ledger.totalReceived).toBe(before);
  });

  test("a token too many", async () => {
    const { status, errors } = await service.graphql(ofTokens(MAX_TOKENS + 1));
    expect(status).toBe(400);
    expect(errors).toEqual([
      {
        message: expect.stringContaining("has more than 1000 tokens. Values belong in `variables`."),
        locations: expect.anything(),
        extensions: { code: "GRAPHQL_PARSE_FAILED" },
      },
    ]);
  });
});

describe("an answer says what its operation cost at most:", () => {
  const costOf = async (query: string, variables?: object): Promise<unknown> =>
    (JSON.parse((await service.graphql(query, variables)).text) as { extensions?: object }).extensions;
  const CANCEL = `mutation ($input: CancelPaymentInput!) { cancelPayment(input: $input) { replayed } }`;

  test.each<[what: string, query: string, variables: object, cost: number]>([
    ["a query", "{ cancellations(first: 100) { edges { node { id } } } }", {}, 22],
    ["a mutation", CANCEL, { input: cancelInput() }, 2],
    ["a query whose field fails", "{ cancellations(first: 0) { totalCount } }", {}, 52],
    ["one whose variables do not fit", CANCEL, { input: 1 }, 1],
  ])("%s", async (_what, query, variables, cost) => {
    expect(await costOf(query, variables)).toEqual({ cost });
  });

  test("one that is refused before it is measured says nothing of it", async () => {
    expect(await costOf("{")).toBeUndefined();
  });
});

describe("what is wrong all over is answered with a few errors:", () => {
  test.each([
    ["unknown fields", `{ ${times(200, (i) => `x${i}`)} }`, /^Too many validation errors/u],
    [
      "missing fields of items",
      `{ cancelPaymentPreview(input: { items: [${times(100, () => "{}")}] }) { wouldSend } }`,
      /^Too many validation errors/u,
    ],
    ["fields too many to be compared", `{ ${times(990, () => "__typename")} }`, /^Validation aborted\.$/u],
    [
      "fragments that go round",
      "{ ...f } fragment f on Query { ...g ...g } fragment g on Query { ...f ...f }",
      /^Cannot spread fragment "f" within itself/u,
    ],
  ])("%s", async (_what, query, last) => {
    const { status, errors } = await service.graphql(query);
    expect(status).toBe(400);
    expect(errors?.length).toBeLessThanOrEqual(MAX_VALIDATION_ERRORS + 1);
    expect(errors?.at(-1).message).toMatch(last);
  });

  test("variables in thousands of places, and nested a thousand times over", async () => {
    const deep = JSON.parse(`${"[".repeat(1_000)}${"]".repeat(1_000)}`) as unknown;
    for (const [statuses, count] of [
      [Array.from({ length: 8_000 }, () => "NONE"), 51],
      [deep, 1],
    ]) {
      const answer = await service.graphql(BY_FILTER, { filter: { statuses } });
      expect([answer.status, answer.errors?.length]).toEqual([400, count]);
      expect(answer.errors?.at(-1).extensions).toMatchObject({ code: "BAD_USER_INPUT" });
    }
  });
});

describe("what one request reads", () => {
  const LINES = 500;
  const AT_THE_LIMIT = MAX_CHILDREN / LINES;
  const ORDER = "ORD-OF-MANY-LINES";
  /** Has as many lines in its cancels as may be read, which add up to so many of its own. */
  const FULL_ORDER = "ORD-OF-AS-MANY-LINES-AS-MAY-BE";
  const SMALL_ORDER = "ORD-OF-ONE-LINE";
  const LONG_ORDER = "ORD-CANCELLED-TEN-THOUSAND-TIMES";

  beforeAll(async () => {
    // One more than fit. Each is a copy of a true one.
    await cancel(service, cancelInput({ orderNo: ORDER }));
    await cancel(service, cancelInput({ orderNo: SMALL_ORDER }));
    for (const [from, to, count] of [
      [ORDER, FULL_ORDER, AT_THE_LIMIT],
      [ORDER, ORDER, AT_THE_LIMIT],
      [SMALL_ORDER, LONG_ORDER, MAX_CHILDREN],
    ] as const) {
      await service.sql(
        `INSERT INTO cancellation (store_id, id, order_no, idempotency_key, fingerprint, status, resolved_by, currency_code, amount_basis,
           total_cancel_amount, resolved_at)
         SELECT store_id, gen_random_uuid(), $2, $2 || n, fingerprint, status, resolved_by, currency_code, amount_basis,
           total_cancel_amount, resolved_at
         FROM cancellation, generate_series(1, $3) n WHERE order_no = $1`,
        [from, to, count],
      );
    }
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
         SELECT store_id, id, ${values} FROM cancellation, generate_series(1, $1) n
         WHERE order_no IN ($2, $3) AND starts_with(idempotency_key, order_no)`,
        [LINES, ORDER, FULL_ORDER],
      );
    }
  });

  const page = (name: string, size: number, field: string): string =>
    `${name}: cancellations(first: ${size}) { edges { node { ${field} { __typename } } } }`;
  const order = (...pages: string[]): string => `{ order(orderNo: "${ORDER}") { ${pages.join(" ")} } }`;
  const tooMany = (message: RegExp): unknown =>
    expect.objectContaining({
      message: expect.stringMatching(message),
      extensions: { code: "QUERY_TOO_COMPLEX" },
    });

  test.each(["items", "events"])(
    "has as many %s in all its pages as are allowed, and not one more",
    async (field) => {
      const half = AT_THE_LIMIT / 2;
      const most = await service.graphql(order(page("a", half, field), page("b", half, field)));
      expect(most.errors).toBeUndefined();
      const lists = [...most.data.order.a.edges, ...most.data.order.b.edges].flatMap(
        ({ node }: any) => node[field],
      );
      expect(lists).toHaveLength(MAX_CHILDREN);

      const { data, errors } = await service.graphql(order(page("a", AT_THE_LIMIT + 1, field)));
      const nothing = { node: { [field]: null } };
      expect(data.order.a.edges).toEqual(Array.from({ length: AT_THE_LIMIT + 1 }, () => nothing));
      expect(errors?.[0]).toEqual(
        tooMany(
          new RegExp(
            `^There are more than 10000 ${field}, the most that one request reads\\. Ask for smaller pages\\.$`,
            "u",
          ),
        ),
      );
    },
  );

  test("may be all items and all events: one does not take from the other", async () => {
    const both = order(page("a", AT_THE_LIMIT, "items"), page("b", AT_THE_LIMIT, "events"));
    expect((await service.graphql(both)).errors).toBeUndefined();
  });

  test("adds up the lines of as many items of orders as are allowed, and not of one more", async () => {
    const linesOf = (orderNo: string): string =>
      `order(orderNo: "${orderNo}") { cancelledTotal lines { seq cancelledQuantity cancelledAmount } }`;
    const most = await service.graphql(`{ ${linesOf(FULL_ORDER)} }`);
    expect(most.errors).toBeUndefined();
    const added = { cancelledQuantity: AT_THE_LIMIT, cancelledAmount: String(AT_THE_LIMIT) };
    expect(most.data.order.lines).toEqual(
      Array.from({ length: LINES }, (_, index) => ({ seq: index + 1, ...added })),
    );
    const { errors } = await service.graphql(`{ a: ${linesOf(FULL_ORDER)} b: ${linesOf(SMALL_ORDER)} }`);
    expect(errors).toEqual([tooMany(/^`lines` would add up more than 10000 items, .+ orders, or page/u)]);
  });

  test("adds up the running totals of as many cancels as are allowed, and not of one more; the rest is answered", async () => {
    const running = (name: string, orderNo: string): string =>
      `${name}: order(orderNo: "${orderNo}") { cancellations(first: 2) { edges { cancelledTotalAfter } } }`;
    const most = await service.graphql(`{ ${running("a", LONG_ORDER)} }`);
    expect([most.errors, most.data.a.cancellations.edges.length]).toEqual([undefined, 2]);

    const { data, errors } = await service.graphql(
      `{ ${running("a", SMALL_ORDER)} ${running("b", LONG_ORDER)} }`,
    );
    // Both are read at once: whichever comes second is too much.
    const [refused, answered] = errors?.[0].path[0] === "a" ? (["a", "b"] as const) : (["b", "a"] as const);
    const totals = (name: "a" | "b"): unknown[] =>
      data[name].cancellations.edges.map((edge: any) => edge.cancelledTotalAfter);
    expect(new Set(totals(refused))).toEqual(new Set([null]));
    expect(totals(answered)).not.toContain(null);
    expect(errors?.[0]).toEqual(tooMany(/^`cancelledTotalAfter` would add up more than 10000 cancels/u));
  });

  test.each([
    ["more items than are allowed", order(page("a", AT_THE_LIMIT + 1, "items"))],
    ["the lines of an order", `{ order(orderNo: "${FULL_ORDER}") { lines { seq } } }`],
  ])("is paid for: %s", async (_which, query) => {
    const limited = await service.replica({ RATE_LIMIT_QUERY_COST: String(MAX_CHILDREN / 10) });
    expect((await limited.graphql(query)).status).toBe(200);
    expect((await limited.graphql("{ __typename }")).status).toBe(429);
  });
});
