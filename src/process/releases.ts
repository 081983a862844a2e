/** What has been acquired, to be given back last in, first out. */
export class Releases {
  readonly #stack: { readonly what: string; readonly release: () => Promise<unknown> }[] = [];

  #running: Promise<void> | undefined;

  add(what: string, release: () => Promise<unknown>): void {
    this.#stack.push({ what, release });
  }

  /**
   * Gives everything back, awaited one by one; a release that fails is reported and stops none of the others. Called again, it waits
   * for the same run: a second signal must not take the database from what the first is finishing.
   */
  run(report: (what: string, error: unknown) => void): Promise<void> {
    return (this.#running ??= this.#releaseAll(report));
  }

  async #releaseAll(report: (what: string, error: unknown) => void): Promise<void> {
    for (let last = this.#stack.pop(); last !== undefined; last = this.#stack.pop()) {
      const { what, release } = last;
      await release().catch((error: unknown) => {
        report(what, error);
      });
    }
  }
}
