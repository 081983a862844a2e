import type { Cancellation, CancellationReference } from "../model/cancellation.js";

/** Says that a step or a finding was committed. It is only a reason to read the cancellation: it may come late, twice or never. */
export interface ChangeHint extends CancellationReference {
  readonly orderNo: string;
  /** The number of the event. Events of a cancellation are numbered from 1 without gaps. */
  readonly version: number;
}

/** Sends a hint to the followers in all processes. Call it after the commit: it returns at once and never throws. */
export type AnnounceChange = (hint: ChangeHint) => void;

export interface VersionedCancellation {
  readonly cancellation: Cancellation;
  /** The number of its last event. */
  readonly version: number;
}

/** The committed changes, which hints only point to. */
export interface ChangeLog {
  /** The present states of those that these stores have. */
  find(storeIds: readonly string[], ids: readonly string[]): Promise<VersionedCancellation[]>;
  /** The present states, in any order. Missing ones are left out. */
  read(references: readonly CancellationReference[]): Promise<VersionedCancellation[]>;
  /**
   * The cancellations that changed since a time of the database's clock, each with its newest event.
   * @param moment null: a minute ago.
   */
  since(moment: Date | null, limit: number): Promise<ChangesSince>;
}

export interface ChangesSince {
  readonly hints: readonly ChangeHint[];
  /** False when the limit cut some off. */
  readonly isAll: boolean;
  /** The database's clock before they were read. */
  readonly until: Date;
}

/** Receives the hints of all processes. */
export interface ChangeHints {
  /** Resolves when it listens. @param onInterrupted called after a broken connection was replaced: hints may have been lost. */
  listen(onHints: (hints: readonly ChangeHint[]) => void, onInterrupted: () => void): Promise<void>;
}
