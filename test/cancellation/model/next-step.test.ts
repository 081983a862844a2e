import { describe, expect, test } from "@jest/globals";
import { NEXT_STEPS, nextStepOf } from "../../../src/cancellation/model/cancellation.js";
import { errorsOf } from "../../../src/cancellation/model/user-error.js";
import { CANCELLATION_STATUSES } from "../../../src/cancellation/model/status.js";
import { ASKED_AT, cancellation } from "../../helpers/cancellations.js";

describe("what happens next", () => {
  test.each([
    ["PENDING", ASKED_AT, "OUTCOME"],
    ["UNKNOWN", ASKED_AT, "LOOKUP"],
    ["UNKNOWN", null, "OPERATOR"],
    ["SUCCEEDED", null, null],
    ["FAILED", null, null],
  ] as const)("to %s with its next look at %s is %s", (status, nextCheckAt, next) => {
    expect(nextStepOf(cancellation(status, { nextCheckAt }))).toBe(next);
  });

  test("is something for whatever is not decided, and nothing for what is", () => {
    for (const status of CANCELLATION_STATUSES) {
      const open = status === "PENDING" || status === "UNKNOWN";
      for (const nextCheckAt of [ASKED_AT, null]) {
        const next = nextStepOf(cancellation(status, { nextCheckAt }));
        if (open) expect(NEXT_STEPS).toContain(next);
        else expect(next).toBeNull();
      }
    }
  });

  test("is said in the error that a cancellation in doubt brings: EBP is asked again, or an operator is needed", () => {
    expect(errorsOf(cancellation("UNKNOWN"))[0]?.message).toContain("EBP is asked again automatically");
    expect(errorsOf(cancellation("UNKNOWN", { nextCheckAt: null }))[0]?.message).toContain("an operator");
  });
});
