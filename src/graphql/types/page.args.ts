import { ArgsType, Field, Int } from "type-graphql";
import { type Cursors, NEWEST_FIRST } from "../../cancellation/history/cursors.js";
import type { HistoryWindow } from "../../cancellation/history/history.js";
import { InvalidArgumentError } from "../../cancellation/model/errors.js";
import { CancellationOrderType } from "./history.input.js";

export const DEFAULT_PAGE_SIZE = 20;
/** Enough for any screen; more would let one query read without bounds. */
export const MAX_PAGE_SIZE = 100;

@ArgsType()
export class PageArgs {
  @Field(() => CancellationOrderType, { nullable: true, description: "Newest first when left out." })
  orderBy?: CancellationOrderType | null;

  @Field(() => Int, { nullable: true, description: "The first so many, 1 to 100; 20 when neither is given." })
  first?: number | null;

  @Field(() => String, { nullable: true, description: "Only what comes after this cursor." })
  after?: string | null;

  @Field(() => Int, { nullable: true, description: "The last so many, 1 to 100." })
  last?: number | null;

  @Field(() => String, {
    nullable: true,
    description:
      "Only what comes before this cursor. To follow what is new, read on with `after` in ascending order: what is committed late may stand behind a cursor of the newest.",
  })
  before?: string | null;
}

/** @throws InvalidArgumentError for sizes out of range, a cursor that is not one of ours, and contradictory arguments. */
export function toWindow(args: PageArgs, cursors: Cursors): HistoryWindow {
  const { first, after, last, before } = args;
  const order = args.orderBy ?? NEWEST_FIRST;
  const backward = given(last) || given(before);
  if (backward && (given(first) || given(after))) {
    throw new InvalidArgumentError("first, last", "`first` and `after`, or `last` and `before`", "both");
  }
  const [sizeName, size, cursorName, cursor] = backward
    ? (["last", last, "before", before] as const)
    : (["first", first, "after", after] as const);
  return {
    order,
    direction: backward ? "backward" : "forward",
    position: given(cursor) ? cursors.decode(cursor, order, cursorName) : null,
    size: given(size) ? checkedSize(sizeName, size) : DEFAULT_PAGE_SIZE,
  };
}

function checkedSize(name: string, size: number): number {
  if (size >= 1 && size <= MAX_PAGE_SIZE) return size;
  throw new InvalidArgumentError(name, `1 to ${MAX_PAGE_SIZE}`, "another number");
}

function given<T>(value: T | null | undefined): value is T {
  return value !== null && value !== undefined;
}
