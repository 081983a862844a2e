import pg from "pg";

/** A cancellation as it stands, with its one item and its trail. */
export interface Row {
  readonly id: string;
  readonly key: string;
  readonly orderNo: string;
  readonly itemId: string;
  readonly status: "PENDING" | "SUCCEEDED" | "FAILED" | "UNKNOWN";
  readonly safeToRetry: boolean;
  readonly resolvedBy: string | null;
  readonly hasNextCheck: boolean;
  readonly lookups: number;
  readonly eventCount: number;
  readonly contradicted: boolean;
  readonly events: readonly TrailEvent[];
}

export interface TrailEvent {
  readonly number: number;
  readonly from: string | null;
  readonly to: string;
  readonly source: string;
}

const ROWS = `
  SELECT c.id, c.idempotency_key AS key, c.order_no AS "orderNo", i.item_id AS "itemId", c.status,
    c.safe_to_retry AS "safeToRetry", c.resolved_by AS "resolvedBy", c.next_check_at IS NOT NULL AS "hasNextCheck",
    c.lookups, c.event_count AS "eventCount", c.discrepancies @> '[{"field": "status"}]' AS contradicted,
    (
      SELECT json_agg(json_build_object('number', number, 'from', from_status, 'to', to_status, 'source', source) ORDER BY number)
      FROM cancellation_event e WHERE e.store_id = c.store_id AND e.cancellation_id = c.id
    ) AS events
  FROM cancellation c
  JOIN cancellation_item i ON i.store_id = c.store_id AND i.cancellation_id = c.id
  WHERE $1::text[] IS NULL OR c.order_no = ANY ($1)`;

/** Orders whose cancelled total is not the sum of their cancels that succeeded. */
const WRONG_TOTALS = `
  SELECT order_no FROM cancelled_order o
  WHERE order_no = ANY ($1) AND cancelled_total <> (
    SELECT coalesce(sum(total_cancel_amount), 0) FROM cancellation c
    WHERE c.store_id = o.store_id AND c.order_no = o.order_no AND c.status = 'SUCCEEDED'
  )`;

/** Makes these open cancellations due, and long in doubt. See settle.ts for when that is allowed. */
const AGE = `
  UPDATE cancellation SET
    next_check_at = clock_timestamp() - interval '1 second',
    in_doubt_since = in_doubt_since - $2::float8 * interval '1 millisecond'
  WHERE status IN ('PENDING', 'UNKNOWN') AND ($1::uuid[] IS NULL OR id = ANY ($1))`;

/** Webhooks whose cancellation has not appeared, or is still under way, are looked at again. Harmless at any time. */
const DUE_WEBHOOKS = `
  UPDATE webhook_event SET next_match_at = clock_timestamp() - interval '1 second'
  WHERE state = 'WAITING' AND next_match_at > clock_timestamp()`;

const FORGET_OUTCOME = `
  WITH forgotten AS (
    UPDATE cancellation SET
      status = 'PENDING', failure_kind = NULL, failure_cause = NULL, failure_code = NULL, failure_message = NULL, failure_details = '[]',
      ebp_request_id = NULL, sent_at = NULL, in_doubt_since = NULL, answered_at = NULL, event_count = 1,
      next_check_at = created_at + interval '6 seconds'
    WHERE id = $1 AND status = 'UNKNOWN' AND event_count = 2 AND fencing_token = 1
    RETURNING store_id, id
  ), event AS (
    DELETE FROM cancellation_event e USING forgotten f
    WHERE e.store_id = f.store_id AND e.cancellation_id = f.id AND number = 2
  )
  SELECT id FROM forgotten`;

/** The tests' own way to the services' database. Connects anew after the server was away. */
export class Database {
  readonly #pool: pg.Pool;

  constructor(url: string) {
    this.#pool = new pg.Pool({ connectionString: url, max: 4, options: "-c TimeZone=UTC" });
    // A connection that breaks while it is idle is not used again.
    this.#pool.on("error", () => undefined);
  }

  async sql(text: string, values: readonly unknown[] = []): Promise<any[]> {
    // Without values, several statements may stand in one text.
    const result =
      values.length === 0 ? await this.#pool.query(text) : await this.#pool.query(text, [...values]);
    return result.rows;
  }

  /** What stands on these orders, or at all. */
  rows(orderNos?: readonly string[]): Promise<Row[]> {
    return this.sql(ROWS, [orderNos ?? null]);
  }

  /** What a process had asked for may still be carried out when it is dead: resolves when nothing is. */
  async isQuiet(): Promise<boolean> {
    const active = await this.sql(
      "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND state <> 'idle' AND pid <> pg_backend_pid()",
    );
    return active.length === 0;
  }

  /** Ids of what is open on these orders, or at all. */
  async open(orderNos?: readonly string[]): Promise<string[]> {
    const rows = await this.sql(
      "SELECT id FROM cancellation WHERE status IN ('PENDING', 'UNKNOWN') AND ($1::text[] IS NULL OR order_no = ANY ($1))",
      [orderNos ?? null],
    );
    return rows.map(({ id }) => id);
  }

  async wrongTotals(orderNos: readonly string[]): Promise<string[]> {
    return (await this.sql(WRONG_TOTALS, [orderNos])).map(({ order_no }) => order_no);
  }

  async age(ids: readonly string[] | null, doubtByMs: number): Promise<void> {
    await this.sql(AGE, [ids, doubtByMs]);
    await this.sql(DUE_WEBHOOKS);
  }

  /**
   * Makes the row what a process leaves that dies before it records what came of the sending. False when more than that has
   * happened to it.
   */
  async forgetOutcome(id: string): Promise<boolean> {
    const rows = await this.sql(FORGET_OUTCOME, [id]);
    return rows.length > 0;
  }

  close(): Promise<void> {
    return this.#pool.end();
  }
}
