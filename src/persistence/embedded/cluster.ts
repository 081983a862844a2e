import { randomBytes } from "node:crypto";
import { chown, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runAs } from "./account.js";
import { ifPresent } from "./errno.js";
import {
  EmbeddedPostgresFolderError,
  EmbeddedPostgresServerError,
  EmbeddedPostgresVersionError,
} from "./errors.js";
import type { Home } from "./home.js";
import type { Programs } from "./programs.js";

export const SUPERUSER = "postgres";
const PASSWORD_BYTES = 24;

/** Makes the cluster on first use; returns the password of its superuser. */
export async function prepareCluster(home: Home, programs: Programs, durable: boolean): Promise<string> {
  const passwordFile = join(home.folder, "postgres.password");
  const known = (await ifPresent(readFile(passwordFile, "utf8")))?.trim();
  const version = (await ifPresent(readFile(join(home.dataFolder, "PG_VERSION"), "utf8")))?.trim();

  if (version === undefined) {
    const password = known ?? randomBytes(PASSWORD_BYTES).toString("base64url");
    await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
    // initdb reads it as that account, which may read everything in the database anyway.
    if (home.account !== undefined) await chown(passwordFile, home.account.uid, home.account.gid);
    await initialise(home, programs, passwordFile, durable);
    return password;
  }
  if (version !== programs.majorVersion) {
    throw new EmbeddedPostgresVersionError(home.dataFolder, version, programs.majorVersion);
  }
  if (known === undefined) {
    throw new EmbeddedPostgresFolderError(
      `The database in ${home.folder} has lost its password: put ${passwordFile} back, or set DATA_DIR to another folder.`,
    );
  }
  return known;
}

async function initialise(
  home: Home,
  programs: Programs,
  passwordFile: string,
  durable: boolean,
): Promise<void> {
  // Made aside and moved into place: a start which is killed half-way leaves nothing that looks like a cluster.
  const aside = `${home.dataFolder}.new`;
  await rm(aside, { recursive: true, force: true });
  await mkdir(aside, { mode: 0o700 });
  if (home.account !== undefined) await chown(aside, home.account.uid, home.account.gid);
  const result = await runAs(home.account, programs.initdb, [
    `--pgdata=${aside}`,
    `--username=${SUPERUSER}`,
    `--pwfile=${passwordFile}`,
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C",
    // Sorts by code point on every machine: an index never depends on a system library's version.
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--no-instructions",
    ...(durable ? [] : ["--no-sync"]),
  ]);
  if (!result.ok) {
    throw new EmbeddedPostgresServerError(
      `The database could not be made in ${home.folder}: ${result.output}`,
    );
  }
  await rename(aside, home.dataFolder);
}
