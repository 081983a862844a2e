import { requireDatabaseUrl } from "../config/database.js";
import { MIGRATIONS_FOLDER } from "../process/database.js";
import { applyMigrations } from "../persistence/migrations.js";

// `npm run migrate`: what `prisma migrate deploy` does, where Prisma's engine cannot be downloaded.
const say = (line: string): void => void process.stdout.write(`${line}\n`);
try {
  const url = requireDatabaseUrl(process.env);
  const applied = await applyMigrations({ url, directory: MIGRATIONS_FOLDER, log: say });
  if (applied.length === 0) say("The database has every migration.");
} catch (error) {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
}
