import { openEncryptedData } from "../core.js";
import { retain } from "../persistence/retention/retain.js";
import { createProgress } from "./progress.js";
import { readRetentionOptions, RETENTION_USAGE, type RetentionOptions } from "./retention-options.js";
import { isAllArchived, retentionReport } from "./retention-report.js";
import { runCommand } from "./run-command.js";

// Moves what hangs on old cancellations to files. Beside running services, and as often as one likes.
try {
  const options = readRetentionOptions(process.argv.slice(2));
  if (options === null) process.stdout.write(RETENTION_USAGE);
  else await archive(options);
} catch (error) {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
}

async function archive(options: RetentionOptions): Promise<void> {
  let stopping = false;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      stopping = true;
    });
  }
  const progress = createProgress(process.stderr, () => performance.now());
  await runCommand(
    process.env,
    async ({ prisma, databaseUrl }) => {
      const result = await retain({
        ...options,
        prisma,
        databaseUrl,
        onPage: (what, seen, total) => progress.show(what, seen, total),
        isStopping: () => stopping,
      }).finally(() => progress.end());
      if (result === null) {
        process.stderr.write("Another run of it is at work on this database. Nothing was done.\n");
        return false;
      }
      process.stdout.write(`${retentionReport(result, options.isDryRun).join("\n")}\n`);
      return isAllArchived(result, options.isDryRun);
    },
    openEncryptedData,
  );
}
