import { type LateDependencies, recordLate } from "../cancellation/cancel/record-outcome.js";
import type { Transition } from "../cancellation/model/cancellation-ledger.js";
import type { Cancellation } from "../cancellation/model/cancellation.js";
import { canMove } from "../cancellation/model/status.js";
import { LOOKUP_DELAYS_MS } from "../cancellation/model/timing.js";
import type { PrismaClient } from "./generated/client.js";
import { insertItems, REQUEST_COLUMNS, REQUEST_ROW, REQUEST_VALUES } from "./cancellation-row.js";
import { throughPrisma } from "./client.js";
import type { RecentRecord, RecentRecords } from "./recent-records.js";
import { fromNow, rowsFrom, statement, toRows } from "./statement.js";
import { ENTER_WEBHOOK } from "./webhook-inbox.js";

/**
 * - entered: the database had forgotten it.
 * - present: it is there.
 * - keyTaken: another cancellation has its key now, or its id. Money may have moved twice: somebody has to look.
 */
export type EnteredAgain = "entered" | "present" | "keyTaken";

/** A cancellation that was sent, and that the database may have forgotten. */
export interface ForgottenCancellation {
  readonly storeId: string;
  readonly id: string;
  readonly orderNo: string;
  /** As `requestRow` makes it. */
  readonly request: string;
  readonly createdAt: Date;
  /** PENDING: somebody is still at work on it, or knows the outcome. UNKNOWN: nobody does. */
  readonly status: "PENDING" | "UNKNOWN";
  readonly leaseMs: number;
  readonly isAccountKnown: boolean;
  /** For the trail: where it was entered from. */
  readonly basis: string;
}

const LOCK_ORDER = statement(
  "lock_order",
  `/* cancellation: lock order */
  INSERT INTO cancelled_order (store_id, order_no) VALUES (:storeId, :orderNo)
  ON CONFLICT (store_id, order_no) DO UPDATE SET order_no = excluded.order_no
  RETURNING order_no`,
);

/** With the order's row locked. Its count closes the order for intents. */
const ENTER_AGAIN = statement(
  "enter_again",
  `/* cancellation: enter again */
  WITH asked AS MATERIALIZED (
    SELECT * FROM ${rowsFrom(":rows", REQUEST_ROW)}
  ), entered AS (
    INSERT INTO cancellation (
      store_id, ${REQUEST_COLUMNS}, status, created_at, sent_at, in_doubt_since, next_check_at, failure_kind,
      failure_cause, reentered, is_account_known
    )
    SELECT :storeId, ${REQUEST_VALUES},
      :status::cancellation_status, :createdAt::timestamptz, :sentAt::timestamptz,
      CASE WHEN :status = 'UNKNOWN' THEN statement_timestamp() END, ${fromNow(":nextCheckMs")},
      CASE WHEN :status = 'UNKNOWN' THEN 'IN_DOUBT'::failure_kind END, CASE WHEN :status = 'UNKNOWN' THEN 'ENTERED_AGAIN'::failure_cause END,
      true, :isAccountKnown::boolean
    FROM asked
    ON CONFLICT DO NOTHING
    RETURNING store_id, id, created_at, status, requested_by
  ), items AS (
    ${insertItems("entered")}
  ), event AS (
    INSERT INTO cancellation_event (store_id, cancellation_id, number, to_status, source, actor, evidence)
    SELECT store_id, id, 1, status, 'RECOVERY', requested_by, jsonb_build_object('basis', :basis::text) FROM entered
  ), counted AS (
    UPDATE cancelled_order SET reentered_open = reentered_open + 1
    FROM entered
    WHERE cancelled_order.store_id = :storeId AND cancelled_order.order_no = :orderNo
  )
  SELECT id FROM entered`,
);

