import { runCommand } from "./run-command.js";
import { openEncryptedData } from "../core.js";
import { reencrypt } from "../persistence/reencrypt.js";
import { createProgress } from "./progress.js";
import { isAllMoved, reencryptionReport } from "./reencryption-report.js";

// Moves all that is sealed with an older key to the newest. Beside running services, and as often as one likes.
let stopping = false;
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    stopping = true;
  });
}
const progress = createProgress(process.stderr, () => performance.now());
await runCommand(
  process.env,
  async ({ prisma, encryptor, keyIds }) => {
    const result = await reencrypt({
      prisma,
      encryptor,
      onPage: (table, seen, total) => progress.show(table, seen, total),
      isStopping: () => stopping,
    }).finally(() => progress.end());
    process.stdout.write(`${reencryptionReport(result, keyIds).join("\n")}\n`);
    return isAllMoved(result, encryptor.newestKeyId);
  },
  openEncryptedData,
);
