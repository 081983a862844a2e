import { endInTime } from "../end-in-time.js";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import type { AnnounceChange, ChangeHint } from "../../cancellation/live/change.js";
import { CHANGE_CHANNEL, toPayloads } from "./change-payload.js";
import { sessionConfig } from "../session.js";

/** Nobody sees a delay of this length, and all that is committed meanwhile goes out with one statement. */
const GATHER_MS = 25;
/** While the database is away, older hints are let go: whoever follows finds what they stood for in the history. */
const MAX_WAITING = 10_000;
/** What cannot be announced by then is not news any more; a stop waits for it no longer than that. */
const PATIENCE_MS = 2_000;
const IDLE_MS = 30_000;

export interface ChangeAnnouncerOptions {
  readonly databaseUrl: string;
  /** Told each time that hints are lost. */
  readonly onLost: (error: unknown) => void;
}

export interface ChangeAnnouncer {
  readonly announce: AnnounceChange;
  /** Announces what waits, then ends. */
  readonly close: () => Promise<void>;
}

/**
 * Tells all processes what has been committed, behind the back of whoever committed it. NOTIFY takes a lock that all of the server's
 * notifying commits share and holds it while its own is flushed, so it is in no transaction that anybody waits for: it has one of its
 * own.
 */
export function createChangeAnnouncer({ databaseUrl, onLost }: ChangeAnnouncerOptions): ChangeAnnouncer {
  const pool = new pg.Pool({
    ...sessionConfig(databaseUrl),
    max: 1,
    connectionTimeoutMillis: PATIENCE_MS,
    query_timeout: PATIENCE_MS,
    idleTimeoutMillis: IDLE_MS,
    // Nobody has to wait for a connection that only waits for hints.
    allowExitOnIdle: true,
  });
  // An idle connection that breaks is gone from the pool already; unheard, it would end the process.
  pool.on("error", () => undefined);
  const waiting = new Map<string, ChangeHint>();
  let sending: Promise<void> | null = null;

  /** One statement after the other: what comes while one is under way goes with the next. */
  async function sendAll(): Promise<void> {
    await delay(GATHER_MS, undefined, { ref: false });
    while (waiting.size > 0) {
      const payloads = toPayloads(waiting.values());
      waiting.clear();
      await pool
        .query(
          "/* cancellation: announce */ SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS payload",
          [CHANGE_CHANNEL, payloads],
        )
        .catch(onLost);
    }
  }

  return {
    announce(hint) {
      waiting.delete(hint.id);
      waiting.set(hint.id, hint);
      if (waiting.size > MAX_WAITING) {
        const [oldest] = waiting.keys();
        if (oldest !== undefined) waiting.delete(oldest);
      }
      sending ??= sendAll().finally(() => (sending = null));
    },
    async close() {
      await sending;
      await endInTime(pool.end());
    },
  };
}
