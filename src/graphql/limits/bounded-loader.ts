import DataLoader from "dataloader";
import { GraphQLError } from "graphql";
import { TooManyError } from "../../cancellation/errors.js";
import type { CancellationReference } from "../../cancellation/history.js";
import { MAX_CHILDREN } from "./limits.js";

type Read<Child> = (references: readonly CancellationReference[], atMost: number) => Promise<Child[][]>;

export interface BoundedLoader<Child> {
  readonly loader: DataLoader<CancellationReference, Child[]>;
  /** How many have been read so far. */
  readonly countRead: () => number;
}

/**
 * Loads what belongs to cancellations, for all that are asked for at once, and no more of it for one request than is allowed: how
 * many there are is known only once they are read, so no cost foresees it. Nothing is remembered: what is asked after a mutation is read after it.
 * @param what what is loaded, for the caller who asks for too much.
 */
export function createBoundedLoader<Child>(what: string, read: Read<Child>): BoundedLoader<Child> {
  let left = MAX_CHILDREN;
  let reading: Promise<unknown> = Promise.resolve();

  async function readWithin(references: readonly CancellationReference[]): Promise<Child[][]> {
    try {
      const lists = await read(references, left);
      left -= lists.reduce((sum, list) => sum + list.length, 0);
      return lists;
    } catch (error) {
      if (!(error instanceof TooManyError)) throw error;
      const message = `The ${what} asked for are more than ${MAX_CHILDREN} together, which is the most that is read for one request. Ask for smaller pages.`;
      throw new GraphQLError(message, { extensions: { code: "QUERY_TOO_COMPLEX" } });
    }
  }

  const loader = new DataLoader<CancellationReference, Child[]>(
    (references) => {
      // One after the other, so that each knows what is left. The pages of one request are loaded at once; only several wait.
      const lists = reading.then(() => readWithin(references));
      reading = lists.catch(() => undefined);
      return lists;
    },
    { cache: false },
  );
  return { loader, countRead: () => MAX_CHILDREN - left };
}
