import fc from "fast-check";
import type { CancellationFilter } from "../../src/cancellation/history/filter.js";
import { HISTORY_STORES } from "./history-rows.js";

/** Some of the stores, and a few of the conditions at a time: with more, hardly anything is left. */
export function filtersOf(
  conditions: readonly fc.Arbitrary<Partial<CancellationFilter>>[],
  atMost: number,
): fc.Arbitrary<CancellationFilter> {
  return fc
    .tuple(
      fc.subarray([...HISTORY_STORES], { minLength: 1 }),
      fc.array(
        fc.constantFrom(...conditions).chain((condition) => condition),
        { maxLength: atMost },
      ),
    )
    .map(([storeIds, chosen]) => Object.assign({ storeIds }, ...chosen) as CancellationFilter);
}
