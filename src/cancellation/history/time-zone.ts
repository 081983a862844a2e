import { InvalidArgumentError } from "../model/errors.js";

export const UTC = "UTC";

/** A name with its area. Abbreviations are left out (they stand for several zones), and offsets, which know no summer time. */
const NAME = /^[A-Za-z]+(?:[/_+-][A-Za-z0-9]+)*\/[A-Za-z0-9]+(?:[/_+-][A-Za-z0-9]+)*$/u;
const LONGEST_NAME = 64;

/**
 * One that the runtime's own tables know. The database is never asked: its tables may be older, or others.
 * @throws InvalidArgumentError
 */
export function checkTimeZone(field: string, requested: string | null | undefined): string {
  if (requested === null || requested === undefined) return UTC;
  if (requested === UTC || (requested.length <= LONGEST_NAME && NAME.test(requested) && isKnown(requested)))
    return requested;
  const expected = 'the IANA name of a time zone, such as "Asia/Seoul" or "UTC"';
  throw new InvalidArgumentError(field, expected, requested === "" ? "nothing" : "something else");
}

function isKnown(timeZone: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone });
    return true;
  } catch {
    return false;
  }
}
