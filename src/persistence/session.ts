import { Prisma } from "./generated/client.js";
import type { Database } from "./prepared-statements.js";
import { unnamed } from "./statement.js";

export class UnsuitableSessionError extends Error {
  override readonly name = "UnsuitableSessionError";
}

/** @throws UnsuitableSessionError when something between here and PostgreSQL drops the settings a session needs. */
export async function assertSession(database: Database): Promise<void> {
  const [session] = await database.rows<{ zone: string; isolation: string }>(
    unnamed(
      Prisma.sql`SELECT current_setting('TimeZone') AS zone, current_setting('transaction_isolation') AS isolation`,
    ),
  );
  if (session?.zone === "UTC" && session.isolation === "read committed") return;
  throw new UnsuitableSessionError(
    `The database sessions have TimeZone ${session?.zone ?? "?"} and isolation ${session?.isolation ?? "?"}, not UTC and read committed: ` +
      "a pooler in between may drop the settings. Set both for the database role with ALTER ROLE … SET",
  );
}
