import { mkdir, open, readdir } from "node:fs/promises";
import { createHash } from "node:crypto";
import { dirname, join, resolve } from "node:path";
import { ArchiveError, inWords } from "./archive-error.js";

export const SUFFIX = ".ndjson.gz";
/** What a file is called besides until all of it is known to be on the disk, and as it should be. */
export const PARTIAL = ".partial";
const LONGEST_PART = 40;

/** Makes the folder where there is none, for this account alone; a name is on the disk when the folder it stands in is. */
export async function prepareFolder(folder: string): Promise<void> {
  await onDisk(folder, async () => {
    const path = resolve(folder);
    const first = await mkdir(path, { recursive: true, mode: 0o700 });
    if (first === undefined) return;
    const above = dirname(resolve(first));
    for (let made = path; ; made = dirname(made)) {
      await syncFolder(made);
      if (made === above) return;
    }
  });
}

export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Files that a run has not come to finish. What they have is still in the database, or in another file. */
export async function partialFiles(folder: string): Promise<string[]> {
  const names = await onDisk(folder, () => readdir(folder));
  return names
    .filter((name) => name.endsWith(SUFFIX + PARTIAL))
    .sort()
    .map((name) => join(folder, name));
}

/** The name of a file, as far as it tells what is in it. */
export function fileName(what: readonly string[], first: Date, last: Date): string {
  return [...what.map(fileNamePart), compact(first), compact(last)].join("-");
}

/** A store's id may be anything: as a part of a name it leads to no other folder, and no two stores share one. */
function fileNamePart(text: string): string {
  const safe = text.replace(/[^A-Za-z0-9_-]/gu, "_").slice(0, LONGEST_PART);
  if (safe === text) return safe;
  return `${safe}_${createHash("sha256").update(text, "utf8").digest("hex").slice(0, 8)}`;
}

function compact(moment: Date): string {
  return moment.toISOString().replace(/[-:]|\.\d+/gu, "");
}

/** @throws ArchiveError in place of what the operating system says. */
export async function onDisk<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw new ArchiveError(`writing ${path}: ${inWords(cause)}`, { cause });
  }
}
