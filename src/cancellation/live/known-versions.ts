import type { ChangeHint } from "./change.js";

/** What has been passed on since the last look back but one: a look back sees it again. */
export class KnownVersions {
  #older = new Map<string, number>();

  #newer = new Map<string, number>();

  add({ id, version }: ChangeHint): void {
    this.#newer.set(id, Math.max(version, this.#newer.get(id) ?? 0));
  }

  isNews({ id, version }: ChangeHint): boolean {
    return version > Math.max(this.#older.get(id) ?? 0, this.#newer.get(id) ?? 0);
  }

  /** What was passed on before the last call of this. */
  forgetOld(): void {
    this.#older = this.#newer;
    this.#newer = new Map();
  }
}
