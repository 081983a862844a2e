import { PrismaPg } from "@prisma/adapter-pg";
import { PrismaClient } from "./generated/client.js";

/** Connections one replica may hold. Two durable steps of a few milliseconds each per cancel need no more. */
const POOL_SIZE = 10;
/** How long a request waits for a free connection before it fails clearly. */
const POOL_WAIT_MS = 5_000;

/** Opens no connection until the first query. */
export function createPrisma(url: string): PrismaClient {
  const adapter = new PrismaPg({
    connectionString: url,
    max: POOL_SIZE,
    connectionTimeoutMillis: POOL_WAIT_MS,
  });
  return new PrismaClient({ adapter });
}

export async function isDatabaseUp(prisma: PrismaClient): Promise<boolean> {
  try {
    await prisma.$queryRaw`SELECT 1`;
    return true;
  } catch {
    return false;
  }
}
