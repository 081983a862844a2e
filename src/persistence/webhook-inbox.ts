import type { AnnounceChange } from "../cancellation/live/change.js";
import type { Cancellation } from "../cancellation/model/cancellation.js";
import { OPEN_STATUSES } from "../cancellation/model/status.js";
import { SIGNATURE_TOLERANCE_MS } from "../cancellation/model/timing.js";
import type {
  KeptEvent,
  ReceivedWebhook,
  WebhookClaim,
  WebhookInbox,
} from "../cancellation/model/webhook-inbox.js";
import { exact, toCancellation } from "./cancellation-row.js";
import { throughPrisma } from "./client.js";
import { concludeWebhook, eventsLikeIt, isRepeat, readRow } from "./conclude-webhook.js";
import { type DatabaseWatch, standing, standingValues } from "./database-watch.js";
import { bodyOfWebhook, type Encryptor } from "./encryptor.js";
import type { PrismaClient, WebhookEvent as WebhookRow } from "./generated/client.js";
import type { RecentRecords } from "./recent-records.js";
import { claimByStore, claimWebhooksStatement, webhooksDue } from "./recovery-queue.js";
import { type Query, type SqlValues, statement } from "./statement.js";

const COLUMNS = `store_id, digest, kind, event_type, event_time, store_ids, order_no, amount, currency_code, refunded_at, payment_status,
        result_code, is_of_success, body_sealed, body_key_id, cancellation_ids, received_at, next_match_at`;
const VALUES = `:storeId, :digest, :kind::webhook_kind, :eventType, :eventTime::timestamptz, :storeIds::text[], :orderNo, :amount::numeric,
        :currencyCode, :refundedAt::timestamptz, :paymentStatus, :resultCode, :isOfSuccess::boolean, :bodySealed::bytea, :bodyKeyId`;

interface StoredRow {
  /** Of one that was stored just now; null otherwise. */
  readonly received_at: Date | null;
  /** Signed lately, by the database's clock, which all replicas share. */
  readonly fresh: boolean;
  /** The database has not gone back in time. */
  readonly stands: boolean;
}

/** Stores a recently signed webhook. Not in a database that went back in time: it lacks some of the order's cancellations. */
function createStoreStatement(cluster: string): (values: SqlValues) => Query {
  return statement(
    "store_webhook",
    `/* webhook: store */
    WITH signed AS (
      SELECT abs(extract(epoch FROM statement_timestamp()) - :signedAt::float8) <= ${SIGNATURE_TOLERANCE_MS / 1_000} AS fresh
    ), standing AS (
      ${standing(cluster)}
    ), stored AS (
      INSERT INTO webhook_event (${COLUMNS})
      SELECT ${VALUES}, :cancellationIds::uuid[], statement_timestamp(), statement_timestamp()
      FROM signed, standing WHERE fresh
      ON CONFLICT DO NOTHING
      RETURNING received_at
    )
    SELECT fresh, received_at, EXISTS (SELECT FROM standing) AS stands FROM signed LEFT JOIN stored ON true`,
  );
}

/** Stores one again, as it came in, that the database has forgotten. */
export const ENTER_WEBHOOK = statement(
  "enter_webhook",
  `/* webhook: enter again */
  INSERT INTO webhook_event (${COLUMNS})
  SELECT ${VALUES}, :cancellationIds::uuid[], :receivedAt::timestamptz, statement_timestamp()
  ON CONFLICT DO NOTHING
  RETURNING digest`,
);

function webhookValues({ event, signedAt, body }: ReceivedWebhook, encryptor: Encryptor): SqlValues {
  const { keyId, bytes } = encryptor.encrypt(body, bodyOfWebhook(event.digest));
  const { storeIds, digest } = event;
  const [storeId] = storeIds;
  if (storeId === undefined) throw new Error("storing a webhook: no store's secret has signed it");
  return {
    storeId,
    digest,
    kind: event.kind,
    eventType: event.eventType,
    eventTime: event.eventTime?.toISOString() ?? null,
    storeIds: [...storeIds],
    orderNo: event.orderNo,
    amount: event.amount?.toFixed() ?? null,
    currencyCode: event.currencyCode,
    refundedAt: event.refundedAt?.toISOString() ?? null,
    paymentStatus: event.paymentStatus,
    resultCode: event.resultCode,
    isOfSuccess: event.isOfSuccess,
    bodySealed: bytes,
    bodyKeyId: keyId,
    signedAt,
  };
}

/** No order has so many cancels of one amount. */
const MOST_ALIKE = 500;

