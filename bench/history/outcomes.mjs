import { LOOKUP_DELAYS_MS } from "../../src/cancellation/model/timing.ts";
import { DOUBT_CODES, FAILURE_CODES, RARE, RESOLVERS, SETTLEMENTS, STATUSES } from "./vocabulary.mjs";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const TIMED_OUT_MS = 10_000;
const SENT_AFTER_MS = 5;
/** Between the two lie most doubts: minutes to days, the shorter the more frequent. */
const SHORTEST_DOUBT_MS = MINUTE_MS;
const LONGEST_DOUBT_MS = 5 * DAY_MS;

const DECIDED = {
  safeToRetry: false,
  settlement: null,
  failureKind: null,
  failureCode: null,
  failureMessage: null,
  inDoubtSince: null,
  nextCheckAt: null,
  lookups: 0,
};

/** What has become of each cancel until `until`, in milliseconds since 1970, and how it came about. */
export function createOutcomes(random, until) {
  const pickStatus = random.chooser(STATUSES);
  const pickSettlement = random.chooser(SETTLEMENTS);
  const pickResolver = random.chooser(RESOLVERS);
  const pickFailure = random.chooser(FAILURE_CODES);
  const pickDoubt = random.chooser(DOUBT_CODES);
  /** Nothing of a history lies in the future. */
  const after = (moment, ms) => Math.min(moment + ms, until);

  function decide(status, createdAt, isRare) {
    const resolvedBy = isRare ? "RESPONSE" : pickResolver();
    const failureCode = isRare ? RARE.failureCode : pickFailure();
    const settlement = status === "SUCCEEDED" ? pickSettlement() : null;
    if (resolvedBy !== "RESPONSE") return decideLater(status, createdAt, resolvedBy, settlement);
    const resolvedAt = after(createdAt, random.between(50, 800));
    const outcome = { ...DECIDED, status, resolvedBy, resolvedAt, settlement, answeredAt: resolvedAt };
    if (status === "SUCCEEDED") return outcome;
    return failureCode === null
      ? { ...outcome, failureKind: "NOT_SENT", failureMessage: "EBP was not reached.", safeToRetry: true }
      : { ...outcome, failureKind: "REJECTED", failureCode, failureMessage: "The cancel was rejected." };
  }

  function decideLater(status, createdAt, resolver, settlement) {
    const doubt = come(createdAt);
    const ms = SHORTEST_DOUBT_MS * (LONGEST_DOUBT_MS / SHORTEST_DOUBT_MS) ** random.fraction();
    const resolvedAt = after(doubt.inDoubtSince, Math.round(ms));
    const lookups = lookupsWithin(resolvedAt - doubt.inDoubtSince);
    const outcome = { ...DECIDED, ...doubt, status, resolvedAt, settlement, lookups };
    if (status === "SUCCEEDED") {
      // EBP tells of a refund, or of a void, and so decides.
      const told = settlement === "AWAITED" && resolver === "WEBHOOK" ? "REFUND_REQUESTED" : settlement;
      return { ...outcome, resolvedBy: resolver, settlement: told };
    }
    return {
      ...outcome,
      // A webhook tells of nothing that has failed.
      resolvedBy: resolver === "WEBHOOK" ? "LOOKUP" : resolver,
      failureKind: "NOT_CANCELLED",
      failureMessage: "It was not carried out.",
      safeToRetry: true,
    };
  }

  function come(createdAt) {
    const inDoubtSince = after(createdAt, TIMED_OUT_MS);
    return { inDoubtSince, answeredAt: inDoubtSince };
  }

  function doubt(createdAt) {
    const since = come(createdAt);
    const lookups = lookupsWithin(until - since.inDoubtSince);
    const delay = LOOKUP_DELAYS_MS[lookups];
    return {
      ...DECIDED,
      ...since,
      status: "UNKNOWN",
      resolvedBy: null,
      resolvedAt: null,
      failureKind: "IN_DOUBT",
      failureCode: pickDoubt(),
      failureMessage: "It may have been carried out.",
      lookups,
      // After the last look it waits for an operator.
      nextCheckAt: delay === undefined ? null : until + delay,
    };
  }

  return {
    statusOf: (isRare) => (isRare ? "FAILED" : pickStatus()),
    of(status, createdAt, isRare) {
      const outcome = status === "UNKNOWN" ? doubt(createdAt) : decide(status, createdAt, isRare);
      const sentAt = outcome.failureKind === "NOT_SENT" ? null : after(createdAt, SENT_AFTER_MS);
      return { ...outcome, sentAt };
    },
  };
}

function lookupsWithin(ms) {
  let [due, lookups] = [0, 0];
  for (const delay of LOOKUP_DELAYS_MS) {
    due += delay;
    if (due > ms) break;
    lookups += 1;
  }
  return lookups;
}
