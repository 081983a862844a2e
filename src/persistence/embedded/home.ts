import { createHash } from "node:crypto";
import { access, chmod, constants, mkdir, readFile, realpath, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { canEnter, postgresAccount, type Account } from "./account.js";
import { hasCode, ifPresent } from "./errno.js";
import { EmbeddedPostgresFolderError } from "./errors.js";

/** Where PostgreSQL's files are, and which account may run it there (undefined: our own). */
export interface Home {
  readonly folder: string;
  readonly dataFolder: string;
  readonly account: Account | undefined;
}

/** Root's own place, open to every account: for what root keeps in folders which PostgreSQL's account cannot enter. */
const SYSTEM_FOLDER = "/var/lib/ebp-cancel-facade";
/** Entering is enough for PostgreSQL's account; what lies inside is closed by its own mode. */
const OPEN_TO_ENTER = 0o711;
const PRIVATE = 0o700;
/** Written once in the data folder: later starts must find the same history, whatever has become of the modes since. */
const LOCATION_FILE = "postgres.location";

/** Finds, or makes, the folder which holds the cluster of `dataDir`: `dataDir` itself wherever possible. */
export async function findHome(dataDir: string, log: (message: string) => void): Promise<Home> {
  const wanted = await ownFolder(resolve(dataDir));
  const location = await ifPresent(readFile(join(wanted, LOCATION_FILE), "utf8"));
  const home = await homeIn(location?.trim() ?? wanted);
  if (home.account === undefined) {
    await refuseForeignData(home.dataFolder);
    return home;
  }
  if (await canEnter(home.account, home.folder)) return home;
  if (location !== undefined || (await ifPresent(access(home.dataFolder).then(() => true))) === true) {
    throw new EmbeddedPostgresFolderError(
      `The database in ${home.folder} cannot be reached by the account it runs as (uid ${String(home.account.uid)}): ` +
        "let that account enter the folders above it (chmod o+x), or set DATA_DIR to another folder.",
    );
  }
  const elsewhere = join(SYSTEM_FOLDER, createHash("sha256").update(wanted).digest("hex").slice(0, 16));
  await openSystemFolder();
  await mkdir(elsewhere, { recursive: true });
  await chmod(elsewhere, OPEN_TO_ENTER);
  await writeFile(join(wanted, LOCATION_FILE), `${elsewhere}\n`);
  log(
    `keeping the database of ${wanted} in ${elsewhere}: as root, PostgreSQL runs as an account which cannot enter the first`,
  );
  return homeIn(elsewhere);
}

/** Modes are set rather than asked for: root's umask may close everything it makes. */
export async function openSystemFolder(): Promise<string> {
  await mkdir(SYSTEM_FOLDER, { recursive: true });
  await chmod(SYSTEM_FOLDER, OPEN_TO_ENTER);
  return SYSTEM_FOLDER;
}

async function homeIn(folder: string): Promise<Home> {
  const dataFolder = join(folder, "postgres");
  return { folder, dataFolder, account: await postgresAccount(dataFolder) };
}

async function ownFolder(folder: string): Promise<string> {
  try {
    const created = await mkdir(folder, { recursive: true });
    if (created !== undefined) await chmod(folder, process.geteuid?.() === 0 ? OPEN_TO_ENTER : PRIVATE);
    await access(folder, constants.W_OK | constants.X_OK);
    return await realpath(folder);
  } catch (cause) {
    throw new EmbeddedPostgresFolderError(
      `The database cannot be kept in ${folder}: the folder cannot be made or written to. Set DATA_DIR to another folder, or set DATABASE_URL.`,
      { cause },
    );
  }
}

async function refuseForeignData(dataFolder: string): Promise<void> {
  try {
    await ifPresent(access(dataFolder, constants.R_OK | constants.W_OK | constants.X_OK));
  } catch (cause) {
    if (!hasCode(cause, "EACCES", "EPERM")) throw cause;
    throw new EmbeddedPostgresFolderError(
      `The database in ${dataFolder} belongs to another account (was this service started as root before?). ` +
        "Start it as that account again, or set DATA_DIR to another folder.",
      { cause },
    );
  }
}
