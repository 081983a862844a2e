import { setTimeout as delay } from "node:timers/promises";
import type { AnnounceChange, ChangeHint, ChangeHints } from "../cancellation/live/change.js";
import type { Database } from "./client.js";
import { endInTime, SessionClient, sessionConfig } from "./session.js";
import { statement } from "./statement.js";

/** The channel of LISTEN and NOTIFY, within one database. */
export const CHANGE_CHANNEL = "cancellation_changed";
/** PostgreSQL's limit is 8 000 bytes. A hint has about 100 bytes, and 900 at most. */
export const MAX_PAYLOAD_BYTES = 7_900;

/** Unnoticeable to a follower; all hints of this time go out in one statement. */
const GATHER_MS = 25;
/** Hints kept while the database is away. Older ones are dropped: a look back finds their changes. */
const MAX_WAITING = 10_000;

const CONNECT_MS = 5_000;
/** A connection whose peer vanished is noticed within two checks. */
const CHECK_EVERY_MS = 30_000;
/** A cut connection can usually be replaced at once. */
const FIRST_PAUSE_MS = 50;
/** All replicas reconnect: more often would be a burden to a database that is just coming back. */
const LONGEST_PAUSE_MS = 10_000;

const NOTIFY = statement(
  "announce",
  `/* cancellation: announce */
  SELECT pg_notify(:channel, payload)::text FROM unnest(:payloads::text[]) AS payload`,
);

export interface ChangeAnnouncerOptions {
  readonly database: Database;
  /** Called for each statement whose hints are lost. */
  readonly onLost: (error: unknown) => void;
}

export interface ChangeAnnouncer {
  readonly announce: AnnounceChange;
  /** Sends the waiting hints first. */
  readonly close: () => Promise<void>;
}

/**
 * Announces commits to all processes, in a transaction of its own. NOTIFY takes a lock that all notifying commits of the server share,
 * and holds it while its commit is flushed, so it must not be part of a transaction that somebody waits for.
 */
export function createChangeAnnouncer({ database, onLost }: ChangeAnnouncerOptions): ChangeAnnouncer {
  const waiting = new Map<string, ChangeHint>();
  let sending: Promise<void> | null = null;

  async function sendAll(): Promise<void> {
    await delay(GATHER_MS, undefined, { ref: false });
    while (waiting.size > 0) {
      const payloads = toPayloads(waiting.values());
      waiting.clear();
      await database.rows(NOTIFY({ channel: CHANGE_CHANNEL, payloads })).catch(onLost);
    }
  }

  return {
    announce(hint) {
      waiting.delete(hint.id);
      waiting.set(hint.id, hint);
      const [oldest] = waiting.keys();
      if (waiting.size > MAX_WAITING && oldest !== undefined) waiting.delete(oldest);
      sending ??= sendAll().finally(() => (sending = null));
    },
    async close() {
      await sending;
    },
  };
}

export interface ChangeListenerOptions {
  readonly databaseUrl: string;
  /** Called once when the connection breaks. */
  readonly onBroken: (error: unknown) => void;
  /** Called once when it has been replaced. */
  readonly onMended: () => void;
}

export interface ChangeListener extends ChangeHints {
  close(): Promise<void>;
}

/** Listens on a connection of its own. It is opened by the first `listen`, and replaced whenever it breaks. */
export function createChangeListener(options: ChangeListenerOptions): ChangeListener {
  let onHints: (hints: readonly ChangeHint[]) => void = () => undefined;
  let onInterrupted = (): void => undefined;
  let opening: Promise<void> | null = null;
  let client: SessionClient | null = null;
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;

  async function connect(): Promise<void> {
    const next = new SessionClient({
      ...sessionConfig(options.databaseUrl),
      connectionTimeoutMillis: CONNECT_MS,
      query_timeout: CONNECT_MS,
    });
    let isOver = false as boolean;
    const over = (error: unknown): void => {
      if (isOver) return;
      isOver = true;
      void next.end().catch(() => undefined);
      if (client !== next) return;
      client = null;
      options.onBroken(error);
      reconnectAfter(FIRST_PAUSE_MS);
    };
    next.on("notification", ({ payload }) => onHints(fromPayload(payload)));
    next.on("error", over);
    next.on("end", () => over(new Error("listening for changes: the connection has ended")));
    try {
      await next.connect();
      await next.query(`LISTEN ${CHANGE_CHANNEL}`);
      if (isOver) throw new Error("listening for changes: the connection ended as it was opened");
    } catch (error) {
      over(error);
      throw error;
    }
    if (isClosed) {
      over(null);
      return;
    }
    client = next;
    timer = setInterval(() => void next.query("SELECT 1").catch(over), CHECK_EVERY_MS).unref();
  }

  function reconnectAfter(pauseMs: number): void {
    clearInterval(timer);
    if (isClosed) return;
    const reconnect = (): void => {
      connect().then(
        () => {
          if (client === null) return;
          options.onMended();
          onInterrupted();
        },
        () => reconnectAfter(Math.min(pauseMs * 2, LONGEST_PAUSE_MS)),
      );
    };
    timer = setTimeout(reconnect, pauseMs * (0.5 + Math.random())).unref();
  }

  return {
    async listen(tell, tellInterrupted) {
      [onHints, onInterrupted] = [tell, tellInterrupted];
      opening ??= connect().catch((error: unknown) => {
        opening = null;
        throw error;
      });
      await opening;
    },
    async close() {
      isClosed = true;
      clearInterval(timer);
      const last = client;
      client = null;
      if (last !== null) await endInTime(last.end());
    },
  };
}

type WrittenHint = readonly [storeId: string, id: string, orderNo: string, version: number];

/** The fewest payloads that hold all hints. */
export function toPayloads(hints: Iterable<ChangeHint>): string[] {
  const payloads: string[] = [];
  let part: string[] = [];
  let bytes = 0;
  for (const { storeId, id, orderNo, version } of hints) {
    const written: WrittenHint = [storeId, id, orderNo, version];
    const text = JSON.stringify(written);
    const size = Buffer.byteLength(text) + 1;
    if (part.length > 0 && bytes + size + 1 > MAX_PAYLOAD_BYTES) {
      payloads.push(`[${part.join(",")}]`);
      [part, bytes] = [[], 0];
    }
    part.push(text);
    bytes += size;
  }
  return part.length === 0 ? payloads : [...payloads, `[${part.join(",")}]`];
}

/** Anyone who may connect to the database may notify: whatever is not a hint is ignored. */
export function fromPayload(payload = ""): ChangeHint[] {
  const written = parse(payload);
  if (!Array.isArray(written)) return [];
  return written
    .filter(isWrittenHint)
    .map(([storeId, id, orderNo, version]) => ({ storeId, id, orderNo, version }));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isWrittenHint(one: unknown): one is WrittenHint {
  if (!Array.isArray(one)) return false;
  const [storeId, id, orderNo, version] = one as readonly unknown[];
  return [storeId, id, orderNo].every((text) => typeof text === "string") && Number.isInteger(version);
}
