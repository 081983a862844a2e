import { COMMON, RARE } from "./vocabulary.mjs";

/** What a list of cancellations shows. */
const NODE =
  "id orderNo status settlement totalCancelAmount currencyCode reason requestedBy createdAt resolvedAt";

export const PAGE_SIZE = 20;
export const LIST = listOf("");
export const LIST_WITH_COUNT = listOf("totalCount");

function listOf(more) {
  return `query ($filter: CancellationFilter, $orderBy: CancellationOrder, $first: Int = ${PAGE_SIZE}, $after: String) {
    cancellations(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
      ${more} pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor node { ${NODE} } }
    }
  }`;
}

/** A page of the history, the first one unless `page` says otherwise. */
export function list(name, filter, { orderBy, page } = {}) {
  const of = typeof filter === "function" ? filter : () => filter;
  return {
    name,
    kind: "page",
    query: LIST,
    variables: (facts, run) => ({ filter: of(facts, run), ...(orderBy && { orderBy }) }),
    ...(page && { page }),
  };
}

/** Another one at each run. */
export const nth = (values, run) => values[run % values.length];

const DAY_MS = 24 * 60 * 60_000;

/** So many days before the history ends. */
export function daysBefore({ until }, days) {
  return new Date(until.getTime() - days * DAY_MS).toISOString();
}

/** Amounts are compared within one currency only. */
export const ONE_CURRENCY = ["BENCH-KR", "BENCH-KR-2"];

const order = (field, direction) => ({ orderBy: { field, direction } });
const OF_ONE_CURRENCY = { storeIds: ONE_CURRENCY };
const SORTED = [
  ["by resolution, latest first", {}, order("RESOLVED_AT", "DESC")],
  ["by resolution, earliest first", {}, order("RESOLVED_AT", "ASC")],
  ["by amount, largest first", OF_ONE_CURRENCY, order("TOTAL_CANCEL_AMOUNT", "DESC")],
  ["by amount, smallest first", OF_ONE_CURRENCY, order("TOTAL_CANCEL_AMOUNT", "ASC")],
];

