import { createHmac, createSecretKey, hkdfSync, type KeyObject, timingSafeEqual } from "node:crypto";
import type { Cancellation } from "../model/cancellation.js";
import { Decimal } from "../model/decimal.js";
import { InvalidArgumentError } from "../model/errors.js";

/**
 * What a history can be sorted by; creation time and then id break ties.
 * - CREATED_AT: when the cancel was asked for.
 * - RESOLVED_AT: when it was decided. Open cancellations are left out: their place would change while pages are read.
 * - TOTAL_CANCEL_AMOUNT: the total asked for, of one currency only.
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

/** A place in a sorted history, before or after which a page is read. Its cancellation need not exist any more. */
export interface HistoryPosition {
  /** The value that is sorted by. It never changes once it is set. */
  readonly key: Date | Decimal;
  readonly createdAt: Date;
  readonly id: string;
}

/** Null for a cancellation that is not part of this order. */
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

/** Opaque, signed names of places in the history. A changed cursor, or one of another order, is refused. */
export interface Cursors {
  encode(position: HistoryPosition, order: HistoryOrder): string;
  /** @throws InvalidArgumentError for anything `encode` has not made for this order. */
  decode(cursor: string, order: HistoryOrder, argument: string): HistoryPosition;
}

/** NIST SP 800-107 allows fewer for tags that can only be tried online. */
const TAG_BYTES = 16;

const KEY_BYTES = 32;

/** The longest cursor has half of that. */
const MAX_CURSOR_LENGTH = 400;

/** To be changed when a cursor's content does: cursors of an older version are then refused, not misread. */
const CONTENT = "history-cursor-1";

/**
 * @param secrets the first signs, all verify: cursors outlive the rotation of a key while it stays in the list. Only derived keys are used.
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
        // Another spelling of the same bytes is not the cursor that was given out.
        bytes.toString("base64url") === cursor &&
        [newest, ...older].some((key) => timingSafeEqual(tag, tagOf(content, key)));
      if (!isOurs) {
        throw new InvalidArgumentError({ kind: "badCursor", field: argument });
      }
      const [field, direction, key = "", createdAt = "", id = ""] = content.split(" ");
      if (field !== order.field || direction !== order.direction) {
        throw new InvalidArgumentError({
          kind: "cursorOfOtherOrder",
          field: argument,
          order: `${order.field} ${order.direction}`,
          found: `${String(field)} ${String(direction)}`,
        });
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
