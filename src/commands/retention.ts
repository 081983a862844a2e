import { parseArgs } from "node:util";
import { openEncryptedData } from "../process/database.js";
import { eraseOlderThan, LEAST_MONTHS_KEPT, type Erasure, type Retention } from "../persistence/retention.js";
import { createProgress } from "./progress.js";
import { runCommand, watchSignals } from "./run-command.js";

const USAGE = `Usage: npm run retention -- --older-than-months <months> [--dry-run]

Erases personal data for good: refund accounts, notes and EBP's raw answers of cancellations that were resolved before the cutoff, and
the bodies of webhooks that came before it. Cancellations stay, with their ids, keys, items, totals and events.

  --older-than-months <months>  the cutoff: this long ago; at least ${LEAST_MONTHS_KEPT}
  --dry-run                     counts what would be erased, and erases nothing
  --help                        prints this text
`;

try {
  const { values } = parseArgs({
    options: {
      "older-than-months": { type: "string" },
      "dry-run": { type: "boolean", default: false },
      help: { type: "boolean" },
    },
  });
  if (values.help === true) process.stdout.write(USAGE);
  else await erase(readMonths(values["older-than-months"]), values["dry-run"]);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n\n${USAGE}`);
  process.exitCode = 1;
}

/** Whether there are enough of them is for the erasure to say. */
function readMonths(text: string | undefined): number {
  if (text !== undefined && /^\d{1,9}$/u.test(text)) return Number(text);
  throw new Error(`--older-than-months: expected whole months, found ${text ?? "nothing"}`);
}

async function erase(olderThanMonths: number, isDryRun: boolean): Promise<void> {
  const isStopping = watchSignals();
  const progress = createProgress(process.stderr, () => performance.now());
  await runCommand(openEncryptedData, async ({ prisma, databaseUrl }) => {
    const options = { prisma, databaseUrl, olderThanMonths, isDryRun, onBatch: progress.show, isStopping };
    const result = await eraseOlderThan(options).finally(progress.end);
    if (result === null) {
      process.stderr.write("Another run is at work on this database. Nothing was done.\n");
      return false;
    }
    process.stdout.write(`${report(result, isDryRun).join("\n")}\n`);
    return !result.isStopped && result.erasures.every(({ busy }) => busy === 0);
  });
}

function report({ cutoff, erasures, isStopped }: Retention, isDryRun: boolean): string[] {
  const verb = isDryRun ? "would erase" : "erased";
  const busy = erasures.filter((erasure) => erasure.busy > 0);
  return [
    `Cutoff: ${cutoff.toISOString()}.`,
    ...erasures.map((erasure) => `${erasure.storeId}: ${verb} ${counts(erasure)}.`),
    ...busy.map(
      (each) => `${each.storeId}: another process was writing ${each.busy} more rows. Run it again.`,
    ),
    ...(isStopped ? ["Stopped before the end. Run it again to erase the rest."] : []),
  ];
}

function counts({ of, refundAccounts, notes, answers, webhookBodies }: Erasure): string {
  return of === "webhooks"
    ? `${webhookBodies} bodies of webhooks`
    : `${refundAccounts} refund accounts, ${notes} notes and ${answers} answers of EBP`;
}
