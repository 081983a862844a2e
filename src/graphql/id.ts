import { validate as isUuid } from "uuid";
import { InvalidArgumentError, quoted } from "../cancellation/errors.js";

/** @throws InvalidArgumentError for anything but a UUID: the database would say it in its own words. */
export function checkedId(field: string, id: string): string {
  if (isUuid(id)) return id.toLowerCase();
  throw new InvalidArgumentError(field, "an id (a UUID)", quoted(id));
}
