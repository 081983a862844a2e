import { capturedAmountOf } from "../cancellation/reconcile/lookup-rules.js";
import { Decimal } from "../cancellation/model/decimal.js";
import type { Claim, ClaimedCancellation, RecoveryQueue } from "../cancellation/model/recovery-queue.js";
import { OPEN_STATUSES } from "../cancellation/model/status.js";
import type { Timing } from "../cancellation/model/timing.js";
import type { Encryptor } from "./encryptor.js";
import { exact, toCancellation, toIdentity } from "./cancellation-row.js";
import { claimDueStatement, claimStatement, type ClaimRow } from "./claim-statements.js";
import type { PrismaClient } from "./generated/client.js";
import { throughPrisma, type Database } from "./prepared-statements.js";
import { unnamed } from "./statement.js";

/** Far more than are ever in doubt at once. */
const MOST_IDS = 10_000;

/** @param storeIds the stores this process has credentials for: others' cancellations are left to who has theirs. */
export function createPrismaRecoveryQueue(
  prisma: PrismaClient,
  encryptor: Encryptor,
  storeIds: readonly string[],
  timing: Timing,
  database: Database = throughPrisma(prisma),
): RecoveryQueue {
  return {
    async claimDue(limit) {
      const rows = await database.rows<ClaimRow>(unnamed(claimDueStatement(storeIds, limit, timing)));
      return rows.map(toClaim);
    },

    async claim(callersStores, id) {
      const [row] = await database.rows<ClaimRow>(unnamed(claimStatement(callersStores, id, timing)));
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

  /** Whatever their amount, currency or time reads like: a cancel of this order took effect that is not known here as having succeeded. */
  function unaccountedEvents(storeId: string, orderNo: string): Promise<number> {
    return prisma.webhookEvent.count({
      where: {
        orderNo,
        kind: { in: ["VOIDED", "REFUND_REQUESTED"] },
        isOfSuccess: true,
        storeIds: { has: storeId },
        state: { in: ["WAITING", "ATTACHED"] },
      },
    });
  }

  /** Only where the signature leaves no doubt which store's order it is: order numbers are not known to be unique across stores. */
  async function capturedAmount(
    storeId: string,
    orderNo: string,
    currencyCode: string,
  ): Promise<Decimal | null> {
    const told = await prisma.webhookEvent.findMany({
      where: { orderNo, kind: "CAPTURED", isOfSuccess: true, storeIds: { equals: [storeId] } },
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
