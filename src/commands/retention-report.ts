import type { Archived } from "../persistence/retention/archive-rows.js";
import type { Retention } from "../persistence/retention/retain.js";

/** What a run of `npm run retention` tells, a line each. */
export function retentionReport({ before, archived, ...result }: Retention, isDryRun: boolean): string[] {
  const found = archived.filter(({ due }) => due > 0);
  return [
    `Older than ${before.toISOString()}:`,
    ...(found.length === 0 ? ["nothing to be archived."] : found.map(isDryRun ? wouldBe : was)),
    ...found.filter(({ files }) => files.length > 0).flatMap(({ files }) => files),
    ...(found.some(({ moved }) => moved > 0) ? [SPACE] : []),
    ...ending(result),
    ...result.partial.map(
      (path) =>
        `${path} was not finished: what it has is still in the database, or in another file. It can be deleted.`,
    ),
  ];
}

/** Whether all that is old enough has been moved, or, in a dry run, has been looked at. */
export function isAllArchived({ end, archived }: Retention, isDryRun: boolean): boolean {
  return end === "done" && (isDryRun || archived.every(({ due, moved }) => moved === due));
}

function was({ name, due, moved, files, bytes, fileBytes }: Archived): string {
  const left = moved === due ? "" : `, ${due - moved} left, which somebody was writing: run it again`;
  const count = files.length === 1 ? "1 file" : `${files.length} files`;
  return `${name}: ${moved} archived in ${count}, ${bytes} bytes as ${fileBytes}${left}.`;
}

function wouldBe({ name, due, bytes }: Archived): string {
  return `${name}: ${due} would be archived, with ${bytes} bytes that are sealed.`;
}

const SPACE =
  "PostgreSQL has the space for new rows once it has vacuumed; VACUUM FULL, which locks the tables, gives it back to the disk.";

function ending({ end, failure }: Pick<Retention, "end" | "failure">): string[] {
  if (end === "stopped") return ["Stopped before the end. Run it again: it goes on with what is left."];
  if (end === "failed")
    return [`${failure?.message ?? "It failed"}. Nothing of that file was removed from the database.`];
  return [];
}
