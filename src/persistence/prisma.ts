import { PrismaPg } from "@prisma/adapter-pg";
import { PrismaClient } from "./generated/client.js";
import { PoolAccess } from "./pool-access.js";
import { CONNECT_MS, PoolQueue } from "./pool-queue.js";

/** How long a request waits for a free connection before it fails clearly: nobody is helped by an answer later than that. */
export const REQUEST_PATIENCE_MS = 1_000;
/** What has to be stored, or is about to be decided, waits longer: whoever gives up goes to the end of the queue. */
export const WORK_PATIENCE_MS = 5_000;
/**
 * Prisma gives up on a transaction by the clock, in words of its own, from which nobody learns that there was no connection. The pool,
 * which tells, has given up long before.
 */
const TRANSACTION_WAIT_MS = 2 * CONNECT_MS;

/** On connections of its own, which end with it. Opens none until the first query. */
export function createPrisma(url: string): PrismaClient {
  return prismaOn(new PoolQueue(url), WORK_PATIENCE_MS);
}

/** On connections which it shares, and which end with the first of those who share them. */
export function prismaOn(queue: PoolQueue, patienceMs: number): PrismaClient {
  // Unless it is told, the model API goes to `public`, and statements of our own to the first of the search path.
  const schema = queue.schema === null ? {} : { schema: queue.schema };
  const adapter = new PrismaPg(new PoolAccess(queue, patienceMs), { ...schema, disposeExternalPool: true });
  return new PrismaClient({ adapter, transactionOptions: { maxWait: TRANSACTION_WAIT_MS } });
}
