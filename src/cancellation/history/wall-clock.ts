/** What a clock on the wall shows in a time zone, as if it were UTC: days and hours can then be reckoned with. */
export interface WallClock {
  /** Milliseconds since 1970, of the same digits in UTC. */
  read(moment: number): number;
}

export const DAY_MS = 24 * 60 * 60 * 1_000;
const SECOND_MS = 1_000;

/** @param timeZone one that the runtime knows. */
export function createWallClock(timeZone: string): WallClock {
  const format = new Intl.DateTimeFormat("en-US-u-ca-gregory-nu-latn", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  return {
    read(moment) {
      // Taken apart here: having it done by the formatter takes several times as long.
      const [month = 0, day = 0, year = 0, ...time] = format.format(moment).split(/\D+/u).map(Number);
      const [hours = 0, minutes = 0, seconds = 0] = time;
      const shown = new Date(0);
      shown.setUTCFullYear(year, month - 1, day);
      shown.setUTCHours(hours, minutes, seconds);
      // Offsets are of whole seconds.
      return shown.getTime() + (((moment % SECOND_MS) + SECOND_MS) % SECOND_MS);
    },
  };
}

/**
 * The first moment at which the clock shows a date, or a later one where it has skipped it. Midnight may not exist, or come twice:
 * what counts is when the date changes.
 * @param date midnight of it, as if in UTC.
 */
export function beginningOf(clock: WallClock, date: number): number {
  const isThere = (moment: number): boolean => clock.read(moment) >= date;
  // As far from UTC as it is shortly before, and then as far as it is there: the first that is right is the first there is.
  for (const near of [date - DAY_MS, date, date + DAY_MS]) {
    const guess = date - (clock.read(near) - near);
    if (isThere(guess) && !isThere(guess - 1)) return guess;
  }
  return firstBetween(date - 2 * DAY_MS, date + 2 * DAY_MS, isThere);
}

/** @param is false at first, and true from some moment on. */
function firstBetween(before: number, after: number, is: (moment: number) => boolean): number {
  let [no, yes] = [before, after];
  while (yes - no > 1) {
    const middle = Math.floor((no + yes) / 2);
    if (is(middle)) yes = middle;
    else no = middle;
  }
  return yes;
}
