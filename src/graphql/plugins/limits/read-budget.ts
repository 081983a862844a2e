import { GraphQLError } from "graphql";
import { TooManyError } from "../../../cancellation/model/errors.js";
import { MAX_CHILDREN } from "./limits.js";

export interface ReadBudget {
  /**
   * Reads at most what is left. One after the other, so that each knows what that is.
   * @param read rejects with a TooManyError when there is more than that.
   * @param countOf how many rows were read for it.
   */
  spend<Found>(read: (atMost: number) => Promise<Found>, countOf: (found: Found) => number): Promise<Found>;
  /** How many rows have been read so far, also in vain. */
  readonly countRead: () => number;
}

/**
 * How many rows of one kind are read for one request: how many there are is known only once they are read, so no cost foresees it.
 * @param what what is read, for the caller who asks for too much.
 * @param instead what that caller can do.
 */
export function createReadBudget(what: string, instead: string): ReadBudget {
  let left = MAX_CHILDREN;
  let reading: Promise<unknown> = Promise.resolve();

  async function readWithin<Found>(
    read: (atMost: number) => Promise<Found>,
    countOf: (found: Found) => number,
  ): Promise<Found> {
    try {
      const found = await read(left);
      left -= countOf(found);
      return found;
    } catch (error) {
      if (!(error instanceof TooManyError)) throw error;
      // Read they were: otherwise one request could have as many read again and again, and pay for none.
      left = 0;
      const message = `The ${what} are more than ${MAX_CHILDREN} together, which is the most that is read for one request. ${instead}`;
      throw new GraphQLError(message, { extensions: { code: "QUERY_TOO_COMPLEX" } });
    }
  }

  return {
    spend(read, countOf) {
      const found = reading.then(() => readWithin(read, countOf));
      reading = found.catch(() => undefined);
      return found;
    },
    countRead: () => MAX_CHILDREN - left,
  };
}
