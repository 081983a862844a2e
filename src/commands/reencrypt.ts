import { openEncryptedData } from "../process/database.js";
import { reencrypt, type Reencryption } from "../persistence/reencrypt.js";
import type { Signals } from "../process/signals.js";
import { createProgress } from "./progress.js";
import { runCommand, watchSignals } from "./run-command.js";

/** Encrypts everything that has an older key with the newest one. Beside running services, as often as you like. */
export async function moveToNewestKey(signals: Signals): Promise<void> {
  const isStopping = watchSignals(signals);
  const progress = createProgress(process.stderr, () => performance.now());
  await runCommand(openEncryptedData, async ({ prisma, encryptor, keyIds }) => {
    const onPage = progress.show;
    const result = await reencrypt({ prisma, encryptor, onPage, isStopping }).finally(progress.end);
    process.stdout.write(`${report(result, keyIds).join("\n")}\n`);
    const isMoved = result.keys.every(({ keyId }) => keyId === keyIds[0]);
    return result.end === "done" && result.unopenable === 0 && isMoved;
  });
}

/** @param keyIds the newest first. */
function report(
  { end, moved, keys, unopenable, told }: Reencryption,
  [newest = "", ...older]: readonly string[],
): string[] {
  const lines = [`Moved to key ${newest}: ${moved}.`];
  if (end === "stopped") return [...lines, "Stopped before the end. Run it again to move the rest."];
  for (const { table, keyId, rows } of keys) lines.push(`${table}: ${rows} with key ${keyId}`);
  if (unopenable > 0) lines.push(`Cannot be decrypted, and left as they are: ${unopenable}.`, ...told);
  if (unopenable > told.length) lines.push(`… and ${unopenable - told.length} more.`);
  if (end === "restless")
    lines.push(
      "Rows to be moved kept turning up: a running service has an older key first in DATA_ENCRYPTION_KEYS, or somebody holds rows locked. See to it and run it again; until then every key is needed.",
    );
  const needed = new Set(keys.map(({ keyId }) => keyId).filter((keyId) => keyId !== newest));
  // Only a walk to the end shows that a key is no longer needed.
  for (const keyId of end === "done" ? older.filter((one) => !needed.has(one)) : [])
    lines.push(
      `Nothing is encrypted with key ${keyId} any more: take it out of DATA_ENCRYPTION_KEYS, provided that no running service has it first.`,
    );
  return [...lines, ...[...needed].map((keyId) => `Key ${keyId} is still needed.`)];
}
