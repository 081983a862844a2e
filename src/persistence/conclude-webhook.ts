import type { AnnounceChange, ChangeHint } from "../cancellation/live/change.js";
import type { Cancellation } from "../cancellation/model/cancellation.js";
import { StaleTransitionError } from "../cancellation/model/errors.js";
import type {
  EventsLikeIt,
  Told,
  WebhookConclusion,
  WebhookReference,
} from "../cancellation/model/webhook-inbox.js";
import { type Database, throughPrisma } from "./client.js";
import type { Encryptor } from "./encryptor.js";
import { Prisma, type PrismaClient, type WebhookEvent as WebhookRow } from "./generated/client.js";
import { recordFinding } from "./record-finding.js";
import {
  type RecordDependencies,
  recordTransition,
  type WriteTransition,
  writeTransitions,
} from "./record-transition.js";

export interface ConcludeDependencies {
  readonly prisma: PrismaClient;
  readonly encryptor: Encryptor;
  readonly announce: AnnounceChange;
}

/** Commits the webhook's state together with what it changes, or nothing, as the inbox says. */
export async function concludeWebhook(
  { prisma, encryptor, announce }: ConcludeDependencies,
  claim: WebhookReference,
  conclusion: WebhookConclusion,
): Promise<boolean> {
  // Most webhooks tell nothing, and need no lock.
  if (conclusion.told.length === 0) return close(prisma, claim, conclusion);
  const hints: ChangeHint[] = [];
  const concluded = await prisma.$transaction(async (transaction) => {
    const row = await readRow(transaction, claim);
    await lockOrder(transaction, row);
    // Another body may have told the same since this one was read. With the order locked, no more can.
    if (await isRepeat(transaction, row)) {
      throw new StaleTransitionError(row.digest, "WAITING", conclusion.state);
    }
    const { alreadyMatched } = await eventsLikeIt(transaction, row);
    for (const { cancellation } of conclusion.told)
      if (conclusion.state === "MATCHED" && alreadyMatched.has(cancellation.id))
        throw new StaleTransitionError(cancellation.id, cancellation.status, cancellation.status);
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
}

type WebhookReader = Pick<Prisma.TransactionClient, "webhookEvent">;

export function readRow(
  { webhookEvent }: WebhookReader,
  { storeId, digest }: WebhookReference,
): Promise<WebhookRow> {
  return webhookEvent.findUniqueOrThrow({ where: { digest_storeId: { storeId, digest } } });
}

/** EBP may send one event in several bodies. Without a time or an amount, nobody can tell that it is the same. */
export async function isRepeat(
  database: WebhookReader,
  { storeId, digest, kind, orderNo, eventTime, amount, currencyCode, refundedAt, storeIds }: WebhookRow,
): Promise<boolean> {
  if (orderNo === null || eventTime === null || amount === null) return false;
  const dealtWith = await database.webhookEvent.count({
    where: {
      storeId,
      orderNo,
      kind,
      eventTime,
      amount,
      currencyCode,
      refundedAt,
      storeIds: { equals: storeIds },
      digest: { not: digest },
      state: { in: ["MATCHED", "ATTACHED"] },
    },
  });
  return dealtWith > 0;
}

export async function eventsLikeIt(
  { webhookEvent }: WebhookReader,
  { storeId, digest, kind, orderNo, amount, currencyCode }: WebhookRow,
): Promise<EventsLikeIt> {
  if (orderNo === null) return { alreadyMatched: new Set(), waiting: [] };
  const ofSameAmount = { state: "WAITING", isOfSuccess: true, amount, currencyCode } as const;
  const others = await webhookEvent.findMany({
    where: { storeId, orderNo, kind, digest: { not: digest }, OR: [{ state: "MATCHED" }, ofSameAmount] },
    select: { state: true, matchedId: true, cancellationIds: true },
  });
  return {
    alreadyMatched: new Set(others.flatMap(({ matchedId }) => matchedId ?? [])),
    waiting: others.filter(({ state }) => state === "WAITING").map(({ cancellationIds }) => cancellationIds),
  };
}

/** Webhooks of one order are concluded one after the other. Whoever writes a cancellation locks the order first too. */
async function lockOrder(
  database: Pick<Prisma.TransactionClient, "$queryRaw">,
  { storeIds, orderNo }: WebhookRow,
): Promise<void> {
  for (const storeId of [...storeIds].sort())
    await database.$queryRaw`
      SELECT FROM cancelled_order WHERE store_id = ${storeId} AND order_no = ${orderNo} FOR UPDATE`;
}

async function close(
  database: Pick<Prisma.TransactionClient, "$executeRaw">,
  { storeId, digest }: WebhookReference,
  { state, told }: WebhookConclusion,
): Promise<boolean> {
  const matched = state === "MATCHED" ? told[0].cancellation : null;
  const closed = await database.$executeRaw`
    UPDATE webhook_event SET
      state = ${state}::webhook_state, next_match_at = NULL,
      matched_store_id = ${matched?.storeId ?? null}, matched_id = ${matched?.id ?? null}::uuid
    WHERE store_id = ${storeId} AND digest = ${digest} AND state = 'WAITING'`;
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
