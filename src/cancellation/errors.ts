/** An argument that cannot be acted on. The message names the field, what was expected and what was found. */
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

const LONGEST_QUOTED = 60;

/** What was found, for a message: quoted, or told by its length when that would fill the answer. */
export function quoted(text: string): string {
  return text.length > LONGEST_QUOTED ? `${text.length} characters` : JSON.stringify(text);
}

/** An intent could not be committed, or not be seen to be. Nothing was sent for it by this call, and nothing will be. */
export class NothingSentError extends Error {
  override readonly name = "NothingSentError";

  constructor(orderNo: string, cause: unknown) {
    super(`recording a cancel of order ${orderNo}: it could not be stored, so it was not sent`, { cause });
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
