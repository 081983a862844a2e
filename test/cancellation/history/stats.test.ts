import { describe, expect, test } from "@jest/globals";
import { InvalidArgumentError } from "../../../src/cancellation/model/errors.js";
import { checkGrouping } from "../../../src/cancellation/history/stats.js";

describe("a grouping", () => {
  test("is in the order of the sums, whatever order it is asked for in, and of UTC unless a zone is named", () => {
    expect(checkGrouping(["REASON", "MONTH", "STATUS"], null)).toEqual({
      keys: ["STATUS", "REASON"],
      period: { unit: "MONTH", timeZone: "UTC" },
    });
    expect(checkGrouping([], undefined)).toEqual({ keys: [], period: null });
  });

  test("by the same twice, or by two periods, is refused", () => {
    expect(() => checkGrouping(["STORE", "DAY", "STORE"], null)).toThrow(
      "groupBy: expected each group once, found STORE several times",
    );
    expect(() => checkGrouping(["MONTH", "DAY"], null)).toThrow(
      "groupBy: expected at most one of DAY, WEEK, MONTH, found DAY, MONTH",
    );
  });

  test.each(["UTC", "Asia/Seoul", "America/Argentina/Buenos_Aires", "America/Port-au-Prince", "Etc/GMT+9"])(
    "takes the time zone %s",
    (timeZone) => {
      expect(checkGrouping(["DAY"], timeZone).period).toEqual({ unit: "DAY", timeZone });
    },
  );

  test.each([
    "",
    "KST",
    "EST",
    "+09:00",
    "UTC+9",
    "Asia/Nowhere",
    "Asia/Seoul'",
    "a/".repeat(100),
    "Asia/서울",
  ])("refuses the time zone %p, also where no period is asked for", (timeZone) => {
    expect(() => checkGrouping([], timeZone)).toThrow(InvalidArgumentError);
    expect(() => checkGrouping([], timeZone)).toThrow(/^timeZone: expected the IANA name of a time zone/u);
  });
});
