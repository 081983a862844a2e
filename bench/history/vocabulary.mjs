/** What a history is made of: who, what, why, and how often. Cases ask for these by name. */

/** The decimals are the currency's own. */
export const STORES = [
  { id: "BENCH-KR", countryCode: "KR", currencyCode: "KRW", decimals: 0, share: 70 },
  { id: "BENCH-KR-2", countryCode: "KR", currencyCode: "KRW", decimals: 0, share: 20 },
  { id: "BENCH-US", countryCode: "US", currencyCode: "USD", decimals: 2, share: 10 },
];

/** As many in every history, however large: what is hard to find, and the same to show once it is found. */
export const RARE_CANCELLATIONS = 25;
export const RARE = {
  itemId: "P-RARE",
  reason: "Asked for by the ombudsman",
  requestedBy: "auditor",
  failureCode: "EBP-C-0007",
};

export const COMMON = {
  itemId: "P00001",
  reason: "Customer changed their mind",
  requestedBy: "web-shop",
  failureCode: "EBP-C-0010",
};

export const STATUSES = [
  ["SUCCEEDED", 93.5],
  ["FAILED", 6],
  ["UNKNOWN", 0.5],
];

export const SETTLEMENTS = [
  ["REFUND_REQUESTED", 70],
  ["AWAITED", 20],
  ["VOIDED", 10],
];

export const RESOLVERS = [
  ["RESPONSE", 97],
  ["LOOKUP", 1.5],
  ["WEBHOOK", 1],
  ["OPERATOR", 0.5],
];

export const ITEM_TYPES = [
  ["PHYSICAL", 70],
  ["DIGITAL", 10],
  ["DELIVERY", 9],
  ["SERVICE", 8],
  ["SUBSCRIPTION", 3],
];

/** 20 cancellations have 60 lines between them. */
export const LINES = [1, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 5, 5, 6, 6];
export const LINES_ON_AVERAGE = 3;

/** Null: the request never left. */
export const FAILURE_CODES = [
  [COMMON.failureCode, 45],
  ["EBP-C-0005", 20],
  ["EBP-C-0004", 10],
  ["EBP-A-0001", 8],
  [null, 8],
  ["EBP-C-0006", 4],
  ["EBP-C-0001", 2.5],
  ["EBP-Z-0002", 1.5],
  ["EBP-C-0002", 0.7],
  ["EBP-B-0001", 0.3],
];

/** Null: no answer came in time. */
export const DOUBT_CODES = [
  [null, 70],
  ["EBP-C-0012", 12],
  ["EBP-C-0011", 8],
  ["EBP-Z-0010", 5],
  ["EBP-D-0001", 5],
];

const OTHER_REASONS = [
  "Wrong size",
  "Wrong colour",
  "Damaged on arrival",
  "Delivered too late",
  "Found it cheaper elsewhere",
  "Ordered twice by mistake",
  "Payment method to be changed",
  "Address to be changed",
  "Out of stock",
  "Price was wrong",
  "Not as described",
  "Parts missing",
  "Defective",
  "Gift refused",
  "Installation not possible",
  "Subscription ended",
  "Trade-in withdrawn",
  "Coupon forgotten",
  "Delivery refused",
  "Lost in transit",
  "Suspected fraud",
  "Age could not be verified",
  "Product recalled",
  "Bundle split",
];

/** "" stands for words of the caller's own; null for none. */
export const REASONS = [[COMMON.reason, 30], ...longTail(OTHER_REASONS, 55), ["", 10], [null, 5]];

export const REQUESTERS = [
  [COMMON.requestedBy, 60],
  ...longTail(
    Array.from({ length: 199 }, (_, i) => `agent-${String(i + 1).padStart(3, "0")}`),
    40,
  ),
];

export const ITEM_IDS = longTail(
  Array.from({ length: 5_000 }, (_, i) => `P${String(i + 1).padStart(5, "0")}`),
  100,
);

/** The second is had half as often as the first, the third a third as often, and so on. */
function longTail(values, share) {
  const whole = values.reduce((sum, _, i) => sum + 1 / (i + 1), 0);
  return values.map((value, i) => [value, share / (i + 1) / whole]);
}
