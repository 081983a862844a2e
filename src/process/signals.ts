const SIGNALS = ["SIGINT", "SIGTERM"] as const;

export type Signal = (typeof SIGNALS)[number];

/** Keeps the signals that ask this process to stop, from the moment it is made: as process 1 of a container, those without a listener are lost. */
export class Signals {
  #received: Signal | null = null;
  #listener: (signal: Signal) => void = () => undefined;
  readonly #receive = (signal: Signal): void => {
    // While something still starts, the second ends it on the spot.
    if (this.#isStarting && this.#received !== null) process.exit(1);
    this.#received ??= signal;
    this.#listener(signal);
  };
  #isStarting = true;

  constructor() {
    // Not once: without a listener, the second would end the process. npm, for one, passes Ctrl-C on to who has it already.
    for (const signal of SIGNALS) process.on(signal, this.#receive);
  }

  /** The listener hears of each signal from now on, and at once of one that has come already. */
  listen(listener: (signal: Signal) => void): void {
    this.#isStarting = false;
    this.#listener = listener;
    if (this.#received !== null) listener(this.#received);
  }

  /** From now on a signal ends the process at once, as it does by default; one that has come already does so now. */
  release(): void {
    for (const signal of SIGNALS) process.off(signal, this.#receive);
    if (this.#received !== null) process.kill(process.pid, this.#received);
  }
}
