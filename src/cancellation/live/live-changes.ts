import type { CancellationReference } from "../history/history.js";
import type { Caller } from "../model/caller.js";
import type { Cancellation } from "../model/cancellation.js";
import { MissedChangesError, TooManyFollowersError } from "../model/errors.js";
import type { ChangeHint, ChangeHints, ChangeLog, VersionedCancellation } from "./change.js";
import { Following, type Watch } from "./follower.js";

/** Of one process: each is a connection and some kilobytes. */
export const MAX_FOLLOWERS = 1_000;
/** Of one caller in one process: a person's tabs, or a program's screens. */
export const MAX_FOLLOWERS_PER_CALLER = 20;
/** A look back begins so long before the last one: an event is committed a little later than its time says. */
const MARGIN_MS = 15_000;
/** What a look back reads at most: two hundred changes in each of 45 seconds. */
const MOST_LOOKED_BACK = 10_000;

export interface LiveChangesParts {
  readonly log: ChangeLog;
  readonly hints: ChangeHints;
  /** Told of each who is turned away. */
  readonly onRefused: (who: "caller" | "replica") => void;
}

/** Passes on what changes to those who follow it, in this process. */
export class LiveChanges {
  readonly #followings = new Set<Following>();

  readonly #countByCaller = new Map<string | null, number>();

  readonly #known = new KnownVersions();

  readonly #reader: ChangeReader;

  #opening: Promise<void> | undefined;

  /** Up to when all is known, by the database's clock; null before anybody follows. */
  #knownUntil: Date | null = null;

  #wasInterrupted = false;

  #looking: Promise<void> = Promise.resolve();

  constructor(private readonly parts: LiveChangesParts) {
    this.#reader = new ChangeReader(parts.log);
  }

  get followerCount(): number {
    return this.#followings.size;
  }

  /**
   * Follows until the signal. With an id, that cancellation as it stands comes first.
   * @throws TooManyFollowersError
   */
  async follow(caller: Caller, watch: Watch, signal: AbortSignal): Promise<AsyncGenerator<Cancellation>> {
    const following = new Following(watch, (reference) => this.#reader.read(reference));
    // Before anything is awaited: those who come at the same moment are counted.
    this.#admit(following, caller, signal);
    await (this.#opening ??= this.#open());
    const present = watch.id === null ? null : await this.parts.log.find(watch.storeIds, watch.id);
    return following.changes(present);
  }

  /** Finds what nobody announced: a process may die between a commit and its announcement. For a timer. */
  async lookBack(): Promise<void> {
    if (this.#knownUntil === null) return;
    // One after the other: each begins where the last has ended.
    const looked = this.#looking.then(() => this.#lookBack());
    this.#looking = looked.catch(() => undefined);
    await looked;
  }

  #admit(following: Following, { subject }: Caller, signal: AbortSignal): void {
    const ofCaller = this.#countByCaller.get(subject) ?? 0;
    if (ofCaller >= MAX_FOLLOWERS_PER_CALLER) throw this.#refusal("caller", MAX_FOLLOWERS_PER_CALLER);
    if (this.#followings.size >= MAX_FOLLOWERS) throw this.#refusal("replica", MAX_FOLLOWERS);
    if (signal.aborted) {
      following.end();
      return;
    }
    this.#followings.add(following);
    this.#countByCaller.set(subject, ofCaller + 1);
    signal.addEventListener("abort", () => this.#dismiss(following, subject), { once: true });
  }

  #dismiss(following: Following, subject: string | null): void {
    following.end();
    this.#followings.delete(following);
    const left = (this.#countByCaller.get(subject) ?? 0) - 1;
    if (left > 0) this.#countByCaller.set(subject, left);
    else this.#countByCaller.delete(subject);
  }

  #refusal(who: "caller" | "replica", most: number): TooManyFollowersError {
    this.parts.onRefused(who);
    return new TooManyFollowersError(who, most);
  }

  async #open(): Promise<void> {
    try {
      await this.parts.hints.listen(
        (hints) => this.#tell(hints),
        () => {
          this.#wasInterrupted = true;
          // What fails is made up for by the next look.
          this.lookBack().catch(() => undefined);
        },
      );
      // What has happened until now is nobody's news.
      const { hints, until } = await this.parts.log.since(null, MOST_LOOKED_BACK);
      for (const hint of hints) this.#known.add(hint);
      this.#knownUntil = until;
    } catch (error) {
      this.#opening = undefined;
      throw error;
    }
  }

  #tell(hints: readonly ChangeHint[]): void {
    for (const hint of hints) {
      this.#known.add(hint);
      for (const following of this.#followings) following.tell(hint);
    }
  }

  async #lookBack(): Promise<void> {
    if (this.#knownUntil === null) return;
    const from = new Date(this.#knownUntil.getTime() - MARGIN_MS);
    const wasInterrupted = this.#wasInterrupted;
    const { hints, isAll, until } = await this.parts.log.since(from, MOST_LOOKED_BACK);
    this.#tell(hints.filter((hint) => this.#known.isNews(hint)));
    this.#known.forgetOld();
    for (const hint of hints) this.#known.add(hint);
    this.#knownUntil = until;
    if (!wasInterrupted) return;
    this.#wasInterrupted = false;
    if (!isAll) for (const following of this.#followings) following.end(new MissedChangesError());
  }
}

/** Rows of one statement: a few milliseconds. */
const MAX_BATCH = 100;

interface Waiting {
  readonly reference: CancellationReference;
  readonly found: Promise<VersionedCancellation | null>;
  readonly resolve: (found: VersionedCancellation | null) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Reads cancellations for all followers of this process: however many follow one, it is read once, and there is one statement at a
 * time. A read that is under way serves nobody who comes later: it may not see what they were told of.
 */
export class ChangeReader {
  readonly #waiting = new Map<string, Waiting>();

  #isReading = false;

  constructor(private readonly log: Pick<ChangeLog, "read">) {}

  /** As it stands now; null when there is none. */
  read(reference: CancellationReference): Promise<VersionedCancellation | null> {
    const key = keyOf(reference);
    const known = this.#waiting.get(key);
    if (known !== undefined) return known.found;
    const waiting = waitingFor(reference);
    this.#waiting.set(key, waiting);
    // In a moment, with all who are told of something in this one.
    if (!this.#isReading) queueMicrotask(() => void this.#readAll());
    return waiting.found;
  }

  async #readAll(): Promise<void> {
    if (this.#isReading) return;
    this.#isReading = true;
    while (this.#waiting.size > 0) await this.#readBatch([...this.#waiting].slice(0, MAX_BATCH));
    this.#isReading = false;
  }

  async #readBatch(batch: readonly (readonly [key: string, waiting: Waiting])[]): Promise<void> {
    for (const [key] of batch) this.#waiting.delete(key);
    try {
      const found = await this.log.read(batch.map(([, { reference }]) => reference));
      const byKey = new Map(found.map((one) => [keyOf(one.cancellation), one]));
      for (const [key, { resolve }] of batch) resolve(byKey.get(key) ?? null);
    } catch (error) {
      for (const [, { reject }] of batch) reject(error);
    }
  }
}

function waitingFor(reference: CancellationReference): Waiting {
  let resolve: Waiting["resolve"] = () => undefined;
  let reject: Waiting["reject"] = () => undefined;
  const found = new Promise<VersionedCancellation | null>((resolved, rejected) => {
    resolve = resolved;
    reject = rejected;
  });
  return { reference, found, resolve, reject };
}

function keyOf({ storeId, id }: CancellationReference): string {
  return `${id} ${storeId}`;
}

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
