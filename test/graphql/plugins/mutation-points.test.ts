import { expect, test } from "@jest/globals";
import { mutationPoints } from "../../../src/graphql/plugins/mutation-points.js";

const NEW_NAMES = ["somethingNew", "toString", "__proto__", "constructor"];

test("a mutation that nobody has thought about counts as the dearest, whatever its name", () => {
  const dearest = Math.max(
    ...["cancelPayment", "refreshCancellation", "resolveCancellation"].map((name) =>
      mutationPoints(name, true),
    ),
  );
  for (const name of NEW_NAMES) expect(mutationPoints(name, true)).toBe(dearest);
  expect(mutationPoints("cancelPayment", true)).toBe(1);
});

test("a query counts as no mutation, unless it answers what a mutation would", () => {
  for (const name of ["cancellation", ...NEW_NAMES]) expect(mutationPoints(name, false)).toBe(0);
  expect(mutationPoints("cancelPaymentPreview", false)).toBe(1);
});
