import type { Reencryption } from "../persistence/reencrypt.js";

/**
 * What a run of `npm run reencrypt` tells, a line each. `keyIds`: those of DATA_ENCRYPTION_KEYS, the newest first. A key is said to
 * be needed no more only after a walk that has found nothing sealed with it.
 */
export function reencryptionReport(result: Reencryption, keyIds: readonly string[]): string[] {
  const [newest = "", ...older] = keyIds;
  const moved = `Moved to key ${newest}: ${result.moved}.`;
  if (result.end === "stopped") {
    return [moved, "Stopped before the end. Run it again: it goes on with what is left."];
  }
  const needed = olderKeysIn(result, newest);
  const free = result.end === "done" ? older.filter((keyId) => !needed.includes(keyId)) : [];
  return [
    moved,
    ...result.tables.map(({ name, byKeyId }) => `${name}: ${inWords(byKeyId)}`),
    ...unopenable(result),
    ...(result.end === "restless" ? [RESTLESS] : []),
    ...free.map(
      (keyId) =>
        `Nothing is sealed with key ${keyId} any more: it can be taken out of DATA_ENCRYPTION_KEYS, provided that no running service has it first.`,
    ),
    ...needed.map((keyId) => `Key ${keyId} is still needed.`),
  ];
}

/** Whether everything is sealed with the newest key, and opens. */
export function isAllMoved(result: Reencryption, newest: string): boolean {
  return result.end === "done" && result.unopenable === 0 && olderKeysIn(result, newest).length === 0;
}

const RESTLESS =
  "Rows to be moved kept turning up: a running service has an older key first in DATA_ENCRYPTION_KEYS, or somebody holds rows locked. See to it and run it again; until then every key is needed.";

function olderKeysIn({ tables }: Reencryption, newest: string): string[] {
  const found = new Set(tables.flatMap(({ byKeyId }) => [...byKeyId.keys()]));
  found.delete(newest);
  return [...found];
}

function inWords(byKeyId: ReadonlyMap<string, number>): string {
  const each = [...byKeyId].map(([keyId, rows]) => `${rows} with key ${keyId}`);
  return each.length === 0 ? "nothing sealed" : each.join(", ");
}

function unopenable({ unopenable: count, told }: Reencryption): string[] {
  if (count === 0) return [];
  const more = count > told.length ? [`… and ${count - told.length} more.`] : [];
  return [`Cannot be opened, and left as they are: ${count}.`, ...told, ...more];
}
