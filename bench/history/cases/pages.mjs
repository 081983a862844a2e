import { LIST_WITH_COUNT, list, nth, ONE_CURRENCY } from "./query.mjs";

const order = (field, direction) => ({ orderBy: { field, direction } });
const OF_ONE_CURRENCY = { storeId: ONE_CURRENCY };
const ORDERS = [
  ["by resolution, latest first", {}, order("RESOLVED_AT", "DESC")],
  ["by resolution, earliest first", {}, order("RESOLVED_AT", "ASC")],
  ["by amount, largest first", OF_ONE_CURRENCY, order("TOTAL_CANCEL_AMOUNT", "DESC")],
  ["by amount, smallest first", OF_ONE_CURRENCY, order("TOTAL_CANCEL_AMOUNT", "ASC")],
];

/** The history as it is, and in other orders. */
export const PAGES = [
  list("first page", {}),
  list("page 5 000", {}, { page: 5_000 }),
  list("oldest first", {}, order("CREATED_AT", "ASC")),
  list("oldest first, page 5 000", {}, { ...order("CREATED_AT", "ASC"), page: 5_000 }),
  list("first page of one store", { storeId: "BENCH-KR" }),
  list("page 300 of one store", { storeId: "BENCH-KR" }, { page: 300 }),
  ...ORDERS.flatMap(([name, filter, orderBy]) => [
    list(name, filter, orderBy),
    list(`${name}, page 400`, filter, { ...orderBy, page: 400 }),
  ]),
  { ...list("first page with totalCount", {}), kind: "count", query: LIST_WITH_COUNT },
  {
    name: "one by its id",
    kind: "page",
    query: "query ($id: ID!) { cancellation(id: $id) { id orderNo status createdAt } }",
    variables: ({ cancellations }, run) => ({ id: nth(cancellations, run).id }),
  },
];
