import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { BusyError } from "../cancellation/model/errors.js";
import { schemaOf, sessionConfig } from "./session.js";

/** A cancel needs a connection for two steps of a few milliseconds each. */
const POOL_SIZE = 10;
/** Time to open a connection. Longer than anybody waits for one, so that it serves the next caller. */
export const CONNECT_MS = 6_000;
/** After this a connection counts as dead, as after a failover that drops packets, and its query is tried again. */
const QUERY_TIMEOUT_MS = 30_000;
/** Waiting is counted in ticks, not by the clock: they slow down with this process, so its own pauses do not count as waiting. */
const TICK_MS = 100;
/** A hundred times what a statement takes: the next caller would hardly be served within the second that a request waits. */
const SATURATED_AFTER_TICKS = 8;

/** As pg hands out a connection. */
export type Taken = (
  error: Error | undefined,
  client: pg.PoolClient | undefined,
  release: (error?: Error | boolean) => void,
) => void;

interface Waiter {
  readonly since: number;
  readonly patience: number;
  readonly giveUp: () => void;
  gaveUp: boolean;
}

/** A pool of connections that knows how long callers have waited. Opens the first connection on demand. */
export class PoolQueue {
  readonly options: pg.PoolConfig;

  readonly schema: string | null;

  readonly #pool: pg.Pool;
  /** Oldest first. Whoever gave up stays until its turn. */
  readonly #waiting = new Set<Waiter>();

  #ticks = 0;

  #ticking: NodeJS.Timeout | undefined;

  /** The last one waited in vain, and no connection has come back since. */
  #isStuck = false;

  #ending: Promise<void> | undefined;

  constructor(url: string, settings?: Parameters<typeof sessionConfig>[1]) {
    this.schema = schemaOf(url);
    this.options = {
      ...sessionConfig(url, settings),
      max: POOL_SIZE,
      connectionTimeoutMillis: CONNECT_MS,
      query_timeout: QUERY_TIMEOUT_MS,
    };
    this.#pool = new pg.Pool(this.options);
    // An idle connection that breaks is gone from the pool already; unheard, it would end the process.
    this.#pool.on("error", () => undefined);
    this.#pool.on("release", () => (this.#isStuck = false));
  }

  /** Called for each new connection: it may lead to another server. */
  onConnect(listener: () => void): void {
    this.#pool.on("connect", listener);
  }

  /** Callers wait too long, or have given up: a new one should rather try again later. */
  get isSaturated(): boolean {
    if (this.#pool.idleCount > 0) return false;
    if (this.#isStuck && this.#pool.totalCount >= POOL_SIZE) return true;
    const [longest] = this.#waiting;
    return longest !== undefined && this.#ticks - longest.since >= SATURATED_AFTER_TICKS;
  }

  /** Takes a connection, or gives up with a BusyError. */
  take(patienceMs: number, taken: Taken): void {
    const waiter: Waiter = {
      since: this.#ticks,
      patience: Math.ceil(patienceMs / TICK_MS),
      gaveUp: false,
      giveUp: () => taken(new BusyError(patienceMs), undefined, () => undefined),
    };
    this.#waiting.add(waiter);
    this.#ticking ??= setInterval(() => this.#tick(), TICK_MS).unref();
    this.#pool.connect((error, client, release) => {
      this.#waiting.delete(waiter);
      this.#isStuck = error !== undefined;
      if (!waiter.gaveUp) taken(isTimeOut(error) ? new BusyError(CONNECT_MS) : error, client, release);
      else if (client !== undefined) release();
    });
  }

  end(): Promise<void> {
    return (this.#ending ??= endInTime(this.#pool.end()));
  }

  #tick(): void {
    this.#ticks += 1;
    for (const waiter of this.#waiting) {
      if (waiter.gaveUp || this.#ticks - waiter.since < waiter.patience) continue;
      waiter.gaveUp = true;
      waiter.giveUp();
    }
    if (this.#waiting.size > 0) return;
    clearInterval(this.#ticking);
    this.#ticking = undefined;
  }
}

/** The pool's own time-outs, which a slow process meets before its ticks are over, have no code. */
function isTimeOut(error: Error | undefined): boolean {
  return error?.message.includes("timeout") === true;
}

/** A database that is there answers within milliseconds; one that is gone without a word never does. */
const FAREWELL_MS = 2_000;

/** Waits for a connection or a pool to end, but not for a database that is gone. */
export async function endInTime(ended: Promise<unknown>): Promise<void> {
  await Promise.race([ended.catch(() => undefined), delay(FAREWELL_MS, undefined, { ref: false })]);
}
