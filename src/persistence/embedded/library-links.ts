import { copyFile, lstat, readFile, symlink } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { platform } from "node:process";
import { hasCode, ifPresent } from "./errno.js";

interface LibraryLink {
  readonly source: string;
  readonly target: string;
}

/**
 * Makes the library links which a package archive cannot carry (libpq.so.5 -> libpq.so.5.18). The package would make them in
 * an install script; those are off here, and without them the loader finds no library or, worse, the system's older one.
 * Returns false when the folder is not ours to write to.
 */
export async function makeLibraryLinks(native: string): Promise<boolean> {
  const list = await ifPresent(readFile(join(native, "pg-symlinks.json"), "utf8"));
  // No list: this platform's archive has no links to carry.
  for (const { source, target } of list === undefined ? [] : (JSON.parse(list) as LibraryLink[])) {
    // The list counts from the folder above, by its original name; a copy has another.
    const within = (path: string): string => join(native, relative("native", path));
    if (!(await makeLink(within(source), within(target)))) return false;
  }
  return true;
}

async function makeLink(source: string, target: string): Promise<boolean> {
  if ((await ifPresent(lstat(target))) !== undefined) return true;
  try {
    // Windows lets only privileged accounts make links.
    if (platform === "win32") await copyFile(source, target);
    else await symlink(relative(dirname(target), source), target);
    return true;
  } catch (error) {
    // EEXIST: another process was quicker.
    if (hasCode(error, "EEXIST")) return true;
    if (hasCode(error, "EACCES", "EPERM", "EROFS")) return false;
    throw error;
  }
}
