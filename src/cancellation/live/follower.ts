import { setTimeout as delay } from "node:timers/promises";
import { LRUCache } from "lru-cache";
import type { Caller } from "../model/caller.js";
import type { Cancellation, CancellationReference } from "../model/cancellation.js";
import { findStore } from "../request/check-request.js";
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
  readonly ids: ReadonlySet<string> | null;
}

/** As the caller states it. Undefined and null set no condition. */
export interface RequestedWatch {
  readonly storeId?: string | null | undefined;
  readonly orderNo?: string | null | undefined;
  /** Well-formed. */
  readonly ids?: readonly string[] | null | undefined;
}

/** A page that shows more of them follows its store. */
export const MAX_FOLLOWED_IDS = 100;

/** @throws InvalidArgumentError for ids beside another condition, which they already imply or contradict. */
export function checkWatch(requested: RequestedWatch, caller: Caller, stores: Stores): Watch {
  const { storeId = null, orderNo = null, ids = null } = requested;
  if (ids !== null) {
    const beside = Object.entries({ storeId, orderNo }).find(([, value]) => value !== null);
    if (beside !== undefined) throw new InvalidArgumentError({ kind: "besideIds", field: beside[0] });
    const max = MAX_FOLLOWED_IDS;
    if (ids.length === 0) throw new InvalidArgumentError({ kind: "emptyList", field: "ids" });
    if (ids.length > max) throw new InvalidArgumentError({ kind: "tooManyOfThem", field: "ids", max });
    return { storeIds: caller.storeIds, orderNo, ids: new Set(ids) };
  }
  if (orderNo !== null) assertText("orderNo", orderNo, MAX_IDENTIFIER_LENGTH);
  if (storeId === null && orderNo === null) return { storeIds: caller.storeIds, orderNo, ids };
  // Order numbers are unique within a store only. A caller with a single store need not name it.
  const store = findStore(caller, stores, storeId, "storeId");
  return { storeIds: store === null ? [] : [store.id], orderNo, ids };
}

export function isAbout(watch: Watch, hint: ChangeHint): boolean {
  if (!watch.storeIds.includes(hint.storeId)) return false;
  if (watch.ids !== null) return watch.ids.has(hint.id);
  return watch.orderNo === null || watch.orderNo === hint.orderNo;
}

/**
 * Sends each changed cancellation as it stands when it is read: never an older state after a newer one. What is pending is one entry for each
 * cancellation, so it stays small however slowly the follower reads.
 */
export class Follower {
  /** By the id of their cancellation, the oldest first. */
  readonly #pending = new Map<string, ChangeHint>();
  readonly #sentVersions = new LRUCache<string, number>({ max: MAX_REMEMBERED_VERSIONS });
  #wake = (): void => undefined;
  #end: { readonly fault: Error | null } | null = null;

  constructor(
    private readonly watch: Watch,
    private readonly read: (reference: CancellationReference) => Promise<VersionedCancellation | null>,
  ) {}

  tell(hint: ChangeHint): void {
    if (this.#end !== null || !isAbout(this.watch, hint) || !this.#isNew(hint)) return;
    this.#pending.set(hint.id, hint);
    if (this.#pending.size > MAX_PENDING) this.end(new MissedChangesError());
    this.#wake();
  }

  /** Drops what is pending. @param fault thrown to the follower; null ends its changes without an error. */
  end(fault: Error | null = null): void {
    this.#end ??= { fault };
    this.#pending.clear();
    this.#wake();
  }

  /** @param first sent at once. @throws MissedChangesError when changes were lost for this follower. */
  async *changes(first: readonly VersionedCancellation[]): AsyncGenerator<Cancellation, void, undefined> {
    for (const each of first) yield this.#markSent(each);
    for (let hint = await this.#take(); hint !== null; hint = await this.#take()) {
      const found = await this.#readNow(hint);
      if (found !== null && this.#isNew({ id: hint.id, version: found.version })) yield this.#markSent(found);
    }
  }

  /** The oldest hint, as soon as there is one; null at the end. */
  async #take(): Promise<ChangeHint | null> {
    for (;;) {
      if (this.#end?.fault) throw this.#end.fault;
      if (this.#end !== null) return null;
      const [first] = this.#pending.values();
      if (first !== undefined) {
        this.#pending.delete(first.id);
        return first;
      }
      await new Promise<void>((resolve) => (this.#wake = resolve));
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

  #isNew({ id, version }: Pick<ChangeHint, "id" | "version">): boolean {
    return version > (this.#sentVersions.get(id) ?? 0);
  }

  #markSent({ cancellation, version }: VersionedCancellation): Cancellation {
    this.#sentVersions.set(cancellation.id, version);
    return cancellation;
  }
}
