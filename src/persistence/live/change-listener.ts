import type { ChangeHint, ChangeHints } from "../../cancellation/live/change.js";
import { CHANGE_CHANNEL, fromPayload } from "./change-payload.js";
import { endInTime } from "../end-in-time.js";
import { SessionClient, sessionConfig } from "../session.js";

const CONNECT_MS = 5_000;
/** A connection whose other side is gone without a word is noticed after two of these. */
const CHECK_EVERY_MS = 30_000;
/** A connection that was cut is followed by a good one at once. */
const FIRST_PAUSE_MS = 50;
/** All replicas try; more often than this would be a burden to a database that is just coming back. */
const LONGEST_PAUSE_MS = 10_000;

export interface ChangeListenerOptions {
  readonly databaseUrl: string;
  /** Told once when the connection breaks, and once when there is another. */
  readonly onBroken: (error: unknown) => void;
  readonly onMended: () => void;
}

export interface ChangeListener extends ChangeHints {
  close(): Promise<void>;
}

/** Listens on a connection of its own, which is opened for the first who wants to hear, and opened anew whenever it breaks. */
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
    const broken = new AbortController();
    const over = (error: unknown): void => {
      if (broken.signal.aborted) return;
      broken.abort();
      void next.end().catch(() => undefined);
      if (client !== next) return;
      client = null;
      options.onBroken(error);
      mend(FIRST_PAUSE_MS);
    };
    next.on("notification", ({ payload }) => onHints(fromPayload(payload)));
    next.on("error", over);
    next.on("end", () => over(new Error("listening for changes: the connection has ended")));
    try {
      await next.connect();
      await next.query(`LISTEN ${CHANGE_CHANNEL}`);
    } catch (error) {
      over(error);
      throw error;
    }
    // Cut in the very moment in which it was answered: nobody has been told, and it is tried again.
    if (broken.signal.aborted) throw new Error("listening for changes: the connection has ended");
    if (isClosed) {
      over(null);
      return;
    }
    client = next;
    timer = setInterval(() => void next.query("SELECT 1").catch(over), CHECK_EVERY_MS).unref();
  }

  function mend(pauseMs: number): void {
    clearInterval(timer);
    if (isClosed) return;
    timer = setTimeout(
      () => {
        connect().then(
          () => {
            if (client === null) return;
            options.onMended();
            onInterrupted();
          },
          () => mend(Math.min(pauseMs * 2, LONGEST_PAUSE_MS)),
        );
      },
      pauseMs * (0.5 + Math.random()),
    ).unref();
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
