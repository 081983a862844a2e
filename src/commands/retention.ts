import { openEncryptedData } from "../process/database.js";
import { eraseOlderThan, type Erasure, type Retention } from "../persistence/retention.js";
import type { Signals } from "../process/signals.js";
import { createProgress } from "./progress.js";
import { runCommand, watchSignals } from "./run-command.js";

export interface EraseOptions {
  readonly olderThanMonths: number;
  readonly isDryRun: boolean;
}

/** Erases personal data of cancellations that were resolved before the cutoff, for good. */
export async function erase({ olderThanMonths, isDryRun }: EraseOptions, signals: Signals): Promise<void> {
  const isStopping = watchSignals(signals);
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
