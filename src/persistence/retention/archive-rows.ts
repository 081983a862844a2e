import { fileName } from "./archive-folder.js";
import type { ArchivedKind } from "./archived-kind.js";
import { portions, type RetentionSizes } from "./sizes.js";
import { writeArchive } from "./write-archive.js";

/** What has become of one kind of rows. */
export interface Archived {
  readonly name: string;
  /** Those that were due. */
  due: number;
  /** Of those, the ones that were moved. Of the others, somebody was writing them, or has written them since they were read. */
  moved: number;
  readonly files: string[];
  /** Of the lines in those files, and of the files. */
  bytes: number;
  fileBytes: number;
}

export interface ArchiveRowsParts {
  /** Null: nothing is written and nothing removed; what would be is counted. */
  readonly folder: string | null;
  readonly sizes: RetentionSizes;
  readonly onPage: (what: string, seen: number, total: number) => void;
  /** Asked before each file. */
  readonly isStopping: () => boolean;
}

/** Goes once through rows of a kind; what is due of them is written to files, and removed once it is there for good. */
export async function archiveRows<Row>(
  parts: ArchiveRowsParts,
  kind: ArchivedKind<Row>,
  done: Archived,
): Promise<void> {
  let due: Row[] = [];
  let seen = 0;
  for (let last: Row | null = null; !parts.isStopping();) {
    const page: Row[] = await kind.examine(last);
    last = page.at(-1) ?? null;
    due.push(...page.filter((row) => kind.isDue(row)));
    const files = [...portions(due, parts.sizes.file, (row) => kind.weigh(row))];
    // What does not fill a file waits for the rows of the next page.
    due = last === null ? [] : (files.pop() ?? []);
    for (const rows of files) {
      if (parts.isStopping()) return;
      await archiveFile(parts, kind, rows, done);
    }
    if (last === null) return;
    seen += page.length;
    parts.onPage(kind.name, seen, Math.max(seen, kind.estimate));
  }
}

async function archiveFile<Row>(
  { folder }: ArchiveRowsParts,
  kind: ArchivedKind<Row>,
  rows: readonly Row[],
  done: Archived,
): Promise<void> {
  done.due += rows.length;
  if (folder === null) {
    done.bytes += rows.reduce((sum, row) => sum + kind.weigh(row).bytes, 0);
    return;
  }
  const moments = rows.map((row) => kind.momentOf(row).getTime()).sort((a, b) => a - b);
  const name = fileName(kind.fileName, new Date(moments[0] ?? 0), new Date(moments.at(-1) ?? 0));
  const gathering = kind.gather(rows);
  const { path, bytes, fileBytes } = await writeArchive(folder, name, kind.linesOf(rows), gathering);
  done.files.push(path);
  done.bytes += bytes;
  done.fileBytes += fileBytes;
  done.moved += await gathering.remove();
}
