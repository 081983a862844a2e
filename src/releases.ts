/** What has been acquired, to be given back last in, first out. */
export class Releases {
  readonly #stack: { readonly what: string; readonly release: () => Promise<unknown> }[] = [];

  add(what: string, release: () => Promise<unknown>): void {
    this.#stack.push({ what, release });
  }

  /** Gives everything back, awaited one by one; a release that fails is reported and stops none of the others. Safe to call twice. */
  async run(report: (what: string, error: unknown) => void): Promise<void> {
    for (let last = this.#stack.pop(); last !== undefined; last = this.#stack.pop()) {
      const { what, release } = last;
      await release().catch((error: unknown) => {
        report(what, error);
      });
    }
  }
}
