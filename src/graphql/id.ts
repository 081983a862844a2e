import { validate as isUuid } from "uuid";
import { InvalidArgumentError } from "../cancellation/errors.js";

const LONGEST_QUOTED = 60;

/** @throws InvalidArgumentError for anything but a UUID: the database would say it in its own words. */
export function checkedId(field: string, id: string): string {
  if (isUuid(id)) return id.toLowerCase();
  const found = id.length > LONGEST_QUOTED ? `${id.length} characters` : JSON.stringify(id);
  throw new InvalidArgumentError(field, "an id (a UUID)", found);
}
