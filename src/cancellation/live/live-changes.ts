import DataLoader from "dataloader";
import { LRUCache } from "lru-cache";
import type { Cancellation, CancellationReference } from "../model/cancellation.js";
import { MissedChangesError, TooManyFollowersError } from "../model/errors.js";
import type { Caller } from "../model/caller.js";
import type { ChangeHint, ChangeHints, ChangeLog, VersionedCancellation } from "./change.js";
import { Follower, type Watch } from "./follower.js";

/** Of one process: each is a connection and some kilobytes. */
export const MAX_FOLLOWERS = 1_000;
/** Of one caller in one process: a person's tabs, or a program's screens. */
export const MAX_FOLLOWERS_PER_CALLER = 20;
/** A look back starts this long before the end of the last one: an event becomes visible a little after its timestamp. */
const LOOK_BACK_MARGIN_MS = 15_000;
/** Changes that one look back reads: about 200 a second for 45 seconds. */
const MAX_LOOKED_BACK = 10_000;
/** Rows per statement, which then takes a few milliseconds. */
const MAX_BATCH = 100;

export interface LiveChangesDependencies {
  readonly log: ChangeLog;
  readonly hints: ChangeHints;
  /** Called for each follower that is refused, with the limit it met. */
  readonly onRefused: (who: "caller" | "replica") => void;
}

/** Passes changes on to the followers of this process. */
export class LiveChanges {
  readonly #followers = new Set<Follower>();
  readonly #countByCaller = new Map<string | null, number>();
  /** The newest version told of each cancellation: each look back finds again what the one before has found. */
  readonly #known = new LRUCache<string, number>({ max: 3 * MAX_LOOKED_BACK });
  readonly #read: ReturnType<typeof readerOf>;
  #opening: Promise<void> | undefined;
  /** All changes until then are known, by the database's clock; null before the first follower. */
  #knownUntil: Date | null = null;
  #wasInterrupted = false;
  #lookingBack: Promise<void> = Promise.resolve();

  constructor(private readonly dependencies: LiveChangesDependencies) {
    this.#read = readerOf(dependencies.log);
  }

  get followerCount(): number {
    return this.#followers.size;
  }

  /**
   * Follows until the signal. Cancellations that are followed by their ids come first, in their present state.
   * @throws TooManyFollowersError
   */
  async follow(caller: Caller, watch: Watch, signal: AbortSignal): Promise<AsyncGenerator<Cancellation>> {
    const follower = new Follower(watch, this.#read);
    // Before the first await, so that followers who come at the same time count against the limits.
    this.#admit(follower, caller, signal);
    await (this.#opening ??= this.#open());
    const { storeIds, ids } = watch;
    const present = ids === null ? [] : await this.dependencies.log.find(storeIds, [...ids]);
    return follower.changes(present);
  }

  /**
   * Finds the changes whose hints were lost: a process can die between a commit and its announcement. Call it periodically.
   * Overlapping calls run one after the other.
   */
  async lookBack(): Promise<void> {
    const done = this.#lookingBack.then(() => this.#lookBack());
    this.#lookingBack = done.catch(() => undefined);
    await done;
  }

  #admit(follower: Follower, { subject }: Caller, signal: AbortSignal): void {
    const ofCaller = this.#countByCaller.get(subject) ?? 0;
    if (ofCaller >= MAX_FOLLOWERS_PER_CALLER) throw this.#refusal("caller", MAX_FOLLOWERS_PER_CALLER);
    if (this.#followers.size >= MAX_FOLLOWERS) throw this.#refusal("replica", MAX_FOLLOWERS);
    if (signal.aborted) {
      follower.end();
      return;
    }
    this.#followers.add(follower);
    this.#countByCaller.set(subject, ofCaller + 1);
    signal.addEventListener("abort", () => this.#dismiss(follower, subject), { once: true });
  }

  #dismiss(follower: Follower, subject: string | null): void {
    follower.end();
    this.#followers.delete(follower);
    const left = (this.#countByCaller.get(subject) ?? 0) - 1;
    if (left > 0) this.#countByCaller.set(subject, left);
    else this.#countByCaller.delete(subject);
  }

  #refusal(who: "caller" | "replica", limit: number): TooManyFollowersError {
    this.dependencies.onRefused(who);
    return new TooManyFollowersError(who, limit);
  }

  async #open(): Promise<void> {
    const { hints, log } = this.dependencies;
    try {
      await hints.listen(
        (some) => this.#tell(some),
        () => {
          this.#wasInterrupted = true;
          // If it fails, the next periodic look back covers the same time.
          this.lookBack().catch(() => undefined);
        },
      );
      // Changes before the first follower are known, not news.
      const before = await log.since(null, MAX_LOOKED_BACK);
      for (const hint of before.hints) this.#remember(hint);
      this.#knownUntil = before.until;
    } catch (error) {
      this.#opening = undefined;
      throw error;
    }
  }

  #tell(hints: readonly ChangeHint[]): void {
    for (const hint of hints) {
      this.#remember(hint);
      for (const follower of this.#followers) follower.tell(hint);
    }
  }

  #remember({ id, version }: ChangeHint): void {
    this.#known.set(id, Math.max(version, this.#known.get(id) ?? 0));
  }

  async #lookBack(): Promise<void> {
    if (this.#knownUntil === null) return;
    const from = new Date(this.#knownUntil.getTime() - LOOK_BACK_MARGIN_MS);
    const wasInterrupted = this.#wasInterrupted;
    const { hints, isAll, until } = await this.dependencies.log.since(from, MAX_LOOKED_BACK);
    this.#tell(hints.filter(({ id, version }) => version > (this.#known.get(id) ?? 0)));
    this.#knownUntil = until;
    if (!wasInterrupted) return;
    this.#wasInterrupted = false;
    if (!isAll) for (const follower of this.#followers) follower.end(new MissedChangesError());
  }
}

/** Reads for all followers of this process, one statement at a time: a cancellation that many follow is read once. */
function readerOf(
  log: Pick<ChangeLog, "read">,
): (reference: CancellationReference) => Promise<VersionedCancellation | null> {
  const keyOf = ({ storeId, id }: CancellationReference): string => `${id} ${storeId}`;
  let reading: Promise<unknown> = Promise.resolve();
  const loader = new DataLoader<CancellationReference, VersionedCancellation | null, string>(
    async (references) => {
      // A batch that has started may not see the change that a later reader was told of.
      loader.clearAll();
      const read = log.read(references);
      reading = read.catch(() => undefined);
      const found = new Map((await read).map((one) => [keyOf(one.cancellation), one]));
      return references.map((reference) => found.get(keyOf(reference)) ?? null);
    },
    {
      maxBatchSize: MAX_BATCH,
      cacheKeyFn: keyOf,
      batchScheduleFn: (dispatch) => void reading.then(dispatch),
    },
  );
  return (reference) => loader.load(reference);
}
