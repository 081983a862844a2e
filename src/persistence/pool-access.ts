import pg from "pg";
import type { PoolQueue, Taken } from "./pool-queue.js";

/**
 * A way into a pool that several share, each with a patience of its own. A `pg.Pool` by its face, which is all that Prisma's adapter
 * takes; it has no connections itself.
 */
export class PoolAccess extends pg.Pool {
  constructor(
    private readonly queue: PoolQueue,
    private readonly patienceMs: number,
  ) {
    super(queue.options);
  }

  /** Every query of a pool comes by here. */
  override connect(): Promise<pg.PoolClient>;
  override connect(taken: Taken): void;
  override connect(taken?: Taken): Promise<pg.PoolClient> | undefined {
    if (taken !== undefined) {
      this.queue.take(this.patienceMs, taken);
      return undefined;
    }
    return new Promise((resolve, reject) => {
      this.queue.take(this.patienceMs, (error, client) => {
        if (client === undefined) reject(error ?? new Error("taking a connection: there is none"));
        else resolve(client);
      });
    });
  }

  override async end(): Promise<void> {
    await this.queue.end();
  }
}
