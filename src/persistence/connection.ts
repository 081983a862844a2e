import pg from "pg";

/**
 * A connection to PostgreSQL that somebody listens to from its first moment to its last. The pool stops listening when it hands a connection
 * out, and Prisma begins a moment later. A session that PostgreSQL ends in between, as in a restart, would end this process:
 * an `error` event without a listener is thrown. Whoever uses the connection meets the error with the next statement.
 */
export class Connection extends pg.Client {
  constructor(options?: pg.ClientConfig) {
    super(options);
    this.on("error", () => undefined);
  }
}

/** A pool of such connections. */
export function createPool(options: pg.PoolConfig): pg.Pool {
  const pool = new pg.Pool({ ...options, Client: Connection });
  // The pool passes on what it hears of an idle connection, and has removed it by then.
  pool.on("error", () => undefined);
  return pool;
}
