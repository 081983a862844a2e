import { openEncryptedData } from "../process/database.js";
import { reencrypt, type Reencryption } from "../persistence/reencrypt.js";
import { createProgress } from "./progress.js";
import { runCommand } from "./run-command.js";

const RESTLESS =
  "Rows to be moved kept turning up: a running service has an older key first in DATA_ENCRYPTION_KEYS, or somebody holds rows locked. See to it and run it again; until then every key is needed.";

// Encrypts everything that has an older key with the newest one. Beside running services, as often as you like.
let isStopping = false;
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    isStopping = true;
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
      isStopping: () => isStopping,
    }).finally(() => progress.end());
    const older = olderKeysIn(result, encryptor.newestKeyId);
    process.stdout.write(`${report(result, keyIds, older).join("\n")}\n`);
    return result.end === "done" && result.unopenable === 0 && older.length === 0;
  },
  openEncryptedData,
);

function olderKeysIn({ tables }: Reencryption, newest: string): string[] {
  const found = new Set(tables.flatMap(({ byKeyId }) => [...byKeyId.keys()]));
  found.delete(newest);
  return [...found];
}

/** `keyIds`: the newest first. Only a walk that found nothing encrypted with a key shows that it is no longer needed. */
function report(
  result: Reencryption,
  [newest = "", ...others]: readonly string[],
  needed: string[],
): string[] {
  const moved = `Moved to key ${newest}: ${result.moved}.`;
  if (result.end === "stopped") return [moved, "Stopped before the end. Run it again to move the rest."];
  const free = result.end === "done" ? others.filter((keyId) => !needed.includes(keyId)) : [];
  const unnamed = result.unopenable - result.told.length;
  return [
    moved,
    ...result.tables.map(({ name, byKeyId }) => {
      const each = [...byKeyId].map(([keyId, rows]) => `${rows} with key ${keyId}`);
      return `${name}: ${each.length === 0 ? "nothing encrypted" : each.join(", ")}`;
    }),
    ...(result.unopenable > 0 ? [`Cannot be decrypted, and left as they are: ${result.unopenable}.`] : []),
    ...result.told,
    ...(unnamed > 0 ? [`… and ${unnamed} more.`] : []),
    ...(result.end === "restless" ? [RESTLESS] : []),
    ...free.map(
      (keyId) =>
        `Nothing is encrypted with key ${keyId} any more: take it out of DATA_ENCRYPTION_KEYS, provided that no running service has it first.`,
    ),
    ...needed.map((keyId) => `Key ${keyId} is still needed.`),
  ];
}
