import { describe, expect, test } from "@jest/globals";
import { contradictionOf, evidenceFinding, lateFinding } from "../../../src/cancellation/cancel/finding.js";
import { concludeFromResponse, disproven, proven } from "../../../src/cancellation/cancel/transitions.js";
import { evidenceInWords } from "../../../src/cancellation/model/outcome.js";
import { CANCELLATION_STATUSES } from "../../../src/cancellation/model/status.js";
import { cancellation } from "../../helpers/cancellations.js";
import { CONFIRMATION, intent, step } from "../../helpers/ledger.js";

const STEPS = CANCELLATION_STATUSES.filter((status) => status !== "PENDING");

const pairs = CANCELLATION_STATUSES.flatMap((status) => STEPS.map((to) => [status, to] as const));

describe("a result that comes in late", () => {
  test.each(pairs)("for %s and saying %s contradicts only if each proves the opposite", (status, to) => {
    const opposite = `${status} ${to}`;
    const contradiction = contradictionOf(cancellation(status), { to, source: "RESPONSE" });
    if (["SUCCEEDED FAILED", "FAILED SUCCEEDED"].includes(opposite)) {
      expect(contradiction).toEqual({
        field: "status",
        asked: `${status} by RESPONSE`,
        confirmed: `${to} by RESPONSE`,
      });
    } else {
      expect(contradiction).toBeNull();
    }
  });

  test("and agrees fills in what EBP confirmed, with its discrepancies", () => {
    const one = intent();
    const accepted = step(one, "accepted");
    const late = lateFinding(cancellation("SUCCEEDED", { resolvedBy: "WEBHOOK" }), accepted);

    expect(late).toMatchObject({ source: "RESPONSE", confirmation: CONFIRMATION, settlement: null });
    expect(late.discrepancies).toEqual(accepted.discrepancies);
    expect(accepted.discrepancies.length).toBeGreaterThan(0);
    expect(late.evidence).toBe(accepted.evidence);
  });

  test.each(["accepted", "rejected", "notSent", "unknown"] as const)(
    "of a cancel that failed, saying %s, confirms nothing and settles nothing",
    (kind) => {
      const late = lateFinding(cancellation("FAILED", { resolvedBy: "LOOKUP" }), step(intent(), kind));
      expect(late).toMatchObject({ confirmation: null, settlement: null, sentAgoMs: 5 });
      expect(late.discrepancies).toEqual(
        kind === "accepted"
          ? [{ field: "status", asked: "FAILED by LOOKUP", confirmed: "SUCCEEDED by RESPONSE" }]
          : [],
      );
    },
  );

  test("keeps when it was sent", () => {
    const sent = concludeFromResponse(intent(), {
      sentAgoMs: 1234,
      outcome: {
        kind: "unknown",
        failure: { resultCode: null, message: "", details: [] },
        evidence: evidenceInWords(""),
      },
    });
    expect(lateFinding(cancellation("UNKNOWN"), sent)).toMatchObject({ sentAgoMs: 1234, discrepancies: [] });
  });
});

describe("what decides", () => {
  test("for it is a success that awaits its settlement and confirms nothing yet", () => {
    expect(proven("LOOKUP", evidenceInWords("so"))).toMatchObject({
      to: "SUCCEEDED",
      resolvedBy: "LOOKUP",
      settlement: "AWAITED",
      safeToRetry: false,
      failureKind: null,
      confirmation: { returnRequestId: null, items: [] },
    });
  });

  test("against it is a failure that is safe to retry, and takes no success code for a failure's", () => {
    expect(disproven("LOOKUP", { ...evidenceInWords("why"), resultCode: "0" })).toMatchObject({
      to: "FAILED",
      resolvedBy: "LOOKUP",
      settlement: null,
      safeToRetry: true,
      failureKind: "NOT_CANCELLED",
      failure: { resultCode: null, message: "why" },
    });
  });
});

test("evidence alone changes nothing", () => {
  const evidence = evidenceInWords("seen");
  expect(evidenceFinding("LOOKUP", evidence)).toEqual({
    source: "LOOKUP",
    actor: null,
    evidence,
    settlement: null,
    confirmation: null,
    discrepancies: [],
    contradicts: false,
    sentAgoMs: null,
  });
});
