import { daysBefore } from "./query.mjs";

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

export const STATS = GROUPS.map(([name, groupBy, largest]) => ({
  name: `stats over a year ${name}`,
  kind: "stats",
  query: STATS_QUERY,
  variables: (facts) => ({ filter: { createdFrom: daysBefore(facts, 365) }, groupBy, largest }),
}));
