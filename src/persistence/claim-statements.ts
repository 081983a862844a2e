import {
  LOOKUP_DELAYS_MS,
  MATCH_DELAYS_MS,
  SETTLED_LOOK_MARGIN_MS,
  type Timing,
} from "../cancellation/model/timing.js";
import { Prisma } from "./generated/client.js";

export interface ClaimRow {
  readonly store_id: string;
  readonly id: string;
  readonly fencing_token: number;
  readonly in_doubt_for_ms: number;
}

// Times are compared with statement_timestamp(), by which an index can be read; clock_timestamp() differs from row to row.

/**
 * Takes charge of what is due. The next look is planned at once, by the schedule and not before the claimer's lease runs out: a row
 * that brings down whoever looks at it comes later each time. The end of the settling time is worth a look of its own.
 */
export function claimDueStatement(storeIds: readonly string[], limit: number, timing: Timing): Prisma.Sql {
  const delay = Prisma.sql`(${[...LOOKUP_DELAYS_MS]}::float8[])[lookups + 2] * interval '1 millisecond'`;
  const settledAt = Prisma.sql`(in_doubt_since + ${milliseconds(timing.settlingMs + SETTLED_LOOK_MARGIN_MS)})`;
  return Prisma.sql`
    /* cancellation: claim */
    WITH due AS (
      SELECT store_id, id FROM cancellation
      WHERE store_id = ANY(${[...storeIds]}) AND status IN ('PENDING', 'UNKNOWN') AND next_check_at <= statement_timestamp()
      ORDER BY next_check_at
      LIMIT ${limit}
      FOR UPDATE SKIP LOCKED
    )
    UPDATE cancellation SET
      fencing_token = fencing_token + 1,
      lookups = lookups + CASE WHEN status = 'UNKNOWN' THEN 1 ELSE 0 END,
      next_check_at = CASE
        WHEN status = 'PENDING' THEN ${leaseEnd(timing)}
        WHEN lookups + 2 > ${LOOKUP_DELAYS_MS.length} THEN NULL
        WHEN statement_timestamp() < ${settledAt}
          THEN greatest(${leaseEnd(timing)}, least(statement_timestamp() + ${delay}, ${settledAt}))
        ELSE greatest(${leaseEnd(timing)}, statement_timestamp() + ${delay})
      END
    FROM due
    WHERE cancellation.store_id = due.store_id AND cancellation.id = due.id
    RETURNING ${CLAIMED}`;
}

/**
 * Takes charge of one. What is planned for one in doubt stays: a look that somebody asks for must not put off the scheduled one,
 * and when both come together the token lets one of them decide.
 */
export function claimStatement(storeIds: readonly string[], id: string, timing: Timing): Prisma.Sql {
  return Prisma.sql`
    /* cancellation: claim */
    UPDATE cancellation SET
      fencing_token = fencing_token + 1,
      next_check_at = CASE WHEN status = 'PENDING' THEN ${leaseEnd(timing)} ELSE next_check_at END
    WHERE store_id = ANY(${[...storeIds]}) AND id = ${id}::uuid
      AND (status = 'UNKNOWN' OR (status = 'PENDING' AND next_check_at <= statement_timestamp()))
    RETURNING ${CLAIMED}`;
}

/** The same for webhooks. One that has waited through the whole schedule is planned no more: it stays, as it came. */
export function claimWebhooksStatement(limit: number): Prisma.Sql {
  return Prisma.sql`
    /* webhook: claim */
    WITH due AS (
      SELECT digest FROM webhook_event
      WHERE state = 'WAITING' AND next_match_at <= statement_timestamp()
      ORDER BY next_match_at
      LIMIT ${limit}
      FOR UPDATE SKIP LOCKED
    )
    UPDATE webhook_event SET
      match_attempts = match_attempts + 1,
      next_match_at =
        statement_timestamp() + (${[...MATCH_DELAYS_MS]}::float8[])[match_attempts + 1] * interval '1 millisecond'
    FROM due
    WHERE webhook_event.digest = due.digest
    RETURNING webhook_event.digest, next_match_at IS NULL AS "isLast"`;
}

const CLAIMED = Prisma.sql`
      cancellation.store_id, cancellation.id, fencing_token,
      coalesce(extract(epoch FROM statement_timestamp() - in_doubt_since) * 1000, 0)::float8 AS in_doubt_for_ms`;

function leaseEnd({ leaseMs }: Timing): Prisma.Sql {
  return Prisma.sql`(statement_timestamp() + ${milliseconds(leaseMs)})`;
}

function milliseconds(ms: number): Prisma.Sql {
  return Prisma.sql`${ms}::float8 * interval '1 millisecond'`;
}
