import { openCore } from "../core.js";
import { runCommand } from "./run-command.js";

/** Reconciles everything that is due once, and prints the counts. */
export async function reconcileOnce(): Promise<void> {
  await runCommand(openCore, async (core) => {
    const counts = await core.reconcile();
    for (const [what, count] of Object.entries(counts)) process.stdout.write(`${what} ${count}\n`);
    return counts.failed === 0;
  });
}
