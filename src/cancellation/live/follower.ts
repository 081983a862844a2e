import { setTimeout as delay } from "node:timers/promises";
import type { Caller } from "../model/caller.js";
import type { Cancellation, CancellationReference } from "../model/cancellation.js";
import { findStore } from "../request/choose-store.js";
import { InvalidArgumentError, MissedChangesError } from "../model/errors.js";
import type { Stores } from "../model/store.js";
import { assertText } from "../request/field-rules.js";
import { MAX_IDENTIFIER_LENGTH } from "../model/limits.js";
import type { ChangeHint, VersionedCancellation } from "./change.js";

/** Short enough that nobody notices once the database is back. */
const RETRY_MS = 1_000;
/** Cancellations whose versions a follower remembers. A repeated hint of an older one sends its current state again. */
const MAX_REMEMBERED_VERSIONS = 200;
/** Cancellations that wait to be read for one follower: with a few hundred changes a second, it is seconds behind. */
export const MAX_PENDING = 1_000;

/** The cancellations that somebody follows. `storeIds` always applies: other stores do not exist for the caller. */
export interface Watch {
  readonly storeIds: readonly string[];
  /** Null: any. */
  readonly orderNo: string | null;
  /** Null: any. */
  readonly id: string | null;
}

/** As the caller states it. Undefined and null set no condition. */
export interface RequestedWatch {
  readonly storeId?: string | null | undefined;
  readonly orderNo?: string | null | undefined;
  /** Well-formed. */
  readonly id?: string | null | undefined;
}

/** @throws InvalidArgumentError for an id beside another condition, which it already implies or contradicts. */
export function checkWatch(requested: RequestedWatch, caller: Caller, stores: Stores): Watch {
  const { storeId = null, orderNo = null, id = null } = requested;
  if (id !== null) {
    const beside = Object.entries({ storeId, orderNo }).find(([, value]) => value !== null);
    if (beside !== undefined) throw new InvalidArgumentError(beside[0], "nothing beside `id`", "a value");
    return { storeIds: caller.storeIds, orderNo, id };
  }
  if (orderNo !== null) assertText("orderNo", orderNo, MAX_IDENTIFIER_LENGTH);
  if (storeId === null && orderNo === null) return { storeIds: caller.storeIds, orderNo, id };
  // Order numbers are unique within a store only. A caller with a single store need not name it.
  const store = findStore(caller, stores, storeId, "storeId");
  return { storeIds: store === null ? [] : [store.id], orderNo, id };
}

export function isAbout(watch: Watch, hint: ChangeHint): boolean {
  if (!watch.storeIds.includes(hint.storeId)) return false;
  if (watch.id !== null) return watch.id === hint.id;
  return watch.orderNo === null || watch.orderNo === hint.orderNo;
}

/** Sends each changed cancellation as it stands when it is read: never an older state after a newer one. */
export class Follower {
  readonly #pending = new PendingHints();

  /** The version last sent of each cancellation, the most recent last. */
  readonly #sentVersions = new Map<string, number>();

  constructor(
    private readonly watch: Watch,
    private readonly read: (reference: CancellationReference) => Promise<VersionedCancellation | null>,
  ) {}

  tell(hint: ChangeHint): void {
    if (isAbout(this.watch, hint) && this.#isNew(hint.id, hint.version)) this.#pending.add(hint);
  }

  /** @param fault thrown to the follower; null ends its changes without an error. */
  end(fault: Error | null = null): void {
    this.#pending.end(fault);
  }

  /** @param first sent at once. @throws MissedChangesError when changes were lost for this follower. */
  async *changes(first: VersionedCancellation | null): AsyncGenerator<Cancellation, void, undefined> {
    if (first !== null) yield this.#markSent(first);
    for (;;) {
      const hint = await this.#pending.take();
      if (hint === null) return;
      const found = await this.#readNow(hint);
      if (found !== null && this.#isNew(hint.id, found.version)) yield this.#markSent(found);
    }
  }

  /** Null when the read failed: the hint is then added again, because no other announces this change. */
  async #readNow(hint: ChangeHint): Promise<VersionedCancellation | null> {
    try {
      return await this.read(hint);
    } catch {
      await delay(RETRY_MS, undefined, { ref: false });
      this.tell(hint);
      return null;
    }
  }

  #isNew(id: string, version: number): boolean {
    return version > (this.#sentVersions.get(id) ?? 0);
  }

  #markSent({ cancellation, version }: VersionedCancellation): Cancellation {
    this.#sentVersions.delete(cancellation.id);
    this.#sentVersions.set(cancellation.id, version);
    const [oldest] = this.#sentVersions.keys();
    if (this.#sentVersions.size > MAX_REMEMBERED_VERSIONS && oldest !== undefined)
      this.#sentVersions.delete(oldest);
    return cancellation;
  }
}

/** The hints that a follower has not read yet, oldest first: one per cancellation, so they stay few however slowly it reads. */
export class PendingHints {
  readonly #hints = new Map<string, ChangeHint>();

  #wake = (): void => undefined;

  #end: { readonly fault: Error | null } | null = null;

  /** A newer hint takes the place in the queue that the older one of the same cancellation has. */
  add(hint: ChangeHint): void {
    const { id, version } = hint;
    if (this.#end !== null || version < (this.#hints.get(id)?.version ?? 0)) return;
    this.#hints.set(id, hint);
    if (this.#hints.size > MAX_PENDING) this.end(new MissedChangesError());
    this.#wake();
  }

  /** Drops what is pending and accepts no more. @param fault thrown by `take`; null: it returns null. */
  end(fault: Error | null = null): void {
    this.#end ??= { fault };
    this.#hints.clear();
    this.#wake();
  }

  /** The oldest hint, as soon as there is one; null at the end. @throws the fault of the end. */
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
