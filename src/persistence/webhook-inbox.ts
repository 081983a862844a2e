import type { AnnounceChange, ChangeHint } from "../cancellation/live/change.js";
import type { Cancellation } from "../cancellation/model/cancellation.js";
import { StaleTransitionError } from "../cancellation/model/errors.js";
import { OPEN_STATUSES } from "../cancellation/model/status.js";
import { SIGNATURE_TOLERANCE_MS } from "../cancellation/model/timing.js";
import type {
  KeptEvent,
  ReceivedWebhook,
  Told,
  WebhookClaim,
  WebhookConclusion,
  WebhookInbox,
  WebhookReference,
} from "../cancellation/model/webhook-inbox.js";
import { exact, toCancellation } from "./cancellation-row.js";
import { type Database, throughPrisma } from "./client.js";
import { type DatabaseWatch, standing, standingValues } from "./database-watch.js";
import { bodyOfWebhook, type Encryptor } from "./encryptor.js";
import { Prisma, type PrismaClient, type WebhookEvent as WebhookRow } from "./generated/client.js";
import type { RecentRecords } from "./recent-records.js";
import { recordFinding } from "./record-finding.js";
import {
  type RecordDependencies,
  recordTransition,
  type WriteTransition,
  writeTransitions,
} from "./record-transition.js";
import { claimWebhooksStatement } from "./recovery-queue.js";
import { type Query, type SqlValues, statement } from "./statement.js";

const COLUMNS = `digest, kind, event_type, event_time, store_ids, order_no, amount, currency_code, payment_status, result_code,
        is_of_success, body_sealed, body_key_id, cancellation_ids, received_at, next_match_at`;
const VALUES = `:digest, :kind::webhook_kind, :eventType, :eventTime::timestamptz, :storeIds::text[], :orderNo, :amount::numeric,
        :currencyCode, :paymentStatus, :resultCode, :isOfSuccess::boolean, :bodySealed::bytea, :bodyKeyId`;

interface StoredRow {
  /** Of one that was stored just now; null otherwise. */
  readonly cancellation_ids: string[] | null;
  readonly received_at: Date | null;
  /** The same body is there already. */
  readonly known: boolean;
  /** Signed lately, by the database's clock, which all replicas share. */
  readonly fresh: boolean;
  /** The database has not gone back in time. */
  readonly stands: boolean;
}

