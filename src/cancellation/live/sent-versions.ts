/** Cancellations whose hints may still be on their way twice: with more between them, one is told again, as it stands. */
const MOST_REMEMBERED = 200;

/** What a follower has been sent of each cancellation, of the last few. */
export class SentVersions {
  readonly #versions = new Map<string, number>();

  isNew(id: string, version: number): boolean {
    return version > (this.#versions.get(id) ?? 0);
  }

  add(id: string, version: number): void {
    this.#versions.delete(id);
    this.#versions.set(id, version);
    if (this.#versions.size <= MOST_REMEMBERED) return;
    const [oldest] = this.#versions.keys();
    if (oldest !== undefined) this.#versions.delete(oldest);
  }
}
