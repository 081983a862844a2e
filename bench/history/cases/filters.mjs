import { COMMON, RARE } from "../vocabulary.mjs";
import { daysBefore, list, nth, ONE_CURRENCY } from "./query.mjs";

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
  list("storeId, the largest", { storeId: "BENCH-KR" }),
  list("storeId, the smallest", { storeId: "BENCH-US" }),
  list("storeId, two", { storeId: ["BENCH-KR-2", "BENCH-US"] }),
  list("status SUCCEEDED", { status: ["SUCCEEDED"] }),
  list("status FAILED", { status: ["FAILED"] }),
  list("status FAILED and UNKNOWN", { status: ["FAILED", "UNKNOWN"] }),
  list("status UNKNOWN", { status: ["UNKNOWN"] }),
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
  list("amount, 10 000 to 50 000", { storeId: ONE_CURRENCY, amountFrom: "10000", amountTo: "50000" }),
  list("amount, from 1 000 000", { storeId: ONE_CURRENCY, amountFrom: "1000000" }),
  list("created, a week", range("created", 107, 100)),
  list("resolved, a week", range("resolved", 107, 100)),
  list("inDoubtLongerThanSeconds, a day", { inDoubtLongerThanSeconds: DAY_SECONDS }),
  list("hasDiscrepancies true", { hasDiscrepancies: true }),
  list("hasDiscrepancies false", { hasDiscrepancies: false }),
];

/** As people combine them. */
const COMBINED = [
  list("support: UNKNOWN of a store, in doubt longer than a day", {
    storeId: "BENCH-KR",
    status: ["UNKNOWN"],
    inDoubtLongerThanSeconds: DAY_SECONDS,
  }),
  list("finance: SUCCEEDED of a store, AWAITED, resolved in a month", (facts) => ({
    storeId: "BENCH-KR",
    status: ["SUCCEEDED"],
    settlement: "AWAITED",
    ...range("resolved", 130, 100)(facts),
  })),
  list("a front end: its own SUCCEEDED of 7 days", (facts) => ({
    requestedBy: COMMON.requestedBy,
    status: ["SUCCEEDED"],
    createdFrom: daysBefore(facts, 7),
  })),
];

export const FILTERS = [...ALONE, ...COMBINED];
