import { MissedChangesError } from "../model/errors.js";
import type { ChangeHint } from "./change.js";

/**
 * Different cancellations that wait to be read for one follower. Of one cancellation only the newest hint waits, so this many is
 * far behind: a busy store changes some hundred in a second.
 */
export const MAX_PENDING = 1_000;

/** The hints that a follower has not looked at yet, oldest first. However slowly it looks, they stay few. */
export class PendingHints {
  readonly #hints = new Map<string, ChangeHint>();

  #wake = (): void => undefined;

  #end: { readonly fault: Error | null } | null = null;

  /** A newer hint takes the place in line that the older one of the same cancellation has. */
  add(hint: ChangeHint): void {
    const { id, version } = hint;
    if (this.#end !== null || version < (this.#hints.get(id)?.version ?? 0)) return;
    this.#hints.set(id, hint);
    if (this.#hints.size > MAX_PENDING) this.end(new MissedChangesError());
    this.#wake();
  }

  /** No more come. @param fault what the follower is told; null: nothing. */
  end(fault: Error | null = null): void {
    this.#end ??= { fault };
    this.#hints.clear();
    this.#wake();
  }

  /** The oldest, as soon as there is one; null at the end. @throws the fault of the end. */
  async take(): Promise<ChangeHint | null> {
    for (;;) {
      if (this.#end?.fault) throw this.#end.fault;
      if (this.#end !== null) return null;
      const [first] = this.#hints.values();
      if (first !== undefined) {
        this.#hints.delete(first.id);
        return first;
      }
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
