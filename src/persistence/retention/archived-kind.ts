import type { PrismaClient } from "../generated/client.js";
import type { RowJson } from "./row-json.js";
import type { RetentionSizes } from "./sizes.js";
import type { ArchiveReader } from "./write-archive.js";

/** What every kind is made with. */
export interface KindParts {
  readonly prisma: PrismaClient;
  readonly json: RowJson;
  /** What was decided, or came in, before this is old enough. */
  readonly before: Date;
  readonly sizes: RetentionSizes;
}

/** One kind of row that is archived: how those are found that are due, written, and removed again. */
export interface ArchivedKind<Row> {
  /** As people are told. */
  readonly name: string;
  /** What a file's name begins with. */
  readonly fileName: readonly string[];
  /** How many rows will be looked at, about. */
  readonly estimate: number;
  /** The next rows after this one, due or not; none: that was the last. */
  examine(after: Row | null): Promise<Row[]>;
  isDue(row: Row): boolean;
  momentOf(row: Row): Date;
  weigh(row: Row): { readonly events: number; readonly bytes: number };
  linesOf(rows: readonly Row[]): AsyncIterable<string>;
  /** What takes in a file of these rows that is read again. */
  gather(rows: readonly Row[]): Gathering;
}

export interface Gathering extends ArchiveReader {
  /** Removes what the file has, as far as it still is so; returns how many rows. */
  remove(): Promise<number>;
}
