import type { Caller } from "../../cancellation/model/caller.js";

/** Slow readers of a store hold up its own exports, and not those of others. */
const MOST_OF_SAME_STORES = 2;
/**
 * Of three stores two, or of six one: each holds a connection of its own, a snapshot that PostgreSQL keeps old rows for, and, of the
 * largest cancellations, 40 MB.
 */
const MOST_AT_ONCE = 6;

/** Whose places are all taken: the caller's one, those of the stores that are asked for, or all that there are. */
export type FullPlaces = "caller" | "stores" | "replica";

interface ExportPlaces {
  /** What gives the place back; else whose are taken. */
  take(caller: Caller, storeIds: readonly string[]): (() => void) | FullPlaces;
}

interface Place {
  /** Null while nobody has to say who calls. */
  readonly subject: string | null;
  readonly stores: string;
}

/** One for each caller, and two for the same stores: an export of several stores takes none of those of each. */
export function createExportPlaces(): ExportPlaces {
  const taken = new Set<Place>();
  return {
    take({ subject }, storeIds) {
      const place: Place = { subject, stores: JSON.stringify([...storeIds].sort()) };
      const others = [...taken];
      if (others.some((other) => other.subject === subject)) return "caller";
      if (others.filter(({ stores }) => stores === place.stores).length >= MOST_OF_SAME_STORES)
        return "stores";
      if (others.length >= MOST_AT_ONCE) return "replica";
      taken.add(place);
      return () => void taken.delete(place);
    },
  };
}
