import { validate as isUuid } from "uuid";
import { InvalidArgumentError } from "../cancellation/errors.js";
import type { HistoryOrder, HistoryPosition } from "../cancellation/history/history.js";

/** A cursor names its order, so that it cannot be used to read on in another one. */
const ORDER_MARKS: Readonly<Record<HistoryOrder, string>> = {
  NEWEST_FIRST: "created-desc",
  OLDEST_FIRST: "created-asc",
};

/** The end of the year 9999: later dates are written in another form, which PostgreSQL does not read. */
const LATEST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

export function encodeCursor({ createdAt, id }: HistoryPosition, order: HistoryOrder): string {
  return Buffer.from(`${ORDER_MARKS[order]} ${createdAt.getTime()} ${id}`, "utf8").toString("base64url");
}

/** @throws InvalidArgumentError for anything `encodeCursor` has not made for this order. */
export function decodeCursor(cursor: string, order: HistoryOrder, argument: string): HistoryPosition {
  const [mark, time, id, ...rest] = Buffer.from(cursor, "base64url").toString("utf8").split(" ");
  const known = Object.values(ORDER_MARKS).includes(mark ?? "");
  if (known && mark !== ORDER_MARKS[order]) {
    throw new InvalidArgumentError(argument, "a cursor of a history in this order", "one of another order");
  }
  const milliseconds = /^\d{1,15}$/u.test(time ?? "") ? Number(time) : Number.POSITIVE_INFINITY;
  if (!known || id === undefined || !isUuid(id) || rest.length > 0 || milliseconds > LATEST_MS) {
    throw new InvalidArgumentError(argument, "a cursor as an edge or pageInfo gave it", "something else");
  }
  return { createdAt: new Date(milliseconds), id };
}
