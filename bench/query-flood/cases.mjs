import { getIntrospectionQuery } from "graphql";
import { COMMON_ITEM, LARGEST_ORDER } from "./seed.mjs";

const CANCELLATION = `id storeId orderNo idempotencyKey status safeToRetry settlement resolvedBy totalCancelAmount currencyCode amountBasis
  refundAccount { bankCode accountNumberLast4 accountHolderName } returnRequestId processedCount totalProductAmount
  totalProductTaxAmount totalDeliveryAmount totalDeliveryTaxAmount requestId failure { resultCode message details { field message } }
  discrepancies { field asked confirmed }
  items { seq itemType itemId quantity amount taxAmount lineTotal confirmedQuantity confirmedAmount confirmedTaxAmount }
  events { from to source actor evidence { basis httpStatus resultCode requestId timestamp digest } at }
  reason note requestedBy createdAt sentAt resolvedAt inDoubtSince inDoubtSeconds lookups nextCheckAt nextStep`;
const PAGE = `totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor node { ${CANCELLATION} } }`;

const times = (count, text) => Array.from({ length: count }, (_, i) => text(i)).join(" ");
const page = (args) => `cancellations(${args}) { ${PAGE} }`;
const largest = (size) =>
  `{ order(orderNo: "${LARGEST_ORDER}") { cancelledTotal lines { seq cancelledAmount } ${page(`first: ${size}`)} } }`;
const listOf = (count) =>
  `{ cancellations(filter: { status: [${times(count, () => "FAILED")}] }) { totalCount } }`;
const counts = (count) =>
  `{ ${times(count, (i) => `a${i}: cancellations(first: 1, filter: { itemId: "${COMMON_ITEM}" }) { totalCount pageInfo { hasNextPage hasPreviousPage } }`)} }`;
const schemas = (count) => {
  const [, fields = "", fragments = ""] =
    /\{([^]*?)\n {4}\}\s+(fragment[^]*)$/u.exec(getIntrospectionQuery()) ?? [];
  return `{ ${times(count, (i) => fields.replace("__schema", `s${i}: __schema`))} } ${fragments}`;
};
const SAME = 'cancellation(id: "01a20241-82ea-7279-8944-e96e9036c6e3") { id }';
const VARIABLE = "query ($filter: CancellationFilter) { cancellations(filter: $filter) { totalCount } }";
const statuses = (count) => ({ filter: { status: Array.from({ length: count }, () => "FAILED") } });

/** What is accepted and the most of its kind, and the next larger one. */
export const CASES = [
  {
    what: "a page of 100 with everything, the most that is allowed of an ordinary history",
    worst: { query: `{ ${page("first: 100")} }` },
    larger: {
      what: "that page, and one of 20",
      query: `{ a: ${page("first: 100")} b: ${page("first: 20")} }`,
    },
  },
  {
    what: "20 cancels of 500 lines and 500 events each with everything, 10 000 of either being the most",
    worst: { query: largest(20) },
    larger: { what: "21 of them", query: largest(21) },
  },
  {
    what: "15 counts of the whole history by item, the most aliases",
    worst: { query: counts(15) },
    larger: { what: "16 aliases", query: counts(16) },
  },
  {
    what: "1 000 tokens, the most",
    worst: { query: listOf(984) },
    larger: { what: "1 001 tokens", query: listOf(985) },
  },
  {
    what: "fields of the same names, each compared with each other, as many as 1 000 tokens hold",
    worst: { query: `{ ${times(110, () => SAME)} }` },
    larger: { what: "one more", query: `{ ${times(111, () => SAME)} }` },
  },
  {
    what: "17 fragments within each other, their fields compared with each other",
    worst: { query: nestedFragments(17) },
    larger: { what: "fragments that double 100 times", query: doublingFragments(100) },
  },
  {
    what: "the schema twice, where it is told",
    worst: { query: schemas(2) },
    larger: { what: "three times", query: schemas(3) },
  },
  {
    what: "100 kB of variables, the most",
    worst: { query: VARIABLE, variables: statuses(11_090) },
    larger: { what: "more", query: VARIABLE, variables: statuses(11_200) },
  },
];

/** Each fragment spreads the next one and has fields of its own: all are compared. */
function nestedFragments(count) {
  const fragments = times(
    count,
    (i) =>
      `fragment f${i} on Cancellation { ${times(4, () => "id items { seq itemId }")} ${i + 1 < count ? `...f${i + 1}` : ""} }`,
  );
  return `{ cancellation(id: "01a20241-82ea-7279-8944-e96e9036c6e3") { ...f0 } } ${fragments}`;
}

function doublingFragments(count) {
  const fragments = times(count, (i) => `fragment f${i} on Cancellation { ...f${i + 1} ...f${i + 1} }`);
  return `{ cancellation(id: "01a20241-82ea-7279-8944-e96e9036c6e3") { ...f0 } } ${fragments} fragment f${count} on Cancellation { id }`;
}