/** The history as it is, and in other orders. */
const PAGES = [
  list("first page", {}),
  list("page 5 000", {}, { page: 5_000 }),
  list("oldest first", {}, order("CREATED_AT", "ASC")),
  list("oldest first, page 5 000", {}, { ...order("CREATED_AT", "ASC"), page: 5_000 }),
  list("first page of one store", { storeIds: ["BENCH-KR"] }),
  list("page 300 of one store", { storeIds: ["BENCH-KR"] }, { page: 300 }),
  ...SORTED.flatMap(([name, filter, orderBy]) => [
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

const DAY_SECONDS = 24 * 60 * 60;
/** Of one cancellation after another: looked for where it has not been looked for just before. */
const ofOne = (field) => (facts, run) => ({ [field]: nth(facts.cancellations, run)[field] });
const range = (field, from, before) => (facts) => ({
  [`${field}From`]: daysBefore(facts, from),
  [`${field}Before`]: daysBefore(facts, before),
});
const prefixOfDay = (facts) => `ORD${daysBefore(facts, 100).slice(0, 10).replaceAll("-", "")}`;

/** Each filter alone; of each kind of value the one that most have, and one that few have. */
const ALONE = [
  list("storeIds, the largest", { storeIds: ["BENCH-KR"] }),
  list("storeIds, the smallest", { storeIds: ["BENCH-US"] }),
  list("storeIds, two", { storeIds: ["BENCH-KR-2", "BENCH-US"] }),
  list("statuses SUCCEEDED", { statuses: ["SUCCEEDED"] }),
  list("statuses FAILED", { statuses: ["FAILED"] }),
  list("statuses FAILED and UNKNOWN", { statuses: ["FAILED", "UNKNOWN"] }),
  list("statuses UNKNOWN", { statuses: ["UNKNOWN"] }),
  list("settlement AWAITED", { settlement: "AWAITED" }),
  list("settlement VOIDED", { settlement: "VOIDED" }),
  list("resolvedBy RESPONSE", { resolvedBy: "RESPONSE" }),
  list("resolvedBy OPERATOR", { resolvedBy: "OPERATOR" }),
  list("orderNo", ofOne("orderNo")),
  list("orderNoPrefix, a day", (facts) => ({ orderNoPrefix: prefixOfDay(facts) })),
  list("orderNoPrefix, every order", { orderNoPrefix: "ORD" }),
  list("idempotencyKey", ofOne("idempotencyKey")),
  list("returnRequestId", ofOne("returnRequestId")),
  list("requestId", ofOne("requestId")),
  list("itemId, common", { itemId: COMMON.itemId }),
  list("itemId, rare", { itemId: RARE.itemId }),
  list("itemType PHYSICAL", { itemType: "PHYSICAL" }),
  list("itemType SUBSCRIPTION", { itemType: "SUBSCRIPTION" }),
  list("reason, common", { reason: COMMON.reason }),
  list("reason, rare", { reason: RARE.reason }),
  list("requestedBy, common", { requestedBy: COMMON.requestedBy }),
  list("requestedBy, rare", { requestedBy: RARE.requestedBy }),
  list("failureCode, common", { failureCode: COMMON.failureCode }),
  list("failureCode, rare", { failureCode: RARE.failureCode }),
  list("amount, 10 000 to 50 000", { storeIds: ONE_CURRENCY, amountFrom: "10000", amountTo: "50000" }),
  list("amount, from 1 000 000", { storeIds: ONE_CURRENCY, amountFrom: "1000000" }),
  list("created, a week", range("created", 107, 100)),
  list("resolved, a week", range("resolved", 107, 100)),
  list("inDoubtLongerThanSeconds, a day", { inDoubtLongerThanSeconds: DAY_SECONDS }),
  list("hasDiscrepancies true", { hasDiscrepancies: true }),
  list("hasDiscrepancies false", { hasDiscrepancies: false }),
];

/** As people combine them. */
const COMBINED = [
  list("support: UNKNOWN of a store, in doubt longer than a day", {
    storeIds: ["BENCH-KR"],
    statuses: ["UNKNOWN"],
    inDoubtLongerThanSeconds: DAY_SECONDS,
  }),
  list("finance: SUCCEEDED of a store, AWAITED, resolved in a month", (facts) => ({
    storeIds: ["BENCH-KR"],
    statuses: ["SUCCEEDED"],
    settlement: "AWAITED",
    ...range("resolved", 130, 100)(facts),
  })),
  list("a front end: its own SUCCEEDED of 7 days", (facts) => ({
    requestedBy: COMMON.requestedBy,
    statuses: ["SUCCEEDED"],
    createdFrom: daysBefore(facts, 7),
  })),
];

const FILTERS = [...ALONE, ...COMBINED];

const ORDER = `query ($storeId: ID, $orderNo: String!) {
  order(storeId: $storeId, orderNo: $orderNo) {
    cancelledTotal inDoubtTotal currencyCode
    lines { seq itemType itemId cancelledQuantity cancelledAmount inDoubtQuantity inDoubtAmount }
    cancellations { edges { node { id status totalCancelAmount createdAt items { seq itemId quantity lineTotal } } } }
  }
}`;

/** An order, with all that there is about it. */
const ORDERS = [
  {
    name: "order view, of an order with several cancels",
    kind: "page",
    query: ORDER,
    variables: ({ orders }, run) => nth(orders, run),
  },
];

const STATS_QUERY = `query ($filter: CancellationFilter, $groupBy: [CancellationGroup!]!, $largest: Int) {
  cancellationStats(filter: $filter, groupBy: $groupBy, timeZone: "Asia/Seoul", largest: $largest) {
    status settlement periodStart storeId itemType reason failureCode currencyCode count amount taxAmount
  }
}`;

/** Over the whole year that a history has. */
const GROUPS = [
  ["by month and status", ["MONTH", "STATUS"]],
  ["by week and status", ["WEEK", "STATUS"]],
  ["by day and status", ["DAY", "STATUS"]],
  ["by settlement", ["SETTLEMENT"]],
  ["by item type", ["ITEM_TYPE"]],
  ["by reason, the twenty most frequent", ["REASON"], 20],
  ["by failure code", ["FAILURE_CODE"]],
  ["by store", ["STORE"]],
];

const STATS = GROUPS.map(([name, groupBy, largest]) => ({
  name: `stats over a year ${name}`,
  kind: "stats",
  query: STATS_QUERY,
  variables: (facts) => ({ filter: { createdFrom: daysBefore(facts, 365) }, groupBy, largest }),
}));

/**
 * What is asked. Each case: `name`, as the table shows it; `kind`, which says what it has to keep to (see goals.mjs); `query`;
 * `variables(facts, run)`, where `run` counts the requests, so that a case can ask for another one each time; and perhaps `page`,
 * the page's number: it is walked to beforehand, and asked for by its cursor.
 */
export const CASES = [...PAGES, ...FILTERS, ...ORDERS, ...STATS];
