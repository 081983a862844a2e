import { requireDatabaseUrl } from "../config/database.js";
import { MIGRATIONS_FOLDER } from "../process/database.js";
import { applyMigrations, pendingMigrations } from "../persistence/migrations.js";

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** What `prisma migrate deploy` does, where Prisma's engine cannot be downloaded. @param isDryRun lists, and applies nothing. */
export async function migrate(isDryRun: boolean): Promise<void> {
  const options = { url: requireDatabaseUrl(process.env), directory: MIGRATIONS_FOLDER, log: say };
  const found = isDryRun ? await pendingMigrations(options) : await applyMigrations(options);
  if (isDryRun) for (const name of found) say(`would apply migration ${name}`);
  if (found.length === 0) say("The database has every migration.");
}