/** Enters a cancellation that is not there, under its id, key and moment, so that its key and its order are closed again. */
export async function enterAgain(
  prisma: PrismaClient,
  { storeId, id, orderNo, request, createdAt, status, leaseMs, isAccountKnown, basis }: ForgottenCancellation,
): Promise<EnteredAgain> {
  if (await isThere(prisma, storeId, id)) return "present";
  const [firstLookupMs = 0] = LOOKUP_DELAYS_MS;
  const moment = createdAt.toISOString();
  const entered = await prisma.$transaction(async (transaction) => {
    const database = throughPrisma(transaction);
    await database.rows(LOCK_ORDER({ storeId, orderNo }));
    return database.rows(
      ENTER_AGAIN({
        storeId,
        orderNo,
        rows: toRows([{ json: request }]),
        status,
        createdAt: moment,
        sentAt: status === "UNKNOWN" ? moment : null,
        nextCheckMs: status === "UNKNOWN" ? firstLookupMs : leaseMs,
        isAccountKnown,
        basis,
      }),
    );
  });
  if (entered.length > 0) return "entered";
  return (await isThere(prisma, storeId, id)) ? "present" : "keyTaken";
}

export async function isThere(prisma: PrismaClient, storeId: string, id: string): Promise<boolean> {
  const row = await prisma.cancellation.findUnique({
    where: { storeId_id: { storeId, id } },
    select: { id: true },
  });
  return row !== null;
}

export interface EnterRecentDependencies extends LateDependencies {
  readonly prisma: PrismaClient;
  readonly recent: RecentRecords;
  readonly leaseMs: number;
  readonly onKeyTaken: (cancellation: Cancellation) => void;
}

export interface EnteredCounts {
  /** Cancellations that this replica remembered. */
  readonly remembered: number;
  readonly entered: number;
  /** Steps that were missing. */
  readonly steps: number;
  readonly keyTaken: number;
  /** Webhooks that were missing. */
  readonly webhooks: number;
}

/** A database that has just failed over is busy. */
const AT_ONCE = 4;

const FROM_MEMORY =
  "The database had forgotten this cancellation. It was entered again from the memory of the process that committed it.";

/**
 * Enters all that this replica remembers and the database does not have. May be repeated: what is there stays as it is.
 * @throws StaleTransitionError when somebody else moved a cancellation at this moment; nothing is lost then.
 */
export async function enterRecent(parts: EnterRecentDependencies): Promise<EnteredCounts> {
  const { prisma, recent, leaseMs } = parts;
  const records = recent.all();
  const counts = { remembered: records.length, entered: 0, steps: 0, keyTaken: 0, webhooks: 0 };
  const queue = records.values();
  const work = async (): Promise<void> => {
    for (const record of queue) {
      const { request, pending } = record;
      const { storeId, id, orderNo, createdAt } = pending;
      const how = { status: "PENDING", leaseMs, isAccountKnown: true, basis: FROM_MEMORY } as const;
      const result = await enterAgain(prisma, { storeId, id, orderNo, request, createdAt, ...how });
      if (result === "keyTaken") {
        counts.keyTaken += 1;
        parts.onKeyTaken(pending);
        continue;
      }
      if (result === "entered") counts.entered += 1;
      counts.steps += await repeatSteps(parts, record);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  for (const values of recent.webhooks())
    counts.webhooks += (await throughPrisma(prisma).rows(ENTER_WEBHOOK(values))).length;
  return counts;
}

/** Repeats the steps that the database lacks. If others decided otherwise meanwhile, a step is kept as proof against that. */
async function repeatSteps(
  parts: EnterRecentDependencies,
  { pending, steps }: RecentRecord,
): Promise<number> {
  let repeated = 0;
  for (const { step, committedAt } of steps) {
    const now = await parts.ledger.find([pending.storeId], pending.id);
    if (now === null || now.status === step.to) continue;
    if (!canMove(now.status, step.to) && now.status === steps.at(-1)?.step.to) continue;
    const ageMs = performance.now() - committedAt;
    const again: Transition = {
      ...step,
      sentAgoMs: step.sentAgoMs === null ? null : step.sentAgoMs + ageMs,
      evidence: {
        ...step.evidence,
        basis: `${step.evidence.basis} (Recorded again: the database had forgotten it.)`,
      },
    };
    await recordLate(parts, now, again);
    repeated += 1;
  }
  return repeated;
}
