import { Decimal } from "../cancellation/model/decimal.js";
import type { Claim, ClaimedCancellation, RecoveryQueue } from "../cancellation/model/recovery-queue.js";
import { OPEN_STATUSES } from "../cancellation/model/status.js";
import {
  LOOKUP_DELAYS_MS,
  MATCH_DELAYS_MS,
  SETTLED_LOOK_MARGIN_MS,
  type Timing,
} from "../cancellation/model/timing.js";
import { capturedAmountOf } from "../cancellation/reconcile/lookup-rules.js";
import { exact, toCancellation, toIdentity } from "./cancellation-row.js";
import { type Database, throughPrisma } from "./client.js";
import type { Encryptor } from "./encryptor.js";
import { Prisma, type PrismaClient } from "./generated/client.js";

/** More than are ever in doubt at once. */
const MOST_IDS = 10_000;

/** @param storeIds the stores this process has credentials for. */
export function createRecoveryQueue(
  prisma: PrismaClient,
  encryptor: Encryptor,
  storeIds: readonly string[],
  timing: Timing,
): RecoveryQueue {
  const database = throughPrisma(prisma);
  return {
    claimDue: (limit) =>
      claimByStore(database, cancellationsDue(storeIds), limit, async (storeId, left) => {
        const rows = await database.rows<ClaimRow>(claimDueStatement(storeId, left, timing));
        return rows.map(toClaim);
      }),

    async claim(callersStores, id) {
      const known = await prisma.cancellation.findFirst({
        where: { storeId: { in: [...callersStores] }, id },
        select: { storeId: true },
      });
      if (known === null) return null;
      const [row] = await database.rows<ClaimRow>(claimStatement(known.storeId, id, timing));
      return row === undefined ? null : toClaim(row);
    },

    async open({ storeId, id, fencingToken }): Promise<ClaimedCancellation | null> {
      const row = await prisma.cancellation.findUnique({ where: { storeId_id: { storeId, id } } });
      if (row?.fencingToken !== fencingToken) return null;
      const { orderNo, currencyCode } = row;
      const order = await prisma.cancelledOrder.findUnique({
        where: { storeId_orderNo: { storeId, orderNo } },
      });
      return {
        cancellation: toCancellation(row),
        openRefundAccount: () => toIdentity(row, encryptor).refundAccount,
        cancelledBefore: order === null ? new Decimal(0) : exact(order.cancelledTotal),
        capturedAmount: await capturedAmount(storeId, orderNo, currencyCode),
        unaccountedEvents: await unaccountedEvents(storeId, orderNo),
        othersInDoubt: await prisma.cancellation.count({
          where: { storeId, orderNo, status: { in: [...OPEN_STATUSES] }, id: { not: id } },
        }),
      };
    },

    async idsInDoubt() {
      const rows = await prisma.cancellation.findMany({
        where: { storeId: { in: [...storeIds] }, status: "UNKNOWN" },
        select: { id: true },
        orderBy: { id: "asc" },
        take: MOST_IDS,
      });
      return rows.map(({ id }) => id);
    },
  };

  /** Of any amount, currency or time: they show a cancel of this order that is not known here as succeeded. */
  function unaccountedEvents(storeId: string, orderNo: string): Promise<number> {
    return prisma.webhookEvent.count({
      where: {
        orderNo,
        kind: { in: ["VOIDED", "REFUND_REQUESTED", "REFUNDED"] },
        isOfSuccess: true,
        storeIds: { has: storeId },
        state: { in: ["WAITING", "ATTACHED"] },
      },
    });
  }

  /** Only when the signature names one store: order numbers may not be unique across stores. */
  async function capturedAmount(
    storeId: string,
    orderNo: string,
    currencyCode: string,
  ): Promise<Decimal | null> {
    const told = await prisma.webhookEvent.findMany({
      where: { storeId, orderNo, kind: "CAPTURED", isOfSuccess: true, storeIds: { equals: [storeId] } },
      select: { amount: true, currencyCode: true, eventTime: true },
    });
    const captures = told.map((one) => ({ ...one, amount: one.amount === null ? null : exact(one.amount) }));
    return capturedAmountOf(captures, currencyCode);
  }
}

function toClaim(row: ClaimRow): Claim {
  return {
    storeId: row.store_id,
    id: row.id,
    fencingToken: row.fencing_token,
    inDoubtForMs: row.in_doubt_for_ms,
  };
}

export interface ClaimRow {
  readonly store_id: string;
  readonly id: string;
  readonly fencing_token: number;
  readonly in_doubt_for_ms: number;
}

// Times are compared with statement_timestamp(), by which an index can be read; clock_timestamp() differs from row to row. Times are
// reckoned in what is only read: where stores lie on several servers, a statement that writes takes no clock of its own.

/** Claims store by store, each by a statement of its own: only that can run on the server that has the store. */
export async function claimByStore<Claimed>(
  database: Database,
  storesDue: Prisma.Sql,
  limit: number,
  claim: (storeId: string, limit: number) => Promise<Claimed[]>,
): Promise<Claimed[]> {
  const claims: Claimed[] = [];
  for (const { store_id: storeId } of await database.rows<{ store_id: string }>(storesDue)) {
    if (claims.length === limit) break;
    claims.push(...(await claim(storeId, limit - claims.length)));
  }
  return claims;
}

