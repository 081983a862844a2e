/** Enough for any load test; about 100 MB at the size of a usual cancel. */
const MAX_ENTRIES = 100_000;

/** Drops the older half when the list is twice too long, so that appending stays cheap. */
export function appended<T>(entries: T[], entry: T): T[] {
  entries.push(entry);
  return entries.length < 2 * MAX_ENTRIES ? entries : entries.slice(-MAX_ENTRIES);
}

export function forgetOldest(keyed: Set<string> | Map<string, unknown>): void {
  if (keyed.size <= MAX_ENTRIES) return;
  for (const oldest of keyed.keys()) {
    keyed.delete(oldest);
    return;
  }
}
