import type { Prisma } from "../generated/client.js";
import type { KindParts } from "./archived-kind.js";
import { portions } from "./sizes.js";

interface Removed {
  readonly rows: number;
}

/** Removes what a file has, some of it at a time, each with a statement of its own; returns how many rows. */
export async function removeInSlices<T>(
  { prisma, sizes }: Pick<KindParts, "prisma" | "sizes">,
  archived: readonly T[],
  statement: (slice: readonly T[]) => Prisma.Sql,
): Promise<number> {
  let count = 0;
  for (const slice of portions(archived, { rows: sizes.removal })) {
    const [removed] = await prisma.$queryRaw<Removed[]>(statement(slice));
    count += removed?.rows ?? 0;
  }
  return count;
}