export interface InboxDependencies {
  readonly prisma: PrismaClient;
  /** The stores whose webhooks are claimed. */
  readonly storeIds: readonly string[];
  readonly encryptor: Encryptor;
  /** When the database has gone back in time, nothing is stored. */
  readonly watch: Pick<DatabaseWatch, "cluster" | "position" | "heldForMs" | "nudge">;
  readonly announce?: AnnounceChange;
  /** Keeps what is stored here, to enter it again when the database forgets it. */
  readonly recent?: RecentRecords;
}

export function createWebhookInbox(parts: InboxDependencies): WebhookInbox {
  const { prisma, encryptor, watch, announce = () => undefined, recent } = parts;
  const database = throughPrisma(prisma);
  const storeStatement = createStoreStatement(watch.cluster);
  return {
    async store(webhook) {
      const { digest, storeIds, orderNo } = webhook.event;
      if ((await prisma.webhookEvent.count({ where: { digest } })) > 0) return "repeated";
      // It can be about none that is asked for after this.
      const cancellationIds = orderNo === null ? [] : await idsOfOrder(prisma, storeIds, orderNo);
      const values = { ...webhookValues(webhook, encryptor), cancellationIds };
      const [row] = await database.rows<StoredRow>(storeStatement({ ...values, ...standingValues(watch) }));
      if (row === undefined) throw new Error("the statement that stores a webhook returned no row");
      const { received_at: receivedAt, fresh, stands } = row;
      if (receivedAt !== null) {
        recent?.webhook({ ...values, receivedAt: receivedAt.toISOString() });
        return "stored";
      }
      if (!fresh) return "stale";
      // Stored by another request at this moment.
      if (stands) return "repeated";
      void watch.nudge();
      throw new Error("storing a webhook: the database has gone back in time");
    },

    claimDue: (limit) =>
      claimByStore(database, webhooksDue(parts.storeIds), limit, (storeId, left) =>
        database.rows<WebhookClaim>(claimWebhooksStatement(storeId, left)),
      ),

    async read(reference) {
      const row = await readRow(prisma, reference);
      const [isARepeat, likeIt] = [await isRepeat(prisma, row), await eventsLikeIt(prisma, row)];
      return { event: toEvent(row), isRepeat: isARepeat, likeIt };
    },

    async cancellationsOf({ storeId, digest, orderNo, amount }) {
      if (orderNo === null) return [];
      const { storeIds, cancellationIds } = await readRow(prisma, { storeId, digest });
      const there = { storeId: { in: storeIds }, orderNo, id: { in: cancellationIds } };
      if ((await prisma.cancellation.count({ where: there })) < cancellationIds.length) return null;
      const alike = amount === null ? [] : [{ totalCancelAmount: amount.toFixed() }];
      const open = { status: { in: [...OPEN_STATUSES] } };
      const foundFailed = { failureKind: "NOT_CANCELLED" as const };
      // One query per kind: many of one kind must not hide another.
      const found = await Promise.all(
        [
          { where: open, take: MOST_ALIKE },
          ...alike.map((one) => ({
            where: { ...one, OR: [{ status: "SUCCEEDED" as const }, foundFailed] },
            take: MOST_ALIKE,
          })),
          ...alike.map((one) => ({ where: { ...one, status: "FAILED" as const }, take: 1 })),
          { where: foundFailed, take: 1 },
          { where: {}, take: 1 },
        ].map(({ where, take }) =>
          prisma.cancellation.findMany({
            where: { AND: [there, where] },
            orderBy: [{ createdAt: "desc" }, { id: "desc" }],
            take,
          }),
        ),
      );
      const rows = new Map(found.flat().map((row) => [row.id, row]));
      return [...rows.values()]
        .map((row): Cancellation => toCancellation(row))
        .sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime() || (a.id < b.id ? -1 : 1));
    },

    conclude: (claim, conclusion) => concludeWebhook({ prisma, encryptor, announce }, claim, conclusion),
  };
}

async function idsOfOrder(
  prisma: PrismaClient,
  storeIds: readonly string[],
  orderNo: string,
): Promise<string[]> {
  const where = { storeId: { in: [...storeIds] }, orderNo };
  return (await prisma.cancellation.findMany({ where, select: { id: true } })).map(({ id }) => id);
}

function toEvent(row: WebhookRow): KeptEvent {
  const { storeId, kind, eventType, eventTime, storeIds, orderNo, currencyCode } = row;
  const { refundedAt, paymentStatus, resultCode, isOfSuccess, digest, receivedAt } = row;
  const amount = row.amount === null ? null : exact(row.amount);
  const what = { storeId, kind, eventType, eventTime, storeIds, orderNo, amount, currencyCode };
  return { ...what, refundedAt, paymentStatus, resultCode, isOfSuccess, digest, receivedAt };
}