/** Stores a recently signed webhook with the cancellations of its order. Not in a database that went back in time: it lacks some of them. */
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
      SELECT ${VALUES},
        ARRAY(SELECT id FROM cancellation WHERE store_id = ANY (:storeIds::text[]) AND order_no = :orderNo),
        statement_timestamp(), statement_timestamp()
      FROM signed, standing WHERE fresh
      ON CONFLICT DO NOTHING
      RETURNING cancellation_ids, received_at
    )
    SELECT
      fresh, stored.cancellation_ids, stored.received_at, EXISTS (SELECT FROM standing) AS stands,
      EXISTS (SELECT FROM webhook_event WHERE digest = :digest) AS known
    FROM signed LEFT JOIN stored ON true`,
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
  return {
    digest: event.digest,
    kind: event.kind,
    eventType: event.eventType,
    eventTime: event.eventTime?.toISOString() ?? null,
    storeIds: [...event.storeIds],
    orderNo: event.orderNo,
    amount: event.amount?.toFixed() ?? null,
    currencyCode: event.currencyCode,
    paymentStatus: event.paymentStatus,
    resultCode: event.resultCode,
    isOfSuccess: event.isOfSuccess,
    bodySealed: bytes,
    bodyKeyId: keyId,
    signedAt,
  };
}

/** More of a kind would change nothing: an event that may be about two of them decides nothing. */
const MOST_ALIKE = 500;

export interface InboxDependencies {
  readonly prisma: PrismaClient;
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
      const values = webhookValues(webhook, encryptor);
      const [row] = await database.rows<StoredRow>(storeStatement({ ...values, ...standingValues(watch) }));
      if (row === undefined) throw new Error("the statement that stores a webhook returned no row");
      const { cancellation_ids: cancellationIds, received_at: receivedAt, known, fresh, stands } = row;
      if (cancellationIds !== null && receivedAt !== null) {
        recent?.webhook({ ...values, cancellationIds, receivedAt: receivedAt.toISOString() });
        return "stored";
      }
      if (known) return "repeated";
      if (!fresh) return "stale";
      // Stored by another request at this moment.
      if (stands) return "repeated";
      void watch.nudge();
      throw new Error("storing a webhook: the database has gone back in time");
    },

    claimDue: (limit) => database.rows<WebhookClaim>(claimWebhooksStatement(limit)),

    async read({ digest }) {
      const row = await prisma.webhookEvent.findUniqueOrThrow({ where: { digest } });
      return { event: toEvent(row), isRepeat: await isRepeat(prisma, row) };
    },

    async cancellationsOf({ digest, orderNo, amount }) {
      if (orderNo === null) return [];
      const { storeIds, cancellationIds } = await prisma.webhookEvent.findUniqueOrThrow({
        where: { digest },
      });
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

    async conclude(claim, conclusion) {
      // Most webhooks tell nothing, and need no lock.
      if (conclusion.told.length === 0) return close(prisma, claim, conclusion);
      const hints: ChangeHint[] = [];
      const concluded = await prisma.$transaction(async (transaction) => {
        const row = await transaction.webhookEvent.findUniqueOrThrow({ where: { digest: claim.digest } });
        await lockOrder(transaction, row);
        // Another body may have told the same since this one was read. With the order locked, no more can.
        if (await isRepeat(transaction, row)) {
          throw new StaleTransitionError(row.digest, "WAITING", conclusion.state);
        }
        if (!(await close(transaction, claim, conclusion))) return false;
        const within = throughPrisma(transaction);
        const record: RecordWithin = {
          database: within,
          write: async (storeId, step) => (await writeTransitions(within, storeId, [step]))[0],
          encryptor,
          announce: (hint: ChangeHint) => void hints.push(hint),
        };
        for (const one of conclusion.told) await tell(record, one);
        return true;
      });
      for (const hint of hints) announce(hint);
      return concluded;
    },
  };
}

/** EBP may send one event in several bodies. Without a time or an amount, nobody can tell that it is the same. */
async function isRepeat(
  database: Pick<Prisma.TransactionClient, "webhookEvent">,
  { digest, kind, orderNo, eventTime, amount, currencyCode, storeIds }: WebhookRow,
): Promise<boolean> {
  if (orderNo === null || eventTime === null || amount === null) return false;
  const dealtWith = await database.webhookEvent.count({
    where: {
      orderNo,
      kind,
      eventTime,
      amount,
      currencyCode,
      storeIds: { equals: storeIds },
      digest: { not: digest },
      state: { in: ["MATCHED", "ATTACHED"] },
    },
  });
  return dealtWith > 0;
}

/** Webhooks of one order are concluded one after the other. Whoever writes a cancellation locks the order first too. */
async function lockOrder(
  database: Pick<Prisma.TransactionClient, "$queryRaw">,
  { storeIds, orderNo }: WebhookRow,
): Promise<void> {
  await database.$queryRaw`
    SELECT FROM cancelled_order WHERE store_id = ANY(${storeIds}) AND order_no = ${orderNo}
    ORDER BY store_id FOR UPDATE`;
}

async function close(
  database: Pick<Prisma.TransactionClient, "$executeRaw">,
  { digest }: WebhookReference,
  { state, told }: WebhookConclusion,
): Promise<boolean> {
  const matched = state === "MATCHED" ? told[0].cancellation : null;
  const closed = await database.$executeRaw`
    UPDATE webhook_event SET
      state = ${state}::webhook_state, next_match_at = NULL,
      matched_store_id = ${matched?.storeId ?? null}, matched_id = ${matched?.id ?? null}::uuid
    WHERE digest = ${digest} AND state = 'WAITING'`;
  return closed === 1;
}

interface RecordWithin extends RecordDependencies {
  readonly database: Database;
  readonly write: WriteTransition;
}

async function tell(record: RecordWithin, told: Told): Promise<void> {
  const { cancellation } = told;
  if ("transition" in told) {
    await recordTransition(record, cancellation, told.transition);
  } else if (
    !(await isStillSo(record, cancellation)) ||
    !(await recordFinding(record, cancellation, told.finding))
  ) {
    throw new StaleTransitionError(cancellation.id, cancellation.status, cancellation.status);
  }
}

/**
 * Whether what is in doubt still is: if it was called FAILED meanwhile, the same event is a contradiction. It claims the cancellation, so
 * that a decision made without this event comes too late.
 */
async function isStillSo(
  { database }: RecordWithin,
  { storeId, id, status }: Cancellation,
): Promise<boolean> {
  if (status !== "UNKNOWN") return true;
  const rows = await database.rows(Prisma.sql`
    /* webhook: take charge */
    UPDATE cancellation SET fencing_token = fencing_token + 1
    WHERE store_id = ${storeId} AND id = ${id}::uuid AND status = 'UNKNOWN'
    RETURNING id`);
  return rows.length > 0;
}

function toEvent(row: WebhookRow): KeptEvent {
  const { kind, eventType, eventTime, storeIds, orderNo, currencyCode } = row;
  const { paymentStatus, resultCode, isOfSuccess, digest, receivedAt } = row;
  const amount = row.amount === null ? null : exact(row.amount);
  const what = { kind, eventType, eventTime, storeIds, orderNo, amount, currencyCode };
  return { ...what, paymentStatus, resultCode, isOfSuccess, digest, receivedAt };
}
