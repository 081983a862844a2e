import { Prisma } from "../generated/client.js";
import type { ArchivedCancellation } from "./archive-lines.js";
import type { RowJson } from "./row-json.js";

/** A decided cancellation that is old enough, whether anything is left to be archived of it or not. */
export interface ExaminedCancellation {
  readonly id: string;
  readonly resolved_at: Date;
  readonly created_at: Date;
  /** Something hangs on it, and all of that is old enough. */
  readonly is_due: boolean;
  /** The number of its last event; what comes later stays. 0: it has none. */
  readonly last_event: number;
  readonly events: number;
  /** Of what is sealed in them. */
  readonly bytes: number;
}

export interface CancellationRowJson {
  readonly cancellation: string;
  readonly items: string;
}

export interface EventRowJson {
  readonly position: number;
  readonly number: number;
  readonly event: string;
}

/** How many of each store are decided and old enough; one part of them is archived already, as a rule. */
export function countStatement(before: Date): Prisma.Sql {
  return Prisma.sql`
    /* retention: count */
    SELECT store_id, count(*)::float8 AS rows FROM cancellation
    WHERE status IN ('SUCCEEDED', 'FAILED') AND resolved_at < ${before}
    GROUP BY store_id ORDER BY store_id`;
}

/**
 * The next ones of a store by the time they were decided. Each statement looks at a page and no more, however few of it are due. One
 * that something was learnt of lately is left as it is until that is old enough as well: somebody may still have to see it.
 */
export function examineStatement(
  storeId: string,
  before: Date,
  after: Pick<ExaminedCancellation, "resolved_at" | "created_at" | "id"> | null,
  limit: number,
): Prisma.Sql {
  const onwards =
    after === null
      ? Prisma.sql`true`
      : Prisma.sql`(resolved_at, created_at, id) > (${after.resolved_at}, ${after.created_at}, ${after.id}::uuid)`;
  return Prisma.sql`
    /* retention: examine */
    SELECT
      id, resolved_at, created_at,
      CASE WHEN event.number IS NULL THEN archived_at IS NULL ELSE event.at < ${before} END AS is_due,
      coalesce(event.number, 0) AS last_event, event.events, event.bytes
    FROM (
      SELECT store_id, id, resolved_at, created_at, archived_at FROM cancellation
      WHERE store_id = ${storeId} AND status IN ('SUCCEEDED', 'FAILED') AND resolved_at < ${before} AND ${onwards}
      ORDER BY resolved_at, created_at, id
      LIMIT ${limit}
    ) AS examined, LATERAL (
      SELECT
        max(number) AS number, max(at) AS at, count(*)::float8 AS events,
        coalesce(sum(octet_length(answer_sealed)), 0)::float8 AS bytes
      FROM cancellation_event
      WHERE cancellation_event.store_id = examined.store_id AND cancellation_id = examined.id
    ) AS event
    ORDER BY resolved_at, created_at, id`;
}

/** The rows with their items, as JSON, in the order they are named in. */
export function rowsStatement(json: RowJson, storeId: string, ids: readonly string[]): Prisma.Sql {
  return Prisma.sql`
    /* retention: rows */
    SELECT
      ${json.cancellation}::text AS cancellation,
      (
        SELECT coalesce(json_agg(${json.cancellation_item} ORDER BY seq), '[]') FROM cancellation_item
        WHERE cancellation_item.store_id = cancellation.store_id AND cancellation_id = cancellation.id
      )::text AS items
    FROM unnest(${[...ids]}::uuid[]) WITH ORDINALITY AS named (id, position)
    JOIN cancellation ON cancellation.store_id = ${storeId} AND cancellation.id = named.id
    ORDER BY position`;
}