/** In which of these stores something is due: those whose oldest has waited longest first. */
function cancellationsDue(storeIds: readonly string[]): Prisma.Sql {
  return Prisma.sql`
    SELECT store_id FROM cancellation
    WHERE store_id = ANY(${[...storeIds]}) AND status IN ('PENDING', 'UNKNOWN') AND next_check_at <= statement_timestamp()
    GROUP BY store_id
    ORDER BY min(next_check_at)`;
}

/** The same for webhooks. */
export function webhooksDue(storeIds: readonly string[]): Prisma.Sql {
  return Prisma.sql`
    SELECT store_id FROM webhook_event
    WHERE store_id = ANY(${[...storeIds]}) AND state = 'WAITING' AND next_match_at <= statement_timestamp()
    GROUP BY store_id
    ORDER BY min(next_match_at)`;
}

/**
 * Claims what is due in one store, and plans the next look at once: by the schedule, and not before the claimer's lease runs out. So a row that
 * crashes its claimer comes later each time. There is a look of its own at the end of the settling time.
 */
export function claimDueStatement(storeId: string, limit: number, timing: Timing): Prisma.Sql {
  const delay = Prisma.sql`(${[...LOOKUP_DELAYS_MS]}::float8[])[lookups + 2] * interval '1 millisecond'`;
  const settledAt = Prisma.sql`(in_doubt_since + ${milliseconds(timing.settlingMs + SETTLED_LOOK_MARGIN_MS)})`;
  return Prisma.sql`
    /* cancellation: claim */
    WITH due AS (
      SELECT id, CASE
        WHEN status = 'PENDING' THEN ${leaseEnd(timing)}
        WHEN lookups + 2 > ${LOOKUP_DELAYS_MS.length} THEN NULL
        WHEN statement_timestamp() < ${settledAt}
          THEN greatest(${leaseEnd(timing)}, least(statement_timestamp() + ${delay}, ${settledAt}))
        ELSE greatest(${leaseEnd(timing)}, statement_timestamp() + ${delay})
      END AS next_look_at
      FROM cancellation
      WHERE store_id = ${storeId} AND status IN ('PENDING', 'UNKNOWN') AND next_check_at <= statement_timestamp()
      ORDER BY next_check_at
      LIMIT ${limit}
      FOR UPDATE SKIP LOCKED
    ), claimed AS (
      UPDATE cancellation SET
        fencing_token = fencing_token + 1,
        lookups = lookups + CASE WHEN status = 'UNKNOWN' THEN 1 ELSE 0 END,
        next_check_at = next_look_at
      FROM due
      WHERE cancellation.store_id = ${storeId} AND cancellation.id = due.id
      RETURNING ${CLAIMED}
    )
    ${SELECT_CLAIMED}`;
}

/**
 * Claims one. A look that somebody asks for does not put off the scheduled one. When both come together, the token lets one of them
 * decide.
 */
export function claimStatement(storeId: string, id: string, timing: Timing): Prisma.Sql {
  return Prisma.sql`
    /* cancellation: claim */
    WITH lease AS MATERIALIZED (
      SELECT ${leaseEnd(timing)} AS ends_at
    ), claimed AS (
      UPDATE cancellation SET
        fencing_token = fencing_token + 1,
        next_check_at = CASE WHEN status = 'PENDING' THEN ends_at ELSE next_check_at END
      FROM lease
      WHERE store_id = ${storeId} AND id = ${id}::uuid
        AND (status = 'UNKNOWN' OR (status = 'PENDING' AND next_check_at <= statement_timestamp()))
      RETURNING ${CLAIMED}
    )
    ${SELECT_CLAIMED}`;
}

/** The same for webhooks. After the whole schedule, a webhook that still waits is kept, and not planned any more. */
export function claimWebhooksStatement(storeId: string, limit: number): Prisma.Sql {
  return Prisma.sql`
    /* webhook: claim */
    WITH due AS (
      SELECT
        digest,
        statement_timestamp() + (${[...MATCH_DELAYS_MS]}::float8[])[match_attempts + 1] * interval '1 millisecond' AS next_attempt_at
      FROM webhook_event
      WHERE store_id = ${storeId} AND state = 'WAITING' AND next_match_at <= statement_timestamp()
      ORDER BY next_match_at
      LIMIT ${limit}
      FOR UPDATE SKIP LOCKED
    )
    UPDATE webhook_event SET
      match_attempts = match_attempts + 1,
      next_match_at = next_attempt_at
    FROM due
    WHERE webhook_event.store_id = ${storeId} AND webhook_event.digest = due.digest
    RETURNING webhook_event.store_id AS "storeId", webhook_event.digest, next_match_at IS NULL AS "isLast"`;
}

const CLAIMED = Prisma.sql`cancellation.store_id, cancellation.id, fencing_token, in_doubt_since`;
const SELECT_CLAIMED = Prisma.sql`
    SELECT
      store_id, id, fencing_token,
      coalesce(extract(epoch FROM statement_timestamp() - in_doubt_since) * 1000, 0)::float8 AS in_doubt_for_ms
    FROM claimed`;

function leaseEnd({ leaseMs }: Timing): Prisma.Sql {
  return Prisma.sql`(statement_timestamp() + ${milliseconds(leaseMs)})`;
}

function milliseconds(ms: number): Prisma.Sql {
  return Prisma.sql`${ms}::float8 * interval '1 millisecond'`;
}
