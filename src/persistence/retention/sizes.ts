/** How much is done at once: each bounds what a run holds in memory, what a file has, or for how long rows are locked. */
export interface RetentionSizes {
  /** Rows that one statement looks at. */
  readonly page: number;
  /** What one file has at most, and one row at least: so that a file is read again within seconds. */
  readonly file: { readonly rows: number; readonly events: number; readonly bytes: number };
  /** What is read from the database at once, and what of one cancellation's events is in one line. An answer of EBP has up to a megabyte. */
  readonly batch: { readonly rows: number; readonly bytes: number };
  /** Removed in one transaction. Of a file's rows some hundred at a time: whoever writes one of them waits for milliseconds. */
  readonly removal: number;
}

export const RETENTION_SIZES: RetentionSizes = {
  page: 5_000,
  file: { rows: 5_000, events: 50_000, bytes: 64 * 1024 * 1024 },
  batch: { rows: 200, bytes: 8 * 1024 * 1024 },
  removal: 500,
};

/** What counts of a row towards the bounds of a file and of a batch. */
interface Weight {
  readonly rows: number;
  readonly events: number;
  readonly bytes: number;
}

/** Takes as many as keep within the bounds, in their order; one that is past them by itself stands alone. */
export function* portions<T>(
  rows: readonly T[],
  bounds: Partial<Weight>,
  weigh: (row: T) => Omit<Weight, "rows"> = () => NOTHING,
): Generator<T[]> {
  let taken: T[] = [];
  let sum = NOTHING;
  for (const row of rows) {
    const one = { ...weigh(row), rows: 1 };
    if (taken.length > 0 && isPast(bounds, add(sum, one))) {
      yield taken;
      [taken, sum] = [[], NOTHING];
    }
    taken.push(row);
    sum = add(sum, one);
  }
  if (taken.length > 0) yield taken;
}

const NOTHING: Weight = { rows: 0, events: 0, bytes: 0 };

function add(one: Weight, other: Weight): Weight {
  return {
    rows: one.rows + other.rows,
    events: one.events + other.events,
    bytes: one.bytes + other.bytes,
  };
}

function isPast(bounds: Partial<Weight>, { rows, events, bytes }: Weight): boolean {
  const { rows: mostRows = Infinity, events: mostEvents = Infinity, bytes: mostBytes = Infinity } = bounds;
  return rows > mostRows || events > mostEvents || bytes > mostBytes;
}
