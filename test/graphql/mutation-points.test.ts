import { expect, test } from "@jest/globals";
import { mutationPoints } from "../../src/graphql/mutation-points.js";

test("a mutation that nobody has thought about counts as the dearest, whatever its name", () => {
  const dearest = Math.max(
    ...["cancelPayment", "refreshCancellation", "resolveCancellation"].map(mutationPoints),
  );
  for (const name of ["somethingNew", "toString", "__proto__", "constructor"]) {
    expect(mutationPoints(name)).toBe(dearest);
  }
  expect(mutationPoints("cancelPayment")).toBe(1);
});
