import { createHmac, createSecretKey, hkdfSync, type KeyObject, timingSafeEqual } from "node:crypto";
import type { Cancellation } from "../model/cancellation.js";
import { Decimal } from "../model/decimal.js";
import { InvalidArgumentError } from "../model/errors.js";

/**
 * What a history can be ordered by. Whatever it is, the moment of creation and then the id break ties.
 * - CREATED_AT: when the cancel was asked for.
 * - RESOLVED_AT: when it was decided. What is not decided has no such moment, and is not in this order at all: a place that
 *   changes once it is decided would show it twice, or never.
 * - TOTAL_CANCEL_AMOUNT: the total asked for. Of one currency only: amounts of two cannot be compared.
 */
export const HISTORY_ORDER_FIELDS = ["CREATED_AT", "RESOLVED_AT", "TOTAL_CANCEL_AMOUNT"] as const;
export type HistoryOrderField = (typeof HISTORY_ORDER_FIELDS)[number];

export const ORDER_DIRECTIONS = ["ASC", "DESC"] as const;
export type OrderDirection = (typeof ORDER_DIRECTIONS)[number];

export interface HistoryOrder {
  readonly field: HistoryOrderField;
  readonly direction: OrderDirection;
}

export const NEWEST_FIRST: HistoryOrder = { field: "CREATED_AT", direction: "DESC" };

export const OLDEST_FIRST: HistoryOrder = { field: "CREATED_AT", direction: "ASC" };

/** A place in an order, before or after which a page is read: also where nothing stands any more. */
export interface HistoryPosition {
  /** What is ordered by: a moment, or an amount. None of it ever changes once it is there. */
  readonly key: Date | Decimal;
  readonly createdAt: Date;
  readonly id: string;
}

/** Null for one that has no place in the order. */
export function positionOf(
  { id, createdAt, resolvedAt, totalCancelAmount }: Cancellation,
  { field }: HistoryOrder,
): HistoryPosition | null {
  const keys: Readonly<Record<HistoryOrderField, Date | Decimal | null>> = {
    CREATED_AT: createdAt,
    RESOLVED_AT: resolvedAt,
    TOTAL_CANCEL_AMOUNT: totalCancelAmount,
  };
  const key = keys[field];
  return key === null ? null : { key, createdAt, id };
}

/** Opaque names of places in the history. Whoever changes one, or reads on with it in another order, is told so. */
export interface Cursors {
  encode(position: HistoryPosition, order: HistoryOrder): string;
  /** @throws InvalidArgumentError for anything `encode` has not made for this order. */
  decode(cursor: string, order: HistoryOrder, argument: string): HistoryPosition;
}

/** As short as HMAC-SHA256 may be cut by NIST SP 800-107 for what can be asked about online only, and then some. */
const TAG_BYTES = 16;

const KEY_BYTES = 32;

/** The longest, of an amount with all its digits, has half of that. */
const MAX_CURSOR_LENGTH = 400;

/** Changes when a cursor's content does: what an older version has given out is then refused, not misread. */
const CONTENT = "history-cursor-1";

/**
 * @param secrets the first signs, all are accepted: so cursors outlive the rotation of a key for as long as it stays in the list. Only
 * what is derived from them is used.
 */
export function createCursors(secrets: readonly [Buffer, ...Buffer[]]): Cursors {
  const [newest, ...older] = secrets.map((secret) =>
    createSecretKey(Buffer.from(hkdfSync("sha256", secret, "", CONTENT, KEY_BYTES))),
  ) as [KeyObject, ...KeyObject[]];

  return {
    encode(position, order) {
      const content = contentOf(position, order);
      return Buffer.concat([tagOf(content, newest), Buffer.from(content, "utf8")]).toString("base64url");
    },

    decode(cursor, order, argument) {
      const bytes = Buffer.from(cursor.slice(0, MAX_CURSOR_LENGTH), "base64url");
      const [tag, content] = [bytes.subarray(0, TAG_BYTES), bytes.subarray(TAG_BYTES).toString("utf8")];
      const isOurs =
        tag.length === TAG_BYTES &&
        // Written in another way, it is not the one that was given out.
        bytes.toString("base64url") === cursor &&
        [newest, ...older].some((key) => timingSafeEqual(tag, tagOf(content, key)));
      if (!isOurs) {
        throw new InvalidArgumentError(argument, "a cursor as an edge or pageInfo gave it", "something else");
      }
      const [field, direction, key = "", createdAt = "", id = ""] = content.split(" ");
      if (field !== order.field || direction !== order.direction) {
        const expected = `a cursor of the order ${order.field} ${order.direction}`;
        throw new InvalidArgumentError(argument, expected, `one of ${String(field)} ${String(direction)}`);
      }
      return {
        key: field === "TOTAL_CANCEL_AMOUNT" ? new Decimal(key) : new Date(Number(key)),
        createdAt: new Date(Number(createdAt)),
        id,
      };
    },
  };
}

function contentOf({ key, createdAt, id }: HistoryPosition, { field, direction }: HistoryOrder): string {
  const written = key instanceof Date ? key.getTime() : key.toFixed();
  return `${field} ${direction} ${written} ${createdAt.getTime()} ${id}`;
}

function tagOf(content: string, key: KeyObject): Buffer {
  return createHmac("sha256", key).update(content, "utf8").digest().subarray(0, TAG_BYTES);
}
