import { runCommand } from "./run-command.js";

// Looks once at all that is in doubt and due, and prints what was done.
await runCommand(process.env, async (core) => {
  const counts = await core.reconcile();
  for (const [what, count] of Object.entries(counts)) process.stdout.write(`${what} ${count}\n`);
  return counts.failed === 0;
});
