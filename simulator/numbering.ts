const MS_PER_DAY = 86_400_000;

/** The head of every answer. */
export interface Tracking {
  readonly requestId: string;
  readonly timestamp: string;
}

/** Makes the ids and timestamps of one simulator, in the form of the published examples. */
export class Numbering {
  #lastRequestId = 0;
  readonly #counts = new Map<string, number>();

  constructor(readonly now: () => Date) {}

  tracking(): Tracking {
    const now = this.now();
    this.#lastRequestId = Math.max(this.#lastRequestId + 1, now.getTime());
    return { requestId: String(this.#lastRequestId), timestamp: inNanoseconds(now) };
  }

  returnRequestId(): string {
    return this.#serial("RETREQ");
  }

  /** The published pages name this id and show no form of it: only uniqueness matters. */
  pgTransactionId(): string {
    return this.#serial("PG");
  }

  pgCancelTransactionId(): string {
    return this.#serial("PGCANCEL");
  }

  storeRequestNo(): string {
    return this.#serial("STOREREQ");
  }

  /** Prefix, day, millisecond of the day and count: unique across restarts too. */
  #serial(prefix: string): string {
    const now = this.now();
    const count = (this.#counts.get(prefix) ?? 0) + 1;
    this.#counts.set(prefix, count);
    const day = now.toISOString().slice(0, 10).replaceAll("-", "");
    const millisecond = String(now.getTime() % MS_PER_DAY).padStart(8, "0");
    return `${prefix}${day}${millisecond}${String(count).padStart(3, "0")}`;
  }
}

/** EBP writes nine decimals; the clock has three. */
function inNanoseconds(date: Date): string {
  return date.toISOString().replace("Z", "292900Z");
}
