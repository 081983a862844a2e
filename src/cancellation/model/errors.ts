import type { Fault } from "./fault.js";

/** An argument that cannot be acted on. It never quotes the argument: people paste account numbers anywhere, and errors are logged. */
export class InvalidArgumentError extends Error {
  override readonly name = "InvalidArgumentError";

  constructor(readonly fault: Fault) {
    super(`${fault.field ?? "the request"}: ${fault.kind}`);
  }
}

/** No connection to the database was free in time. Nothing was sent to it. */
export class BusyError extends Error {
  override readonly name = "BusyError";

  constructor() {
    super("querying the database: no connection was free in time");
  }
}

/** An intent was not committed, or its commit was not confirmed. This call has sent nothing for it and never will. */
export class NothingSentError extends Error {
  override readonly name = "NothingSentError";

  constructor(orderNo: string, cause: unknown) {
    super(`recording a cancel of order ${orderNo}: it could not be stored, so it was not sent`, { cause });
  }
}

/**
 * The database has gone back in time, as after a failover that lost commits. No cancel is sent until what it lost is entered again. This call
 * has sent and stored nothing.
 */
export class SendingHeldError extends Error {
  override readonly name = "SendingHeldError";
  readonly retryAfterSeconds: number;

  constructor(heldForMs: number) {
    super(
      `recording a cancel: sending is held for ${Math.round(heldForMs)} ms, because the database has gone back in time`,
    );
    this.retryAfterSeconds = Math.max(1, Math.ceil(heldForMs / 1_000));
  }
}

/** What a used key stands for could not be read. This call has sent nothing; whether an earlier one did is not known. */
export class KeyNotReadError extends Error {
  override readonly name = "KeyNotReadError";

  constructor(cause: unknown) {
    super("reading what an idempotency key stands for: this call has sent nothing", { cause });
  }
}

/** A transition started from a state that the cancellation is no longer in, or under a lease that somebody else has now. */
export class StaleTransitionError extends Error {
  override readonly name = "StaleTransitionError";

  constructor(cancellationId: string, from: string, to: string) {
    super(`moving cancellation ${cancellationId} from ${from} to ${to}: it has been moved or claimed since`);
  }
}

/** There is more than is read at once. */
export class TooManyError extends Error {
  override readonly name = "TooManyError";

  constructor(what: string, atMost: number) {
    super(`reading ${what}: there are more than ${atMost}`);
  }
}

/** No further follower is accepted: this caller, or this replica, has as many as it may. */
export class TooManyFollowersError extends Error {
  override readonly name = "TooManyFollowersError";

  constructor(
    readonly who: "caller" | "replica",
    readonly most: number,
  ) {
    super(`following changes: this ${who} has ${most} followers already`);
  }
}

/** A follower fell too far behind to be told every change. */
export class MissedChangesError extends Error {
  override readonly name = "MissedChangesError";

  constructor() {
    super("following changes: more has changed than can be told");
  }
}

/** A query took longer than it may. Nothing was changed. */
export class TooSlowError extends Error {
  override readonly name = "TooSlowError";

  constructor(what: string, patienceMs: number, cause: unknown) {
    super(`reading ${what}: it took more than ${patienceMs} ms`, { cause });
  }
}
