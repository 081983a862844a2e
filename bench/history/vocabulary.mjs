/** The stores of a history, and their shares of it. The decimals are the currency's own. */
export const STORES = [
  { id: "BENCH-KR", countryCode: "KR", currencyCode: "KRW" },
  { id: "BENCH-KR-2", countryCode: "KR", currencyCode: "KRW" },
  { id: "BENCH-US", countryCode: "US", currencyCode: "USD" },
];

/** What 25 cancellations have, however long the history: hard to find, and always the same page once it is found. */
export const RARE = {
  itemId: "P-RARE",
  reason: "Asked for by the ombudsman",
  requestedBy: "auditor",
  failureCode: "EBP-C-0007",
};

/** What more cancellations have than anything else of its kind. */
export const COMMON = {
  itemId: "P00001",
  reason: "Customer changed their mind",
  requestedBy: "web-shop",
  failureCode: "EBP-C-0010",
};
