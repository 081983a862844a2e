import { setTimeout as delay } from "node:timers/promises";
import type { CancellationReference } from "../history/history.js";
import { findStore, type Caller } from "../model/caller.js";
import type { Cancellation } from "../model/cancellation.js";
import { InvalidArgumentError, MissedChangesError } from "../model/errors.js";
import { assertText } from "../model/field-rules.js";
import { MAX_IDENTIFIER_LENGTH } from "../model/limits.js";
import type { Stores } from "../model/store.js";
import type { ChangeHint, VersionedCancellation } from "./change.js";

/** Which cancellations somebody follows. `storeIds` always holds: what happens elsewhere does not exist. */
export interface Watch {
  readonly storeIds: readonly string[];
  /** Null: whichever. */
  readonly orderNo: string | null;
  /** Null: whichever. */
  readonly id: string | null;
}

/** As a caller states it; what is left out, or null, is no condition. */
export interface RequestedWatch {
  readonly storeId?: string | null | undefined;
  readonly orderNo?: string | null | undefined;
  /** A well-formed one. */
  readonly id?: string | null | undefined;
}

/** @throws InvalidArgumentError for an id beside something else, which it already says, or contradicts. */
export function checkWatch(requested: RequestedWatch, caller: Caller, stores: Stores): Watch {
  const { storeId = null, orderNo = null, id = null } = requested;
  if (id !== null) {
    const beside = Object.entries({ storeId, orderNo }).find(([, value]) => value !== null);
    if (beside !== undefined) throw new InvalidArgumentError(beside[0], "nothing beside `id`", "a value");
    return { storeIds: caller.storeIds, orderNo, id };
  }
  if (orderNo !== null) assertText("orderNo", orderNo, MAX_IDENTIFIER_LENGTH);
  // An order is of one store. Where none is named, the caller's only one is meant.
  if (storeId === null && orderNo === null) return { storeIds: caller.storeIds, orderNo, id };
  const store = findStore(caller, stores, storeId, "storeId");
  return { storeIds: store === null ? [] : [store.id], orderNo, id };
}

export function isAbout(watch: Watch, hint: ChangeHint): boolean {
  if (!watch.storeIds.includes(hint.storeId)) return false;
  if (watch.id !== null) return watch.id === hint.id;
  return watch.orderNo === null || watch.orderNo === hint.orderNo;
}

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

/** Cancellations whose hints may still be on their way twice: with more between them, one is told again, as it stands. */
const MOST_REMEMBERED = 200;

/** What a follower has been sent of each cancellation, of the last few. */
export class SentVersions {
  readonly #versions = new Map<string, number>();

  isNew(id: string, version: number): boolean {
    return version > (this.#versions.get(id) ?? 0);
  }

  add(id: string, version: number): void {
    this.#versions.delete(id);
    this.#versions.set(id, version);
    if (this.#versions.size <= MOST_REMEMBERED) return;
    const [oldest] = this.#versions.keys();
    if (oldest !== undefined) this.#versions.delete(oldest);
  }
}
