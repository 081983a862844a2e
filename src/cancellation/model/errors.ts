/** A field that cannot be accepted: where, what was expected, what was found. None of them quotes a value of the caller. */
export interface Fault {
  readonly field: string;
  readonly expected: string;
  readonly found: string;
}

/**
 * An argument that cannot be acted on. The message names the field, what was expected and what was found, in words of ours: a value of
 * the caller is never in it. Whatever somebody has at hand is pasted anywhere, an account number too, and answers are logged.
 */
export class InvalidArgumentError extends Error {
  override readonly name = "InvalidArgumentError";

  constructor(
    /** Path of the argument, such as `input.items.2.amount`. */
    readonly field: string,
    readonly expected: string,
    readonly found: string,
  ) {
    super(`${field}: expected ${expected}, found ${found}`);
  }
}

/** There was no connection to the database in time. Nothing was asked of it. */
export class BusyError extends Error {
  override readonly name = "BusyError";

  constructor(waitedMs: number) {
    super(`asking the database: no connection to it was free within ${waitedMs} ms`);
  }
}

/** An intent could not be committed, or not be seen to be. Nothing was sent for it by this call, and nothing will be. */
export class NothingSentError extends Error {
  override readonly name = "NothingSentError";

  constructor(orderNo: string, cause: unknown) {
    super(`recording a cancel of order ${orderNo}: it could not be stored, so it was not sent`, { cause });
  }
}

/**
 * The database has gone back in time, as after a failover that lost commits: until what it forgot is entered again, no cancel is sent.
 * This call has sent nothing, and stored nothing.
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

/** What a used key stands for could not be read: whether an earlier call with it has sent anything cannot be told now. */
export class KeyNotReadError extends Error {
  override readonly name = "KeyNotReadError";

  constructor(cause: unknown) {
    super(
      "reading what an idempotency key stands for: this call has sent nothing, whether an earlier one did is not known",
      {
        cause,
      },
    );
  }
}

/** A cancellation was not in the state that a transition starts from: somebody else moved it first. */
export class StaleTransitionError extends Error {
  override readonly name = "StaleTransitionError";

  constructor(cancellationId: string, from: string, to: string) {
    super(
      `moving cancellation ${cancellationId} from ${from} to ${to}: it is no longer ${from}, or somebody else is in charge of it`,
    );
  }
}

/** More was asked for than is read at once. */
export class TooManyError extends Error {
  override readonly name = "TooManyError";

  constructor(what: string, atMost: number) {
    super(`reading ${what}: there are more than ${atMost}`);
  }
}

/** There is no place left for one who wants to follow changes. */
export class TooManyFollowersError extends Error {
  override readonly name = "TooManyFollowersError";

  constructor(
    /** Whose places are all taken. */
    readonly who: "caller" | "replica",
    readonly most: number,
  ) {
    super(`following changes: ${most} of this ${who} do already`);
  }
}

/** More has changed than can be told to one who follows it. */
export class MissedChangesError extends Error {
  override readonly name = "MissedChangesError";

  constructor() {
    super("following changes: more has changed than can be told");
  }
}

/** The database was at it for longer than it is let. Nothing was changed. */
export class TooSlowError extends Error {
  override readonly name = "TooSlowError";

  constructor(what: string, patienceMs: number, cause: unknown) {
    super(`reading ${what}: it took more than ${patienceMs} ms`, { cause });
  }
}
