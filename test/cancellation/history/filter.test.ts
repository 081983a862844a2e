import { expect, test } from "@jest/globals";
import { SCOPES } from "../../../src/cancellation/caller.js";
import { checkFilter } from "../../../src/cancellation/history/filter.js";

const CALLER = { subject: "user-1", storeIds: ["SIM-KR"], scopes: SCOPES };

test("a status that is named a thousand times is one condition, in the order first named", () => {
  const status = Array.from({ length: 1_000 }, (_, i) =>
    i % 2 === 0 ? ("UNKNOWN" as const) : ("FAILED" as const),
  );
  expect(checkFilter({ status }, CALLER, new Map())).toEqual({
    storeIds: ["SIM-KR"],
    statuses: ["UNKNOWN", "FAILED"],
  });
});
