import type { Cancellation } from "../model/cancellation.js";
import type { CancellationReference } from "../history/history.js";

/** A step or a finding has been committed. Nothing but a reason to read the cancellation: it may come late, twice, or not at all. */
export interface ChangeHint extends CancellationReference {
  readonly orderNo: string;
  /** The number of its event: each step and each finding has the next one. */
  readonly version: number;
}

/** Passes a hint on to whoever watches, also in other processes. Called after the commit; costs nothing, never fails. */
export type AnnounceChange = (hint: ChangeHint) => void;

export interface VersionedCancellation {
  readonly cancellation: Cancellation;
  /** The number of its last event. What is read later has this one or a higher one. */
  readonly version: number;
}

/** The truth about changes, which hints only point to. */
export interface ChangeLog {
  /** As it stands now; null when these stores have none with this id. */
  find(storeIds: readonly string[], id: string): Promise<VersionedCancellation | null>;
  /** As they stand now, in any order. Those that are not there are left out. */
  read(references: readonly CancellationReference[]): Promise<VersionedCancellation[]>;
  /**
   * What has changed since a moment of the database's clock, each cancellation once with its newest event.
   * @param moment null: a minute ago.
   */
  since(moment: Date | null, atMost: number): Promise<ChangesSince>;
}

export interface ChangesSince {
  readonly hints: readonly ChangeHint[];
  /** False: there are more than were read. */
  readonly isAll: boolean;
  /** The database's clock before they were read. */
  readonly until: Date;
}

/** Where the hints of all processes come in. */
export interface ChangeHints {
  /** Resolves when they do. @param onInterrupted told when some may have been lost, once they come in again. */
  listen(onHints: (hints: readonly ChangeHint[]) => void, onInterrupted: () => void): Promise<void>;
}
