import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { BusyError } from "../cancellation/model/errors.js";
import { schemaOf, sessionConfig } from "./session.js";

/** Connections in one pool. Two durable steps of a few milliseconds each per cancel need no more. */
const POOL_SIZE = 10;
/** For how long a connection is tried to be made; longer than anybody waits for one, so that it serves the next who asks. */
export const CONNECT_MS = 6_000;
/** Past this the connection is taken for dead, as after a failover that drops packets: what waits on it is tried again. */
const QUERY_TIMEOUT_MS = 30_000;
/**
 * Waiting is counted in these, and not by the clock: while this process itself is slow, or is stopped, they come slowly as well, and
 * what waits for the process is not put down to the database.
 */
const TICK_MS = 100;
/**
 * A hundred times what a statement takes: whoever comes after somebody who has waited so long would hardly be served within the second
 * that a request waits, and would only make the queue longer.
 */
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

/** A pool of connections, and how long those in its queue have waited. Opens none until the first is asked for. */
export class PoolQueue {
  readonly options: pg.PoolConfig;

  readonly schema: string | null;

  readonly #pool: pg.Pool;
  /** In the order in which they came; whoever gave up stands there until its turn. */
  readonly #waiting = new Set<Waiter>();

  #ticks = 0;

  #ticking: NodeJS.Timeout | undefined;

  /** The last who waited did so in vain, and nobody has given a connection back since. */
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

  /** Told of each new connection: it may lead to another server than those before. */
  onConnect(listener: () => void): void {
    this.#pool.on("connect", listener);
  }

  /** Somebody waits for a connection for longer than is good, or all have given up: who comes now is better told to come again. */
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
    // The server that the request came by keeps the process; nobody else who waits has to.
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

/** The pool's own, which a slow process sees before its ticks are over, have no code to go by. */
function isTimeOut(error: Error | undefined): boolean {
  return error?.message.includes("timeout") === true;
}

/** A database that is there answers within milliseconds; one that is gone without a word never does. */
const FAREWELL_MS = 2_000;

/** Waits for the end of a connection, or of a pool, and not for a database that is gone: a stop would. */
export async function endInTime(ended: Promise<unknown>): Promise<void> {
  await Promise.race([ended.catch(() => undefined), delay(FAREWELL_MS, undefined, { ref: false })]);
}
