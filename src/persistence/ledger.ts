import { setTimeout as delay } from "node:timers/promises";
import { pendingCancellation } from "../cancellation/cancel/transitions.js";
import type { CancellationHistory } from "../cancellation/history/history.js";
import type { AnnounceChange } from "../cancellation/live/change.js";
import type {
  CancelIntent,
  CancellationLedger,
  IntentResult,
} from "../cancellation/model/cancellation-ledger.js";
import type { Cancellation } from "../cancellation/model/cancellation.js";
import { KeyNotReadError, SendingHeldError } from "../cancellation/model/errors.js";
import type { Timing } from "../cancellation/model/timing.js";
import { Batches } from "./batches.js";
import {
  exact,
  type Exactly,
  insertItems,
  REQUEST_COLUMNS,
  REQUEST_ROW,
  REQUEST_VALUES,
  requestRow,
} from "./cancellation-row.js";
import type { Database } from "./client.js";
import { type DatabaseWatch, standing, standingValues } from "./database-watch.js";
import type { Encryptor } from "./encryptor.js";
import type { RecentRecords } from "./recent-records.js";
import { recordFinding } from "./record-finding.js";
import {
  recordTransition,
  type TransitionRow,
  type WriteTransition,
  writeTransitions,
} from "./record-transition.js";
import { fromNow, type Query, rowsFrom, type SqlValues, statement, toRows } from "./statement.js";

/**
 * What refused an intent can be gone when it is looked for: the blocking cancel has just ended. Then the intent is tried again. Each
 * round is lost to a cancel of the same order that began and ended meanwhile, so callers who race for one order bound the rounds.
 */
const MAX_INTENT_ROUNDS = 200;

export interface LedgerDependencies {
  readonly database: Database;
  readonly encryptor: Encryptor;
  readonly history: CancellationHistory;
  readonly timing: Timing;
  readonly announce?: AnnounceChange;
  /** Sees when the database has gone back in time: then nothing is sent. */
  readonly watch: Pick<DatabaseWatch, "cluster" | "position" | "heldForMs" | "nudge">;
  /** Keeps what is committed here, to enter it again when the database forgets it. */
  readonly recent?: RecentRecords;
  /** Called for each cancellation that came into doubt here. */
  readonly onInDoubt?: (id: string) => void;
}

export interface Ledger extends CancellationLedger {
  /** So many wait to be stored that a new one would wait long. */
  readonly isSaturated: boolean;
}

export function createLedger(parts: LedgerDependencies): Ledger {
  const { database, encryptor, history, timing, announce = () => undefined } = parts;
  const { watch, recent } = parts;
  const intentStatement = createIntentStatement(watch.cluster);
  const intents = new Batches<IntentRow>((storeId, rows) =>
    database.rows(
      intentStatement({ storeId, rows: toRows(rows), leaseMs: timing.leaseMs, ...standingValues(watch) }),
    ),
  );
  const transitions = new Batches<TransitionRow>((storeId, rows) =>
    writeTransitions(database, storeId, rows),
  );
  const write: WriteTransition = (storeId, row) => transitions.add(storeId, row);
  return {
    get isSaturated() {
      return intents.isSaturated || transitions.isSaturated;
    },

    async recordIntent(intent) {
      for (let round = 0; round < MAX_INTENT_ROUNDS; round += 1) {
        const result = await tryIntent(intent);
        if (result !== null) return result;
      }
      throw new Error(
        `recording a cancel of order ${intent.request.orderNo}: refused, but nothing stands in its way`,
      );
    },

    async recordTransition(before, step) {
      const after = await recordTransition({ write, encryptor, announce }, before, step);
      recent?.step(before, step);
      if (step.to === "UNKNOWN") parts.onInDoubt?.(before.id);
      return after;
    },
    recordFinding: (reference, finding) =>
      recordFinding({ database, encryptor, announce }, reference, finding),
    find: (storeIds, id) => history.find(storeIds, id),

    awaitOutcome: createOutcomeWaiter(history),
  };

  async function tryIntent(intent: CancelIntent): Promise<IntentResult | null> {
    const { id, store, request } = intent;
    const values = requestRow(intent, encryptor);
    const row = await intents.add(store.id, { id, orderNo: request.orderNo, json: values });
    if (row === undefined) throw new Error("the intent statement returned no row");
    if (row.created_at === null) return whyRefused(intent, row, values);
    announce({ storeId: store.id, id, orderNo: request.orderNo, version: 1 });
    const lease = { createdAt: row.created_at, nextCheckAt: row.next_check_at, fencingToken: 1 };
    const cancellation = pendingCancellation(intent, lease);
    recent?.intent(values, cancellation);
    return { kind: "recorded", cancellation };
  }

  async function whyRefused(
    { id, request, store }: CancelIntent,
    row: IntentRow,
    values: string,
  ): Promise<IntentResult | null> {
    const known = await history.findRequestByKey(store.id, request.idempotencyKey).catch((error: unknown) => {
      throw new KeyNotReadError(error);
    });
    // This very intent, whose acknowledgement was lost.
    if (known?.cancellation.id === id) recent?.intent(values, known.cancellation);
    if (known !== null) return { kind: "keyUsed", ...known };
    const blocking = await history.findOpen(store.id, request.orderNo);
    if (blocking !== null) return { kind: "orderBusy", blocking };
    if (!row.may_send) {
      void watch.nudge();
      throw new SendingHeldError(watch.heldForMs);
    }
    const actual = exact(row.cancelled_total);
    const expected = request.expectedCancelledTotal;
    return expected !== null && !expected.equals(actual) ? { kind: "totalChanged", actual } : null;
  }
}

