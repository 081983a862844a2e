import DataLoader from "dataloader";
import type { CancellationReference } from "../../../cancellation/model/cancellation.js";
import { createReadBudget } from "./read-budget.js";

type Read<Child> = (references: readonly CancellationReference[], atMost: number) => Promise<Child[][]>;

export interface BoundedLoader<Child> {
  readonly loader: DataLoader<CancellationReference, Child[]>;
  /** How many have been read so far. */
  readonly countRead: () => number;
}

/**
 * Loads what belongs to cancellations, for all that are asked for at once, and no more of it for one request than is allowed. Nothing
 * is remembered: what is asked after a mutation is read after it.
 * @param what what is loaded, for the caller who asks for too much.
 */
export function createBoundedLoader<Child>(what: string, read: Read<Child>): BoundedLoader<Child> {
  const budget = createReadBudget(`${what} asked for`, "Ask for smaller pages.");
  // The pages of one request are loaded at once; only several wait for each other.
  const loader = new DataLoader<CancellationReference, Child[]>(
    (references) => budget.spend((atMost) => read(references, atMost), countIn),
    { cache: false },
  );
  return { loader, countRead: budget.countRead };
}

function countIn(lists: readonly (readonly unknown[])[]): number {
  return lists.reduce((sum, list) => sum + list.length, 0);
}
