import { ArchiveError } from "./archive-error.js";
import { ArchivedCancellations, type CancellationLine } from "./archive-lines.js";
import type { ArchivedKind, Gathering, KindParts } from "./archived-kind.js";
import { cancellationLines } from "./cancellation-lines.js";
import { examineStatement, removeStatement, type ExaminedCancellation } from "./cancellation-statements.js";
import { removeInSlices } from "./remove-in-slices.js";

/** The cancellations of one store. */
export function cancellationsOf(
  { prisma, json, before, sizes }: KindParts,
  storeId: string,
  estimate: number,
): ArchivedKind<ExaminedCancellation> {
  return {
    name: `cancellations of ${storeId}`,
    fileName: ["cancellations", storeId],
    estimate,
    examine: (after) => prisma.$queryRaw(examineStatement(storeId, before, after, sizes.page)),
    isDue: (row) => row.is_due,
    momentOf: (row) => row.resolved_at,
    weigh: (row) => row,
    linesOf: (rows) => cancellationLines({ prisma, json, size: sizes.batch }, storeId, rows),
    gather,
  };

  function gather(rows: readonly ExaminedCancellation[]): Gathering {
    const archived = new ArchivedCancellations();
    return {
      line: (line) => archived.add(line as CancellationLine),
      end: () => assertAll(rows, archived),
      remove: () =>
        removeInSlices({ prisma, sizes }, archived.all, (slice) => removeStatement(storeId, slice)),
    };
  }

  function assertAll(rows: readonly ExaminedCancellation[], { all }: ArchivedCancellations): void {
    const isSame =
      all.length === rows.length &&
      all.every(({ row }, n) => row.id === rows[n]?.id && row.store_id === storeId);
    if (!isSame)
      throw new ArchiveError(`a file of ${rows.length} cancellations of ${storeId} does not have them all`);
  }
}
