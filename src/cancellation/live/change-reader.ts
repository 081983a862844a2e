import type { CancellationReference } from "../history/history.js";
import type { ChangeLog, VersionedCancellation } from "./change.js";

/** Rows of one statement: a few milliseconds. */
const MAX_BATCH = 100;

interface Waiting {
  readonly reference: CancellationReference;
  readonly found: Promise<VersionedCancellation | null>;
  readonly resolve: (found: VersionedCancellation | null) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Reads cancellations for all followers of this process: however many follow one, it is read once, and there is one statement at a
 * time. A read that is under way serves nobody who comes later: it may not see what they were told of.
 */
export class ChangeReader {
  readonly #waiting = new Map<string, Waiting>();

  #isReading = false;

  constructor(private readonly log: Pick<ChangeLog, "read">) {}

  /** As it stands now; null when there is none. */
  read(reference: CancellationReference): Promise<VersionedCancellation | null> {
    const key = keyOf(reference);
    const known = this.#waiting.get(key);
    if (known !== undefined) return known.found;
    const waiting = waitingFor(reference);
    this.#waiting.set(key, waiting);
    // In a moment, with all who are told of something in this one.
    if (!this.#isReading) queueMicrotask(() => void this.#readAll());
    return waiting.found;
  }

  async #readAll(): Promise<void> {
    if (this.#isReading) return;
    this.#isReading = true;
    while (this.#waiting.size > 0) await this.#readBatch([...this.#waiting].slice(0, MAX_BATCH));
    this.#isReading = false;
  }

  async #readBatch(batch: readonly (readonly [key: string, waiting: Waiting])[]): Promise<void> {
    for (const [key] of batch) this.#waiting.delete(key);
    try {
      const found = await this.log.read(batch.map(([, { reference }]) => reference));
      const byKey = new Map(found.map((one) => [keyOf(one.cancellation), one]));
      for (const [key, { resolve }] of batch) resolve(byKey.get(key) ?? null);
    } catch (error) {
      for (const [, { reject }] of batch) reject(error);
    }
  }
}

function waitingFor(reference: CancellationReference): Waiting {
  let resolve: Waiting["resolve"] = () => undefined;
  let reject: Waiting["reject"] = () => undefined;
  const found = new Promise<VersionedCancellation | null>((resolved, rejected) => {
    resolve = resolved;
    reject = rejected;
  });
  return { reference, found, resolve, reject };
}

function keyOf({ storeId, id }: CancellationReference): string {
  return `${id} ${storeId}`;
}
