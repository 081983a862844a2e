import { Prisma, type PrismaClient } from "./generated/client.js";
import { sessionConfig, withSession } from "./session.js";

/**
 * The books of a year are closed with its details at hand, and a payer may dispute a payment for long: 13 months is the longest period
 * that we know a law to give (the EU's PSD2, article 71).
 */
export const LEAST_MONTHS_KEPT = 13;
/** A century; PostgreSQL's calendar ends somewhere too. */
const MOST_MONTHS_KEPT = 1_200;

/** Rows that one statement locks: whoever writes one of them waits for milliseconds. */
const BATCH_ROWS = 500;

/** Any number that no other program uses on this database. */
const LOCK = 4_271_998_250_113;

export interface RetentionOptions {
  readonly prisma: Pick<PrismaClient, "$queryRaw">;
  /** The same database: the lock has a connection of its own. */
  readonly databaseUrl: string;
  readonly olderThanMonths: number;
  /** Counts what would be erased, and erases nothing. */
  readonly isDryRun?: boolean;
  readonly batchRows?: number;
  /** After each batch; `total` is an estimate. */
  readonly onBatch?: (name: string, seen: number, total: number) => void;
  /** Asked before each batch. */
  readonly isStopping?: () => boolean;
}

export interface Retention {
  readonly cutoff: Date;
  /** For each store: its cancellations, then its webhooks. */
  readonly erasures: readonly Erasure[];
  /** The run ended early. The next one erases the rest. */
  readonly isStopped: boolean;
}

const COUNTED = ["refundAccounts", "notes", "answers", "webhookBodies"] as const;
/** How much was erased, or, in a dry run, would be. */
export type Counts = Readonly<Record<(typeof COUNTED)[number], number>>;

export interface Erasure extends Counts {
  readonly storeId: string;
  readonly of: "cancellations" | "webhooks";
  /** Rows that another process was writing. The next run erases them. */
  readonly busy: number;
}

/**
 * Erases the refund accounts, notes and raw answers of cancellations that were resolved before the cutoff, and the bodies of webhooks
 * that came before it. Rows, keys, items, totals and events stay, so repeated requests are answered as before. Safe beside running
 * services; after a kill, the next run goes on. Null: another run is at work on this database, so nothing was done.
 */
export async function eraseOlderThan(options: RetentionOptions): Promise<Retention | null> {
  const { olderThanMonths: months } = options;
  if (!Number.isInteger(months) || months < LEAST_MONTHS_KEPT || months > MOST_MONTHS_KEPT) {
    throw new Error(
      `choosing what to erase: expected ${LEAST_MONTHS_KEPT} to ${MOST_MONTHS_KEPT} whole months, found ${months}`,
    );
  }
  return withRetentionLock(options.databaseUrl, (isHeld) =>
    eraseAll({ ...options, isStopping: () => !isHeld() || options.isStopping?.() === true }),
  );
}

async function eraseAll(options: RetentionOptions & { isStopping: () => boolean }): Promise<Retention> {
  const { prisma, isStopping } = options;
  // The database's clock also told when they were resolved.
  const [now] = await prisma.$queryRaw<{ cutoff: Date }[]>`
    SELECT date_trunc('milliseconds', now() - make_interval(months => ${options.olderThanMonths}::integer)) AS cutoff`;
  if (now === undefined) throw new Error("asking the database for the time: no answer");
  const { cutoff } = now;
  const stores = await prisma.$queryRaw<{ store_id: string; total: number }[]>`
    SELECT store_id, count(*)::integer AS total FROM cancellation
    WHERE status IN ('SUCCEEDED', 'FAILED') AND resolved_at < ${cutoff}
    GROUP BY store_id ORDER BY store_id`;
  const inboxes = await prisma.$queryRaw<{ store_id: string; total: number }[]>`
    SELECT store_id, count(*)::integer AS total FROM webhook_event
    WHERE received_at < ${cutoff} AND body_sealed IS NOT NULL
    GROUP BY store_id ORDER BY store_id`;

  const erasures: Erasure[] = [];
  for (const { store_id: storeId, total } of stores) {
    erasures.push(await eraseKind(options, cancellationsOf(prisma, storeId, cutoff), total));
  }
  for (const { store_id: storeId, total } of inboxes) {
    erasures.push(await eraseKind(options, webhooksOf(prisma, storeId, cutoff), total));
  }
  return { cutoff, erasures, isStopped: isStopping() };
}

