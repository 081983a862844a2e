/**
 * How long this process has seen each cancellation in doubt, by a clock that nobody can set. The database's clock alone says when EBP's
 * settling time is over; set ahead, it would have a cancel called FAILED that EBP is still carrying out. So it takes both.
 */
export class DoubtWatch {
  readonly #seenAt = new Map<string, number>();

  /** @param monotonicMs milliseconds that never go back and never jump. */
  constructor(private readonly monotonicMs: () => number) {}

  see(id: string): void {
    if (!this.#seenAt.has(id)) this.#seenAt.set(id, this.monotonicMs());
  }

  /** All that is in doubt now: what is not among them is forgotten. */
  seeAll(ids: readonly string[]): void {
    const inDoubt = new Set(ids);
    for (const id of this.#seenAt.keys()) if (!inDoubt.has(id)) this.#seenAt.delete(id);
    for (const id of ids) this.see(id);
  }

  /** Milliseconds since it was first seen; 0 when it is seen for the first time. */
  seenForMs(id: string): number {
    this.see(id);
    return this.monotonicMs() - (this.#seenAt.get(id) ?? this.monotonicMs());
  }
}
