import { randomUUID } from "node:crypto";
import { type Database, sqlStateOf } from "./client.js";
import { Prisma } from "./generated/client.js";
import { fromNow, type SqlValues, statement } from "./statement.js";

// A PostgreSQL can go back in time: an asynchronous standby is promoted before it has everything, a backup is restored. Then commits
// that callers were told of are gone, a used key is free again, and the next request with it would move money twice. No unique index
// can see that. So a row of the database says where it stands in its own history, and every replica remembers what that row said last.

const MS_PER_SECOND = 1_000;
/** Whoever asks more often is answered by the look before: each look writes. */
const LOOKED_LATELY_MS = 500;

export interface DatabasePosition {
  /** The row's id. Whoever sees that the database has gone back gives it another, by which all others see it too. */
  readonly id: string;
  /** Grows each time a replica looks: a row that says less than before is an older one. */
  readonly beat: string;
}

/** What one look at the row has shown. */
export interface DatabaseLook {
  readonly position: DatabasePosition;
  /** The database has gone back since the last look of this replica, or before its first. */
  readonly wentBack: boolean;
  /** For so long no replica may send a cancel; 0: they may. */
  readonly heldForMs: number;
}

export interface WatchEvents {
  /** Told once each time: the database has gone back in time, and no cancel is sent for so long. */
  readonly onWentBack: (heldForMs: number) => void;
  /** Told of a look, or an entering again, that failed; both are tried again. */
  readonly onFault: (error: unknown) => void;
}

/**
 * Watches whether the database goes back in time. When it has, no cancel is sent until the hold is over and what this replica
 * remembers is entered again: by then the keys and the open orders that the database forgot are closed.
 */
export class DatabaseWatch {
  #position: DatabasePosition | null = null;
  /** By this process's own clock. */
  #heldUntilMs = 0;
  #entering: Promise<void> | null = null;
  /** Seen to have gone back, and not all of what is remembered is entered again. */
  #mustEnterAgain = false;
  #looking: Promise<void> | null = null;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #enterAgain: () => Promise<void> = () => Promise.resolve();

  constructor(
    private readonly history: DatabaseHistory,
    private readonly events: WatchEvents,
  ) {}

  /** SQL that names the database. */
  get cluster(): string {
    return this.history.cluster;
  }

  /** Where the database stood when it was last looked at; null before that. */
  get position(): DatabasePosition | null {
    return this.#position;
  }