/** Rows of one kind: how to read the next ones in the order of an index, each with what there is to erase, and how to erase some. */
interface Kind<Row> {
  readonly storeId: string;
  readonly of: Erasure["of"];
  readonly page: (after: Row | null, limit: number) => Promise<Row[]>;
  /** Returns one row: how many rows, and what of them. */
  readonly erase: (rows: readonly Row[]) => Prisma.Sql;
}

async function eraseKind<Row extends Partial<Counts>>(
  options: RetentionOptions & { isStopping: () => boolean },
  { storeId, of, page, erase }: Kind<Row>,
  estimate: number,
): Promise<Erasure> {
  const { prisma, isDryRun = false, batchRows = BATCH_ROWS, onBatch, isStopping } = options;
  const sum = { storeId, of, busy: 0, refundAccounts: 0, notes: 0, answers: 0, webhookBodies: 0 };
  const add = (more: Partial<Counts>): void => COUNTED.forEach((what) => (sum[what] += more[what] ?? 0));
  let seen = 0;
  for (let last: Row | null = null; !isStopping();) {
    const rows: Row[] = await page(last, batchRows);
    last = rows.at(-1) ?? null;
    if (last === null) break;
    const due = rows.filter((row) => COUNTED.some((what) => (row[what] ?? 0) > 0));
    if (isDryRun) due.forEach(add);
    else if (due.length > 0) {
      const [erased] = await prisma.$queryRaw<(Partial<Counts> & { rows: number })[]>(erase(due));
      if (erased === undefined) throw new Error(`erasing ${of} of ${storeId}: the database counted nothing`);
      add(erased);
      sum.busy += due.length - erased.rows;
    }
    seen += rows.length;
    onBatch?.(`${storeId}: ${of}`, seen, Math.max(seen, estimate));
  }
  return sum;
}

interface CancellationRow extends Partial<Counts> {
  readonly id: string;
  readonly resolved_at: Date;
  readonly created_at: Date;
}

const HAS_ACCOUNT = Prisma.sql`num_nonnulls(bank_code, account_last_four, account_holder_masked, refund_account_sealed) > 0`;

/** A store's cancellations resolved before the cutoff. Answers that came after it stay: somebody may still have to see them. */
function cancellationsOf(
  prisma: RetentionOptions["prisma"],
  storeId: string,
  cutoff: Date,
): Kind<CancellationRow> {
  const isOld = Prisma.sql`status IN ('SUCCEEDED', 'FAILED') AND resolved_at < ${cutoff}`;
  return {
    storeId,
    of: "cancellations",
    page: (after, limit) => prisma.$queryRaw<CancellationRow[]>`
      /* retention: cancellations */
      SELECT
        id, resolved_at, created_at, (${HAS_ACCOUNT})::integer AS "refundAccounts", (note IS NOT NULL)::integer AS notes,
        (
          SELECT count(*)::integer FROM cancellation_event AS event
          WHERE event.store_id = cancellation.store_id AND cancellation_id = id AND at < ${cutoff} AND answer_sealed IS NOT NULL
        ) AS answers
      FROM cancellation
      WHERE store_id = ${storeId} AND ${isOld} AND ${
        after === null
          ? Prisma.sql`true`
          : Prisma.sql`(resolved_at, created_at, id) > (${after.resolved_at}, ${after.created_at}, ${after.id}::uuid)`
      }
      ORDER BY resolved_at, created_at, id
      LIMIT ${limit}`,
    // Skips rows that others write, so it cannot deadlock with those who lock the order's row first. No order changes here.
    erase: (rows) => Prisma.sql`
      /* retention: erase */
      WITH locked AS (
        SELECT id, ${HAS_ACCOUNT} AS has_account, note IS NOT NULL AS has_note FROM cancellation
        WHERE store_id = ${storeId} AND ${isOld} AND id = ANY(${rows.map(({ id }) => id)}::uuid[])
        FOR NO KEY UPDATE SKIP LOCKED
      ), answer AS (
        UPDATE cancellation_event AS event SET answer_sealed = NULL, answer_key_id = NULL FROM locked
        WHERE event.store_id = ${storeId} AND cancellation_id = locked.id AND at < ${cutoff} AND answer_sealed IS NOT NULL
        RETURNING number
      ), erased AS (
        UPDATE cancellation AS target SET
          note = NULL, bank_code = NULL, account_last_four = NULL, account_holder_masked = NULL,
          refund_account_sealed = NULL, refund_account_key_id = NULL,
          is_account_known = is_account_known AND NOT has_account, erased_at = statement_timestamp()
        FROM locked WHERE target.store_id = ${storeId} AND target.id = locked.id
        RETURNING has_account, has_note
      )
      SELECT
        count(*)::integer AS rows, (count(*) FILTER (WHERE has_account))::integer AS "refundAccounts",
        (count(*) FILTER (WHERE has_note))::integer AS notes, (SELECT count(*) FROM answer)::integer AS answers
      FROM erased`,
  };
}

