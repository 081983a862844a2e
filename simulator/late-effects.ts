/** Effects that land when the caller has long given up. */
export class LateEffects {
  readonly #lateMs: number;
  readonly #waiting = new Map<NodeJS.Timeout, () => boolean>();

  constructor(lateMs: number) {
    this.#lateMs = lateMs;
  }

  /** `land` says whether there was an effect after all. */
  add(land: () => boolean): void {
    const timer = setTimeout(() => {
      this.#waiting.delete(timer);
      land();
    }, this.#lateMs);
    timer.unref();
    this.#waiting.set(timer, land);
  }

  /** Returns how many took effect. */
  landAll(): number {
    return this.#takeAll().filter((land) => land()).length;
  }

  forgetAll(): void {
    this.#takeAll();
  }

  #takeAll(): (() => boolean)[] {
    const taken = [...this.#waiting.values()];
    for (const timer of this.#waiting.keys()) clearTimeout(timer);
    this.#waiting.clear();
    return taken;
  }
}