/** Their next events, of so many bytes together that are sealed; one at least. */
export function eventsStatement(
  json: RowJson,
  storeId: string,
  named: readonly Pick<ExaminedCancellation, "id" | "last_event">[],
  after: Pick<EventRowJson, "position" | "number">,
  size: { readonly rows: number; readonly bytes: number },
): Prisma.Sql {
  return Prisma.sql`
    /* retention: events */
    SELECT position, number, ${json.cancellation_event}::text AS event FROM (
      SELECT
        position::integer AS position, cancellation_event.*,
        row_number() OVER page AS place, coalesce(sum(octet_length(answer_sealed)) OVER page, 0) AS bytes
      FROM unnest(
        ${named.map(({ id }) => id)}::uuid[], ${named.map(({ last_event }) => last_event)}::integer[]
      ) WITH ORDINALITY AS named (id, last_event, position)
      JOIN cancellation_event
        ON cancellation_event.store_id = ${storeId} AND cancellation_id = named.id AND number <= last_event
      WHERE (position, number) > (${after.position}, ${after.number})
      WINDOW page AS (ORDER BY position, number ROWS UNBOUNDED PRECEDING)
      ORDER BY position, number
      LIMIT ${size.rows}
    ) AS cancellation_event
    WHERE place = 1 OR bytes <= ${size.bytes}
    ORDER BY position, number`;
}

/**
 * Removes what a file has, if it still is as it is there. One that somebody is writing, or that was sealed anew since, is left for the next
 * run: this statement waits for nobody who writes a cancellation, so the order's row, which others lock first, need not be locked for its
 * sake; nothing that an order rests on changes here. Whoever adds an event has the cancellation's row, so no event comes in between.
 */
export function removeStatement(storeId: string, archived: readonly ArchivedCancellation[]): Prisma.Sql {
  const rows = JSON.stringify(archived.map(({ row }) => row));
  const events = JSON.stringify(archived.flatMap(({ events }) => events));
  return Prisma.sql`
    /* retention: remove */
    WITH archived AS (
      SELECT * FROM jsonb_to_recordset(${rows}::jsonb) AS archived (
        id uuid, note text, bank_code text, account_last_four text, account_holder_masked text,
        refund_account_sealed text, refund_account_key_id text, failure_details jsonb
      )
    ), archived_event AS (
      SELECT * FROM jsonb_to_recordset(${events}::jsonb) AS archived_event (
        cancellation_id uuid, number integer, answer_key_id text
      )
    ), locked AS (
      SELECT cancellation.store_id, cancellation.id FROM cancellation JOIN archived USING (id)
      WHERE cancellation.store_id = ${storeId} AND status IN ('SUCCEEDED', 'FAILED')
        AND (
          cancellation.note, cancellation.bank_code, cancellation.account_last_four, cancellation.account_holder_masked,
          cancellation.refund_account_sealed, cancellation.refund_account_key_id, cancellation.failure_details
        ) IS NOT DISTINCT FROM (
          archived.note, archived.bank_code, archived.account_last_four, archived.account_holder_masked,
          decode(archived.refund_account_sealed, 'base64'), archived.refund_account_key_id, archived.failure_details
        )
      FOR NO KEY UPDATE OF cancellation SKIP LOCKED
    ), removed AS (
      DELETE FROM cancellation_event USING locked, archived_event
      WHERE cancellation_event.store_id = locked.store_id AND cancellation_event.cancellation_id = locked.id
        AND archived_event.cancellation_id = locked.id AND cancellation_event.number = archived_event.number
        AND cancellation_event.answer_key_id IS NOT DISTINCT FROM archived_event.answer_key_id
    ), emptied AS (
      UPDATE cancellation SET
        note = NULL, bank_code = NULL, account_last_four = NULL, account_holder_masked = NULL,
        refund_account_sealed = NULL, refund_account_key_id = NULL, failure_details = '[]',
        archived_at = clock_timestamp()
      FROM locked
      WHERE cancellation.store_id = locked.store_id AND cancellation.id = locked.id
      RETURNING cancellation.id
    )
    SELECT count(*)::integer AS rows FROM emptied`;
}
