/** Each holds a connection of its own, and a snapshot that PostgreSQL keeps old rows for. */
const MAX_AT_ONCE = 2;

interface ExportPlaces {
  /**
   * What gives the place back; else who has taken what is asked for: the caller, who has one already, or others, who have all.
   * @param caller null while nobody has to say who calls.
   */
  take(caller: string | null): (() => void) | "caller" | "others";
}

/** One for each caller, so that nobody can take them all. */
export function createExportPlaces(): ExportPlaces {
  const taken = new Set<string | null>();
  return {
    take(caller) {
      if (taken.has(caller)) return "caller";
      if (taken.size >= MAX_AT_ONCE) return "others";
      taken.add(caller);
      return () => void taken.delete(caller);
    },
  };
}
