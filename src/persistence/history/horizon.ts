import { Prisma } from "../generated/client.js";
import type { Database } from "../client.js";
import { unnamed } from "../statement.js";

/** A moment is stored to the millisecond, and so perhaps a little before it was. */
const ROUNDING = "1 millisecond";

/**
 * The moment up to which the history is complete: nothing that is being written will be of an earlier one. A row's moment is read
 * while its transaction runs, and the row is seen once that is committed; so one that comes later may be seen before it, and whoever
 * reads on behind that one would never see this one. A row's transaction has its id before the moment is read.
 *
 * To be asked before, and in another statement than, what is read up to it: a transaction that ends in between is then seen. It sees the
 * transactions of its own database role, as everybody may; all replicas write with the same.
 */
export async function readHorizon(database: Database): Promise<Date> {
  return horizonOf(await database.rows(unnamed(HORIZON)));
}

/** For whoever asks by other means. */
export const HORIZON = Prisma.sql`
  SELECT (least(statement_timestamp(), min(xact_start)) - ${ROUNDING}::interval) AS horizon
  FROM pg_stat_activity
  WHERE datname = current_database() AND backend_xid IS NOT NULL`;

export function horizonOf([row]: readonly { readonly horizon: Date }[]): Date {
  if (row === undefined) throw new Error("asking up to when the history is complete: no answer");
  return row.horizon;
}
