import { validate as isUuid } from "uuid";
import { InvalidArgumentError } from "../../cancellation/model/errors.js";

/**
 * @throws InvalidArgumentError for anything but a UUID: the database would say it in its own words. It is not quoted: whatever
 * somebody has at hand is pasted there.
 */
export function checkedId(field: string, id: string): string {
  if (isUuid(id)) return id.toLowerCase();
  throw new InvalidArgumentError(field, "an id (a UUID)", `${id.length} characters that are none`);
}
