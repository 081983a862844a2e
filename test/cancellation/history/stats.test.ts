import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { InvalidArgumentError } from "../../../src/cancellation/model/errors.js";
import { MAX_PERIODS, PERIOD_UNITS, periodsOf } from "../../../src/cancellation/history/periods.js";
import { checkGrouping } from "../../../src/cancellation/history/stats.js";
import { localDate, startOfPeriod, ZONES } from "../../helpers/local-dates.js";

const HOUR_MS = 3_600_000;

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

describe("periods", () => {
  const moments = fc.date({
    min: new Date("1990-01-01"),
    max: new Date("2037-12-31"),
    noInvalidDate: true,
  });

  test("follow each other without gaps, and change when the date does on the clocks of the zone", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...ZONES),
        fc.constantFrom(...PERIOD_UNITS),
        moments,
        fc.nat(500 * 24),
        (timeZone, unit, first, hours) => {
          const last = new Date(first.getTime() + hours * HOUR_MS);
          const periods = periodsOf({ first, last }, unit, timeZone);

          expect(periods[0]?.from.getTime()).toBeLessThanOrEqual(first.getTime());
          expect(periods.at(-1)?.before.getTime()).toBeGreaterThan(last.getTime());
          for (const [place, { start, from, before }] of periods.entries()) {
            expect(startOfPeriod(localDate(from, timeZone), unit)).toBe(start);
            expect(localDate(new Date(from.getTime() - 1), timeZone) < start).toBe(true);
            expect(startOfPeriod(localDate(new Date(before.getTime() - 1), timeZone), unit)).toBe(start);
            expect(from).toEqual(periods[place - 1]?.before ?? from);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  test.each([
    ["America/New_York", "2026-03-08", 23],
    ["America/New_York", "2026-11-01", 25],
    ["Europe/Berlin", "2026-03-29", 23],
    ["Europe/Berlin", "2026-10-25", 25],
    // Midnight does not exist, or comes twice.
    ["America/Sao_Paulo", "2018-11-04", 23],
    ["Asia/Beirut", "2026-03-29", 23],
    ["America/Havana", "2026-11-01", 25],
    ["Australia/Lord_Howe", "2026-04-05", 24.5],
    ["Asia/Seoul", "2026-03-29", 24],
  ])("in %s, %s has %d hours", (timeZone, date, hours) => {
    const noon = Date.parse(`${date}T12:00:00Z`);
    const extent = { first: new Date(noon - 24 * HOUR_MS), last: new Date(noon + 24 * HOUR_MS) };
    const [day] = periodsOf(extent, "DAY", timeZone).filter(({ start }) => start === date);
    expect(day && (day.before.getTime() - day.from.getTime()) / HOUR_MS).toBe(hours);
  });

  test("leave out a day that a zone has skipped", () => {
    const extent = { first: new Date("2011-12-30T00:00:00Z"), last: new Date("2011-12-31T00:00:00Z") };
    expect(periodsOf(extent, "DAY", "Pacific/Apia").map(({ start }) => start)).toEqual([
      "2011-12-29",
      "2011-12-31",
    ]);
  });

  test("begin weeks on Monday", () => {
    const extent = { first: new Date("2027-01-01"), last: new Date("2027-01-04") };
    expect(periodsOf(extent, "WEEK", "UTC").map(({ start }) => start)).toEqual(["2026-12-28", "2027-01-04"]);
  });

  test("are not made without end", () => {
    const extent = { first: new Date("2000-01-01"), last: new Date("2026-01-01") };
    expect(() => periodsOf(extent, "DAY", "Asia/Seoul")).toThrow(`there are more than ${MAX_PERIODS}`);
    expect(periodsOf(extent, "MONTH", "Asia/Seoul")).toHaveLength(26 * 12 + 1);
  });
});
