import type { Transition } from "../model/cancellation-ledger.js";

/** What is at work on one cancellation and has not ended. */
export interface Recording {
  readonly storeId: string;
  readonly id: string;
  readonly orderNo: string;
  /** What is known, and not stored yet; null while it is being sent. */
  readonly step: Transition | null;
}

/** What a process that stops must not forget: cancels being sent, and what is known of them and not stored yet. */
export class Recordings {
  readonly #running = new Map<Promise<unknown>, Recording>();
  readonly #givenUp = new AbortController();

  /** Nothing is tried again from now on. */
  get isOver(): boolean {
    return this.#givenUp.signal.aborted;
  }

  track<T>(recording: Recording, work: Promise<T>): Promise<T> {
    this.#running.set(work, recording);
    const ended = (): void => void this.#running.delete(work);
    work.then(ended, ended);
    return work;
  }

  /** Resolves when nothing is left, or all is given up. */
  async settled(): Promise<void> {
    const over = new Promise<void>((resolve) => {
      this.#givenUp.signal.addEventListener("abort", () => resolve());
    });
    while (this.#running.size > 0 && !this.isOver)
      await Promise.race([Promise.allSettled(this.#running.keys()), over]);
  }

  /** What was left, each cancellation once: what is known of it was added after its sending. */
  giveUp(): Recording[] {
    this.#givenUp.abort();
    return [...new Map([...this.#running.values()].map((one) => [one.id, one])).values()];
  }
}
