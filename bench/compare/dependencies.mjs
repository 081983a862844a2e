import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const LARGEST = 10;

/**
 * What `npm prune --omit=dev --omit=optional` leaves, as the lock file says it; in bytes of files, as they lie in node_modules now. Null
 * for a package that should be there and is not.
 */
export async function sizeOfDependencies() {
  const { packages } = JSON.parse(await readFile(join(ROOT, "package-lock.json"), "utf8"));
  const needed = Object.entries(packages).filter(
    ([path, { dev, optional, devOptional }]) => path !== "" && !dev && !optional && !devOptional,
  );
  const sizes = [];
  const missing = [];
  for (const [path] of needed) {
    const bytes = await sizeOf(join(ROOT, path)).catch(() => null);
    const name = path.replace(/^node_modules\//u, "");
    if (bytes === null) missing.push(name);
    else sizes.push({ name, bytes });
  }
  sizes.sort((one, other) => other.bytes - one.bytes);
  return {
    packages: needed.length,
    bytes: sizes.reduce((sum, { bytes }) => sum + bytes, 0),
    largest: sizes.slice(0, LARGEST),
    missing,
  };
}

/** Without the packages inside it, which the lock file lists as well. */
async function sizeOf(folder) {
  let bytes = 0;
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) bytes += entry.name === "node_modules" ? 0 : await sizeOf(path);
    else if (entry.isFile()) bytes += (await stat(path)).size;
  }
  return bytes;
}