  /** For how long no cancel may be sent; 0: they may. What is not entered again yet is taken to need a second more. */
  get heldForMs(): number {
    const left = Math.max(0, this.#heldUntilMs - performance.now());
    return this.#mustEnterAgain ? Math.max(left, MS_PER_SECOND) : left;
  }

  get lookedMsAgo(): number {
    return performance.now() - this.#lookedAt;
  }

  /** @param enterAgain enters what this replica remembers and the database does not; may be called again. */
  remembers(enterAgain: () => Promise<void>): void {
    this.#enterAgain = enterAgain;
  }

  /** Looks now; who asks while a look is under way shares it. @throws when the database cannot be written to. */
  look(): Promise<void> {
    return (this.#looking ??= this.history
      .look(this.#position)
      .then((look) => this.#see(look))
      .finally(() => (this.#looking = null)));
  }

  /** The same for whoever only has a reason to look. */
  nudge(): Promise<void> {
    return this.look().catch((error: unknown) => this.events.onFault(error));
  }

  /** Waits for what is being entered again. */
  async stop(): Promise<void> {
    await this.#entering;
  }

  #see({ position, wentBack, heldForMs }: DatabaseLook): void {
    this.#position = position;
    this.#lookedAt = performance.now();
    this.#heldUntilMs = this.#lookedAt + heldForMs;
    if (wentBack) {
      this.events.onWentBack(heldForMs);
      this.#mustEnterAgain = true;
    }
    if (this.#mustEnterAgain) this.#entering ??= this.#enter().finally(() => (this.#entering = null));
  }

  /** Others are held as well for as long as it takes. What fails is tried again with the next look. */
  async #enter(): Promise<void> {
    const onFault = (error: unknown): void => this.events.onFault(error);
    const holding = setInterval(
      () => void this.history.hold(2 * MS_PER_SECOND).catch(onFault),
      MS_PER_SECOND,
    );
    try {
      await this.#enterAgain();
      this.#mustEnterAgain = false;
    } catch (error) {
      onFault(error);
    } finally {
      clearInterval(holding);
    }
  }
}

/** For /readyz. In words of ours: a library's may name what nobody outside should know. */
export async function whyUnready(watch: DatabaseWatch): Promise<string | null> {
  try {
    if (watch.lookedMsAgo > LOOKED_LATELY_MS) await watch.look();
  } catch (error) {
    return REFUSALS.has((sqlStateOf(error) ?? "").slice(0, 2))
      ? "the database cannot be written to"
      : "the database does not answer";
  }
  const { heldForMs } = watch;
  if (heldForMs === 0) return null;
  return `the database has gone back in time: no cancel is sent for another ${Math.ceil(heldForMs / MS_PER_SECOND)} s`;
}

/** Classes of PostgreSQL's codes for an answer that is an error: it is read-only, or its disk is full. Not that it is shutting down or starting up. */
const REFUSALS: ReadonlySet<string> = new Set(["25", "42", "53", "54", "55"]);

/**
 * SQL with one row when this is the database, and at least as far, as this replica knows it, and nothing holds sending. It needs the
 * values of `standingValues`.
 */
export function standing(cluster: string): string {
  return `SELECT id FROM database_history
      WHERE :maySend::boolean AND id = :historyId::uuid AND beat >= :historyBeat::bigint AND cluster = ${cluster}
        AND (held_until IS NULL OR held_until <= statement_timestamp())`;
}

export function standingValues({
  heldForMs,
  position,
}: Pick<DatabaseWatch, "heldForMs" | "position">): SqlValues {
  return { maySend: heldForMs === 0, historyId: position?.id ?? null, historyBeat: position?.beat ?? null };
}

/** Looks at where the database stands. */
export interface DatabaseHistory {
  /** SQL that names this server, its timeline, this database and this table, as far as this role may read them. */
  readonly cluster: string;
  /** Writes, so it also shows that the database can be written to. */
  look(known: DatabasePosition | null): Promise<DatabaseLook>;
  /** No replica sends a cancel for this long from now. */
  hold(ms: number): Promise<void>;
}

interface BeatRow {
  readonly id: string;
  readonly beat: string | bigint;
  readonly held_for_ms: number;
}

const OBJECTS = `(SELECT oid FROM pg_database WHERE datname = current_database()) || '.' || 'cancellation'::regclass::oid`;
const TIMELINE = "left(pg_walfile_name(pg_current_wal_insert_lsn()), 8)";
const SYSTEM = "(SELECT system_identifier FROM pg_control_system())";

/** From what tells most to what every PostgreSQL can tell. A service that only speaks PostgreSQL's language may know none but the last. */
const CLUSTERS = [
  `${SYSTEM} || '.' || ${TIMELINE} || '.' || ${OBJECTS}`,
  `${TIMELINE} || '.' || ${OBJECTS}`,
  OBJECTS,
];

/** @param holdMs for how long sending is held when the database is seen to have gone back. */
export async function openDatabaseHistory(database: Database, holdMs: number): Promise<DatabaseHistory> {
  const cluster = await readableCluster(database);
  const beat = beatStatement(cluster);
  return {
    cluster,

    async look(known) {
      const newId = randomUUID();
      const beating = beat({ newId, knownId: known?.id ?? null, knownBeat: known?.beat ?? null, holdMs });
      let [row] = await database.rows<BeatRow>(beating);
      if (row === undefined) {
        // The row itself is gone: a database older than it, or emptied by hand.
        await database.rows(
          Prisma.sql`INSERT INTO database_history (id, cluster) VALUES (${randomUUID()}::uuid, 'none') ON CONFLICT DO NOTHING`,
        );
        [row] = await database.rows<BeatRow>(beating);
      }
      if (row === undefined) throw new Error("reading where the database stands: it has no row of it");
      return {
        position: { id: row.id, beat: row.beat.toString() },
        wentBack: row.id === newId || (known !== null && row.id !== known.id),
        heldForMs: row.held_for_ms,
      };
    },

    async hold(ms) {
      await database.rows(HOLD({ holdMs: ms }));
    },
  };
}

async function readableCluster(database: Database): Promise<string> {
  let fault: unknown;
  for (const cluster of CLUSTERS) {
    try {
      await database.rows({ text: `SELECT ${cluster}`, values: [] });
      return cluster;
    } catch (error) {
      fault = error;
    }
  }
  throw new Error("reading which database this is", { cause: fault });
}

/**
 * It has gone back when the row was last written elsewhere (another server, timeline, database or table), when it says less than
 * this replica has seen, or when another replica saw it and the hold is over already: what this one remembers was not entered again
 * in time. On the newest version of the row, so one replica is the first to see it.
 */
function beatStatement(cluster: string): ReturnType<typeof statement> {
  const wentBack = `(
      history.cluster <> here.cluster OR :knownId::uuid IS NOT NULL AND CASE
        WHEN id = :knownId::uuid THEN beat < :knownBeat::bigint
        ELSE held_until IS NULL OR held_until <= here.now
      END
    )`;
  return statement(
    "beat",
    `/* history: beat */
    WITH here AS MATERIALIZED (
      SELECT ${cluster} AS cluster, statement_timestamp() AS now, ${fromNow(":holdMs")} AS hold_ends_at
    ), beaten AS (
      UPDATE database_history AS history SET
        beat = beat + 1,
        cluster = here.cluster,
        id = CASE WHEN coalesce(${wentBack}, false) THEN :newId::uuid ELSE id END,
        held_until = CASE WHEN coalesce(${wentBack}, false) THEN hold_ends_at ELSE held_until END
      FROM here
      RETURNING id, beat, held_until
    )
    SELECT id, beat, greatest(0, coalesce(extract(epoch FROM held_until - now) * 1000, 0))::float8 AS held_for_ms
    FROM beaten, here`,
  );
}

const HOLD = statement(
  "hold",
  `/* history: hold */
  UPDATE database_history SET
    held_until = greatest(held_until, ${fromNow(":holdMs")})`,
);
