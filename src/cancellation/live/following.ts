import { setTimeout as delay } from "node:timers/promises";
import type { Cancellation } from "../model/cancellation.js";
import type { CancellationReference } from "../history/history.js";
import type { ChangeHint, VersionedCancellation } from "./change.js";
import { PendingHints } from "./pending-hints.js";
import { SentVersions } from "./sent-versions.js";
import { isAbout, type Watch } from "./watch.js";

/** The database is back by then, or still away for longer than anybody notices. */
const RETRY_MS = 1_000;

/** One who follows changes: each cancellation as it stands when it is that one's turn, never an older state after a newer one. */
export class Following {
  readonly #pending = new PendingHints();

  readonly #sent = new SentVersions();

  constructor(
    readonly watch: Watch,
    private readonly read: (reference: CancellationReference) => Promise<VersionedCancellation | null>,
  ) {}

  tell(hint: ChangeHint): void {
    if (isAbout(this.watch, hint) && this.#sent.isNew(hint.id, hint.version)) this.#pending.add(hint);
  }

  /** @param fault what the follower is told; null: nothing. */
  end(fault: Error | null = null): void {
    this.#pending.end(fault);
  }

  /** @param first what is sent at once. @throws MissedChangesError when it cannot be told all that has happened. */
  async *changes(first: VersionedCancellation | null): AsyncGenerator<Cancellation, void, undefined> {
    if (first !== null) yield this.#sending(first);
    for (;;) {
      const hint = await this.#pending.take();
      if (hint === null) return;
      const found = await this.#readNow(hint);
      if (found !== null && this.#sent.isNew(hint.id, found.version)) yield this.#sending(found);
    }
  }

  #sending({ cancellation, version }: VersionedCancellation): Cancellation {
    this.#sent.add(cancellation.id, version);
    return cancellation;
  }

  /** What cannot be read now is read later: its hint does not come again. */
  async #readNow(hint: ChangeHint): Promise<VersionedCancellation | null> {
    try {
      return await this.read(hint);
    } catch {
      await delay(RETRY_MS, undefined, { ref: false });
      this.tell(hint);
      return null;
    }
  }
}