interface IntentRow {
  readonly id: string;
  /** Null when a unique index, or the expected total, refused the intent. */
  readonly created_at: Date | null;
  readonly next_check_at: Date | null;
  /** What was cancelled on the order when its row was locked. */
  readonly cancelled_total: Exactly;
  /** False: this is not the database, or not as far, as this replica knows it, or sending is held. */
  readonly may_send: boolean;
}

/**
 * One statement that commits PENDING cancellations of one store, with their items and first events, and leaves out those that may not be.
 *
 * The rows of their orders are inserted or locked first, in one order: ON CONFLICT DO UPDATE waits for whoever holds one and returns its
 * newest committed version, whatever the statement's snapshot shows, so `expectedCancelledTotal` is compared with the truth.
 * A used key and an order that is still open are refused by the unique indexes, not by a read before.
 *
 * A database that has gone back in time takes no intent: it would not know the keys that it has forgotten.
 * @param cluster SQL that names this database.
 */
function createIntentStatement(cluster: string): (values: SqlValues) => Query {
  return statement(
    "intent",
    `/* cancellation: intent */
    WITH asked AS MATERIALIZED (
      SELECT * FROM ${rowsFrom(":rows", REQUEST_ROW)}
    ), standing AS (
      ${standing(cluster)}
    ), the_order AS (
      INSERT INTO cancelled_order (store_id, order_no)
      SELECT :storeId, order_no FROM asked ORDER BY order_no
      ON CONFLICT (store_id, order_no) DO UPDATE SET order_no = excluded.order_no
      RETURNING order_no, cancelled_total, reentered_open
    ), intent AS (
      INSERT INTO cancellation (store_id, ${REQUEST_COLUMNS}, status, created_at, next_check_at)
      SELECT :storeId, ${REQUEST_VALUES}, 'PENDING', statement_timestamp(), ${fromNow(":leaseMs")}
      FROM asked JOIN the_order USING (order_no), standing
      WHERE reentered_open = 0 AND (expected IS NULL OR cancelled_total = expected)
      ON CONFLICT DO NOTHING
      RETURNING store_id, id, created_at, next_check_at, requested_by
    ), items AS (
      ${insertItems("intent")}
    ), event AS (
      INSERT INTO cancellation_event (store_id, cancellation_id, number, at, to_status, source, actor)
      SELECT store_id, id, 1, created_at, 'PENDING', 'CALLER', requested_by FROM intent
    )
    SELECT asked.id, intent.created_at, intent.next_check_at, cancelled_total, EXISTS (SELECT FROM standing) AS may_send
    FROM asked JOIN the_order USING (order_no) LEFT JOIN intent ON intent.id = asked.id`,
  );
}

/** A repeated request is hardly slower than the first. */
const FIRST_POLL_MS = 20;
/** A cancel that takes more than a second is slow anyway. */
const LONGEST_POLL_MS = 250;

/** Polls the row: another replica may serve the first request. All who wait for one cancellation share a poll. */
export function createOutcomeWaiter(history: CancellationHistory): CancellationLedger["awaitOutcome"] {
  const waiting = new Map<string, Promise<Cancellation>>();

  return (cancellation, timeoutMs) => {
    const shared = waiting.get(cancellation.id);
    if (shared !== undefined) return shared;
    const started = poll(cancellation, timeoutMs).finally(() => waiting.delete(cancellation.id));
    waiting.set(cancellation.id, started);
    return started;
  };

  async function poll(pending: Cancellation, timeoutMs: number): Promise<Cancellation> {
    const deadline = performance.now() + timeoutMs;
    for (let pause = FIRST_POLL_MS; ; pause = Math.min(pause * 2, LONGEST_POLL_MS)) {
      const now = (await history.find([pending.storeId], pending.id)) ?? pending;
      const left = deadline - performance.now();
      if (now.status !== "PENDING" || left <= 0) return now;
      await delay(Math.min(pause, left));
    }
  }
}
