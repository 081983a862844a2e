/** Tasks that share a key run one after the other, in the order they were added; others run side by side. */
export class Turns {
  /** Per key, the end of its queue. */
  readonly #queues = new Map<string, Promise<void>>();

  /** The task waits for those before it, and for `due`. */
  add(key: string, task: () => Promise<void>, due?: Promise<void>): void {
    const done = Promise.all([this.#queues.get(key), due])
      .then(task)
      .finally(() => {
        if (this.#queues.get(key) === done) this.#queues.delete(key);
      });
    this.#queues.set(key, done);
  }

  /** Resolves when nothing runs or waits any more, also what is added until then. */
  async allDone(): Promise<void> {
    while (this.#queues.size > 0) await Promise.all(this.#queues.values());
  }
}
