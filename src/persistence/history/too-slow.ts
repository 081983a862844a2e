import { TooSlowError } from "../../cancellation/model/errors.js";
import { Prisma } from "../generated/client.js";

/** PostgreSQL's code for a statement that its `statement_timeout` has ended. */
const QUERY_CANCELLED = "57014";

/** @throws TooSlowError where the database has given up; anything else as it is. */
export async function orTooSlow<T>(what: string, patienceMs: number, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (isCancelled(error)) throw new TooSlowError(what, patienceMs, error);
    throw error;
  }
}

function isCancelled(error: unknown): boolean {
  if ((error as { code?: unknown }).code === QUERY_CANCELLED) return true;
  return (
    error instanceof Prisma.PrismaClientKnownRequestError &&
    JSON.stringify(error.meta ?? null).includes(QUERY_CANCELLED)
  );
}