interface WebhookRow extends Partial<Counts> {
  readonly digest: string;
}

interface OldWebhookRow {
  readonly digest: string;
  readonly store_ids: string[];
  readonly order_no: string | null;
}

/**
 * Webhooks that a store keeps. A body stays while a cancellation of its order, in any store that it may be about, is open, or was resolved
 * after the cutoff.
 */
function webhooksOf(prisma: RetentionOptions["prisma"], storeId: string, cutoff: Date): Kind<WebhookRow> {
  return {
    storeId,
    of: "webhooks",
    async page(after, limit) {
      const rows = await prisma.$queryRaw<OldWebhookRow[]>`
        /* retention: webhooks */
        SELECT digest, store_ids, order_no FROM webhook_event
        WHERE store_id = ${storeId} AND digest > ${after?.digest ?? ""} AND received_at < ${cutoff} AND body_sealed IS NOT NULL
        ORDER BY digest
        LIMIT ${limit}`;
      const needed = await prisma.$queryRaw<{ store_id: string; order_no: string }[]>`
        /* retention: orders of webhooks */
        SELECT DISTINCT store_id, order_no FROM cancellation
        WHERE store_id = ANY(${[...new Set(rows.flatMap((row) => row.store_ids))]})
          AND order_no = ANY(${rows.flatMap((row) => row.order_no ?? [])})
          AND (status IN ('PENDING', 'UNKNOWN') OR resolved_at >= ${cutoff})`;
      const isNeeded = ({ store_ids: storeIds, order_no: orderNo }: OldWebhookRow): boolean =>
        needed.some((order) => order.order_no === orderNo && storeIds.includes(order.store_id));
      return rows.map((row) => ({ digest: row.digest, webhookBodies: isNeeded(row) ? 0 : 1 }));
    },
    erase: (rows) => Prisma.sql`
      /* retention: erase webhooks */
      WITH locked AS (
        SELECT digest FROM webhook_event
        WHERE store_id = ${storeId} AND digest = ANY(${rows.map(({ digest }) => digest)}) AND body_sealed IS NOT NULL
        FOR NO KEY UPDATE SKIP LOCKED
      ), erased AS (
        UPDATE webhook_event AS target SET body_sealed = NULL, body_key_id = NULL
        FROM locked WHERE target.store_id = ${storeId} AND target.digest = locked.digest
        RETURNING target.digest
      )
      SELECT count(*)::integer AS rows, count(*)::integer AS "webhookBodies" FROM erased`,
  };
}

/** Does the work unless another run is at work: then null. The lock ends with its connection, even if this process is killed. */
export async function withRetentionLock<T>(
  url: string,
  work: (isHeld: () => boolean) => Promise<T>,
): Promise<T | null> {
  return withSession(sessionConfig(url), async (client) => {
    let isHeld = true;
    client.on("error", () => (isHeld = false));
    const locked = await client.query("SELECT WHERE pg_try_advisory_lock($1)", [LOCK]);
    return locked.rowCount === 1 ? await work(() => isHeld) : null;
  });
}
