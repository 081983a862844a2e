import { expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  areMonthsEnough,
  assertMonthsEnough,
  LEAST_MONTHS_KEPT,
} from "../../../src/cancellation/history/retention-rules.js";
import { filesIn, useFolders } from "../../helpers/archives.js";
import { useRecovery } from "../../helpers/recovery.js";
import { MONTHS, useRetention } from "../../helpers/retention.js";

const fixture = useRecovery();
const { run, decided } = useRetention(fixture);
const newFolder = useFolders();

test("whole months are enough from the fewest on, and nothing else is", () => {
  fc.assert(
    fc.property(fc.oneof(fc.integer({ min: -20, max: 2_000 }), fc.double()), (months) => {
      const isEnough = Number.isInteger(months) && months >= LEAST_MONTHS_KEPT;
      expect(areMonthsEnough(months)).toBe(isEnough);
      const check = expect(() => assertMonthsEnough("months", months));
      if (isEnough) check.not.toThrow();
      else check.toThrow(`months: expected whole months, at least 13, found ${months}`);
    }),
  );
});

test.each([LEAST_MONTHS_KEPT - 1, LEAST_MONTHS_KEPT + 0.5, 0, -MONTHS, Number.NaN])(
  "whoever asks for what is older than %p months is refused, and nothing is removed",
  async (olderThanMonths) => {
    const folder = await newFolder();
    const { id } = await decided("accepted", MONTHS + 1);
    await expect(run(folder, { olderThanMonths })).rejects.toThrow("olderThanMonths: expected whole months");
    expect(await filesIn(folder)).toEqual([]);
    const rows = await fixture.sql("SELECT number FROM cancellation_event WHERE cancellation_id = $1", [id]);
    expect(rows).not.toEqual([]);
  },
);

test("what is older than the fewest months is archived, and what is younger stays", async () => {
  await decided("accepted", LEAST_MONTHS_KEPT + 1);
  await decided("accepted", LEAST_MONTHS_KEPT - 1);
  const result = await run(await newFolder(), { olderThanMonths: LEAST_MONTHS_KEPT });
  expect(result.archived.reduce((sum, { moved }) => sum + moved, 0)).toBe(1);
});
