import pg from "pg";
import { until } from "./wait.js";
import type { World } from "./world.js";

export type Kind = "intents" | "outcomes";
export type Size = "one" | "many";
/** Where PostgreSQL stops with a statement: all its rows are written; it commits; it has committed, and no standby has the log of it yet. */
export type Stage = "statement" | "commit" | "standby";

/** A session whose statement is held up. */
export interface Held {
  readonly pid: number;
  /** Its side of the connection. */
  readonly port: number;
  readonly transaction: string;
  /** How many the statement has written. */
  readonly rows: number;
}

/** Classes of advisory locks: one is locked by this process, and asked for by whoever is to be held up; the other says how many rows. */
const POINTS = 4001;
const ROWS = 4002;
const PLACES = { statement: 0, commit: 4 } as const;

/** Not by the service's own lock_timeout: held up is whoever is, until he is let go. */
const TRIGGERS = `
  CREATE FUNCTION hold_up(stage integer, is_outcome boolean, rows integer) RETURNS void
  LANGUAGE plpgsql SET lock_timeout = 0 AS $$ BEGIN
    PERFORM pg_advisory_xact_lock_shared(${POINTS}, stage + 2 * is_outcome::integer + (rows > 1)::integer);
  END $$;

  CREATE FUNCTION hold_up_statement() RETURNS trigger LANGUAGE plpgsql AS $$
  DECLARE
    rows integer;
    is_outcome boolean;
  BEGIN
    SELECT count(*), bool_and(from_status IS NOT NULL) INTO rows, is_outcome FROM written;
    IF rows > 0 THEN
      PERFORM set_config('batch.rows', rows::text, true), pg_advisory_xact_lock_shared(${ROWS}, rows);
      PERFORM hold_up(${PLACES.statement}, is_outcome, rows);
    END IF;
    RETURN NULL;
  END $$;
  CREATE TRIGGER hold_up_statement AFTER INSERT ON cancellation_event
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION hold_up_statement();

  CREATE FUNCTION hold_up_commit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    PERFORM hold_up(${PLACES.commit}, NEW.from_status IS NOT NULL, current_setting('batch.rows')::integer);
    RETURN NULL;
  END $$;
  CREATE CONSTRAINT TRIGGER hold_up_commit AFTER INSERT ON cancellation_event
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION hold_up_commit()`;

const HELD = `
  SELECT a.pid, client_port AS port, backend_xid::text AS transaction, r.objid::integer AS rows
  FROM pg_stat_activity a JOIN pg_locks r ON r.pid = a.pid AND r.locktype = 'advisory' AND r.classid = ${ROWS}
  WHERE CASE WHEN $1::integer IS NULL THEN wait_event = 'SyncRep' ELSE EXISTS (
    SELECT FROM pg_locks w
    WHERE w.pid = a.pid AND w.locktype = 'advisory' AND w.classid = ${POINTS} AND w.objid::integer = $1 AND NOT w.granted
  ) END`;

/** Holds up the durable steps of a service in a PostgreSQL of its own. */
export class BatchHolds {
  readonly #held = new Set<number>();
  #waitsForStandby: Promise<unknown>[] = [];

  private constructor(
    private readonly world: World,
    private readonly session: pg.Client,
  ) {}

  static async open(world: World): Promise<BatchHolds> {
    await world.database.sql(TRIGGERS);
    const session = new pg.Client(world.postgres.proxy.url);
    // It ends with its server.
    session.on("error", () => undefined);
    await session.connect();
    return new BatchHolds(world, session);
  }

  /** From now on statements that write so many of these are held up there. */
  async hold(stage: Exclude<Stage, "standby">, size: Size, kind: Kind): Promise<void> {
    const point = pointOf(stage, size, kind);
    await this.session.query("SELECT pg_advisory_lock($1, $2)", [POINTS, point]);
    this.#held.add(point);
  }

  /** Those that are held up there now. */
  async held(stage: Stage, size: Size, kind: Kind): Promise<Held[]> {
    const point = stage === "standby" ? null : pointOf(stage, size, kind);
    const held: Held[] = await this.world.database.sql(HELD, [point]);
    return held.filter(({ rows }) => (size === "many") === rows > 1);
  }

  /** Resolves when a statement with several rows is held up there; `hold` has been called for the statements of this kind. */
  async reach(stage: Stage, kind: Kind): Promise<void> {
    const isAt = (where: Stage) => async (): Promise<boolean> =>
      (await this.held(where, "many", kind)).length > 0;
    if (stage === "standby") {
      await until(`several ${kind} are being written`, isAt("statement"));
      await this.#missStandby();
      await this.letGo();
    }
    await until(`several ${kind} are held up at: ${stage}`, isAt(stage));
  }

  /** Ends these sessions as PostgreSQL's administrator can. */
  async end(held: readonly Held[]): Promise<void> {
    const pids = held.map(({ pid }) => pid);
    await this.world.database.sql("SELECT pg_terminate_backend(pid) FROM unnest($1::integer[]) AS pid", [
      pids,
    ]);
    await until("they are gone", async () => {
      const there = await this.world.database.sql("SELECT FROM pg_stat_activity WHERE pid = ANY ($1)", [
        pids,
      ]);
      return there.length === 0;
    });
  }

  /** Nothing is held up by a lock any more. */
  async letGo(): Promise<void> {
    for (const point of this.#held)
      await this.session.query("SELECT pg_advisory_unlock($1, $2)", [POINTS, point]);
    this.#held.clear();
  }

  /** Nothing waits for a standby any more. */
  async forgetStandby(): Promise<void> {
    await this.session.query("ALTER SYSTEM RESET synchronous_standby_names");
    await this.session.query("SELECT pg_reload_conf()");
    await Promise.all(this.#waitsForStandby);
    this.#waitsForStandby = [];
  }

  /** How many rows this transaction has left behind. */
  async storedBy({ transaction }: Held): Promise<number> {
    const [row] = await this.world.database.sql(
      "SELECT count(*)::integer AS stored FROM cancellation_event WHERE xmin::text = $1",
      [transaction],
    );
    return row.stored;
  }

  /** From now on a commit waits for a standby that does not exist. */
  async #missStandby(): Promise<void> {
    await this.session.query("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
    await this.session.query("SELECT pg_reload_conf()");
    let isTrying = false;
    await until("a commit waits for a standby", async () => {
      if (!isTrying) {
        isTrying = true;
        const commit = this.world.database.sql("SELECT pg_logical_emit_message(true, 'test', '')");
        this.#waitsForStandby.push(commit.finally(() => (isTrying = false)));
      }
      const waiting = await this.session.query("SELECT FROM pg_stat_activity WHERE wait_event = 'SyncRep'");
      return (waiting.rowCount ?? 0) > 0;
    });
  }
}

function pointOf(stage: Exclude<Stage, "standby">, size: Size, kind: Kind): number {
  return PLACES[stage] + (kind === "outcomes" ? 2 : 0) + (size === "many" ? 1 : 0);
}
