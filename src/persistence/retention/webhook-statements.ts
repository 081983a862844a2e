import { WEBHOOKS_THAT_CAN_GO } from "../../cancellation/history/retention-rules.js";
import { Prisma } from "../generated/client.js";
import type { ArchivedWebhook } from "./archive-lines.js";
import type { RowJson } from "./row-json.js";

export interface ExaminedWebhook {
  readonly digest: string;
  readonly received_at: Date;
  /** Its body is here, or the whole row can go; it is old enough, and nothing of its order is in doubt. */
  readonly is_due: boolean;
  /** Of what is sealed in it. */
  readonly bytes: number;
}

const CAN_GO = Prisma.sql`(${Prisma.join(
  WEBHOOKS_THAT_CAN_GO.map(
    ({ kind, state }) => Prisma.sql`kind = ${kind}::webhook_kind AND state = ${state}::webhook_state`,
  ),
  " OR ",
)})`;

export function countWebhooksStatement(): Prisma.Sql {
  return Prisma.sql`SELECT greatest(reltuples, 0)::float8 AS rows FROM pg_class WHERE oid = 'webhook_event'::regclass`;
}

/** The next ones by digest; a page and no more, however few of it are due. */
export function examineWebhooksStatement(before: Date, after: string | null, limit: number): Prisma.Sql {
  return Prisma.sql`
    /* retention: examine webhooks */
    SELECT
      digest, received_at,
      received_at < ${before} AND (body_sealed IS NOT NULL OR ${CAN_GO}) AND NOT EXISTS (
        SELECT FROM cancellation
        WHERE store_id = ANY(store_ids) AND cancellation.order_no = webhook_event.order_no
          AND status IN ('PENDING', 'UNKNOWN')
      ) AS is_due,
      coalesce(octet_length(body_sealed), 0)::float8 AS bytes
    FROM webhook_event
    WHERE ${after === null ? Prisma.sql`true` : Prisma.sql`digest > ${after}`}
    ORDER BY digest
    LIMIT ${limit}`;
}

export function webhookRowsStatement(json: RowJson, digests: readonly string[]): Prisma.Sql {
  return Prisma.sql`
    /* retention: webhook rows */
    SELECT ${json.webhook_event}::text AS webhook FROM webhook_event WHERE digest = ANY(${[...digests]}) ORDER BY digest`;
}

/** Takes out the bodies that a file has, and whole rows from which nothing follows. What somebody is at is left for the next run. */
export function removeWebhooksStatement(archived: readonly ArchivedWebhook[]): Prisma.Sql {
  const rows = JSON.stringify(archived.map(({ digest, body_key_id }) => ({ digest, body_key_id })));
  return Prisma.sql`
    /* retention: remove webhooks */
    WITH archived AS (
      SELECT * FROM jsonb_to_recordset(${rows}::jsonb) AS archived (digest text, body_key_id text)
    ), locked AS (
      SELECT digest, ${CAN_GO} AS can_go FROM webhook_event JOIN archived USING (digest)
      WHERE webhook_event.body_key_id IS NOT DISTINCT FROM archived.body_key_id
      FOR UPDATE OF webhook_event SKIP LOCKED
    ), removed AS (
      DELETE FROM webhook_event USING locked WHERE webhook_event.digest = locked.digest AND can_go
      RETURNING webhook_event.digest
    ), emptied AS (
      UPDATE webhook_event SET body_sealed = NULL, body_key_id = NULL
      FROM locked WHERE webhook_event.digest = locked.digest AND NOT can_go
      RETURNING webhook_event.digest
    )
    SELECT ((SELECT count(*) FROM removed) + (SELECT count(*) FROM emptied))::integer AS rows`;
}
