import { randomUUID } from "node:crypto";
import { constants, copyFile, link, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { hasCode, ifPresent } from "./errno.js";
import { EmbeddedPostgresInUseError } from "./errors.js";
import { processIdentity } from "./processes.js";

const CLAIM_NAME = /^owner\.(\d+)\.lock$/;
const RELEASED = "released\n";

/**
 * Makes this process the owner of the folder until the returned function is called, or refuses because a live process is.
 *
 * Claims are numbered. One is made only above a claim that was released or whose process is gone (told by id and start time,
 * so that a killed process never blocks), each number can be made once, and the highest number owns the folder. None is ever
 * taken away from its holder: deciding that a claim is stale and removing it cannot be one step, and between the two it may be another's.
 */
export async function takeOwnership(folder: string): Promise<() => Promise<void>> {
  const claim = `${String(process.pid)}\n${(await processIdentity(process.pid)) ?? ""}\n`;
  for (;;) {
    const last = highest(await claims(folder));
    if (last > 0) await refuseIfHeld(folder, last);
    const mine = last + 1;
    if (!(await made(folder, mine, claim))) continue;
    const now = await claims(folder);
    // A later claim was made and this number cleared away while we were looking.
    if (highest(now) !== mine) {
      await rm(fileOf(folder, mine), { force: true });
      continue;
    }
    await Promise.all(
      now.filter((number) => number < mine).map((number) => rm(fileOf(folder, number), { force: true })),
    );
    // Marked, not removed: the numbers must only ever rise.
    return () => replace(fileOf(folder, mine), RELEASED);
  }
}

async function refuseIfHeld(folder: string, number: number): Promise<void> {
  const claim = await ifPresent(readFile(fileOf(folder, number), "utf8"));
  if (claim === undefined || claim === RELEASED) return;
  const [pid, identity] = claim.split("\n");
  const running = await processIdentity(Number(pid));
  if (running !== undefined && running === identity)
    throw new EmbeddedPostgresInUseError(folder, Number(pid));
}

/** Whether the claim was made; false when the number is taken. Appears with its content, so that nobody reads half a claim. */
async function made(folder: string, number: number, claim: string): Promise<boolean> {
  const file = fileOf(folder, number);
  const candidate = `${file}.${randomUUID()}`;
  await writeFile(candidate, claim);
  try {
    await link(candidate, file).catch((error: unknown) => {
      // Some file systems know no hard links.
      if (!hasCode(error, "EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS")) throw error;
      return copyFile(candidate, file, constants.COPYFILE_EXCL);
    });
    return true;
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    throw error;
  } finally {
    await rm(candidate, { force: true });
  }
}

async function replace(file: string, content: string): Promise<void> {
  const candidate = `${file}.${randomUUID()}`;
  await writeFile(candidate, content);
  await rename(candidate, file);
}

async function claims(folder: string): Promise<number[]> {
  const names = await readdir(folder);
  return names.flatMap((name) => CLAIM_NAME.exec(name)?.[1] ?? []).map(Number);
}

function highest(numbers: readonly number[]): number {
  return Math.max(0, ...numbers);
}

function fileOf(folder: string, number: number): string {
  return join(folder, `owner.${String(number)}.lock`);
}
