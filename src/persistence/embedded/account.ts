import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, stat } from "node:fs/promises";
import { hasCode, ifPresent } from "./errno.js";
import { EmbeddedPostgresAccountError } from "./errors.js";

export interface Account {
  readonly uid: number;
  readonly gid: number;
}

export interface RunResult {
  readonly ok: boolean;
  /** The program could not be reached or executed by that account. */
  readonly denied: boolean;
  readonly output: string;
}

/** Existing accounts which own nothing of value, best first. None is ever created. */
const ACCOUNT_NAMES = ["postgres", "_postgres", "nobody"];

/** The environment of every PostgreSQL program: nothing of ours, so that no PG* variable redirects it. */
export const POSTGRES_ENVIRONMENT = { LC_ALL: "C", TZ: "UTC" };

/**
 * The account to run PostgreSQL as, since it refuses to run as root; undefined means our own.
 * Existing data are served by their owner, so that work begun as an ordinary user goes on under sudo.
 */
export async function postgresAccount(dataFolder: string): Promise<Account | undefined> {
  if (process.geteuid?.() !== 0) return undefined;
  const owner = await ifPresent(stat(dataFolder));
  if (owner !== undefined && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  const accounts = (await readFile("/etc/passwd", "utf8")).split("\n").map((line) => line.split(":"));
  for (const name of ACCOUNT_NAMES) {
    const [, , uid, gid] = accounts.find(([candidate]) => candidate === name) ?? [];
    if (uid !== undefined && gid !== undefined && Number(uid) !== 0)
      return { uid: Number(uid), gid: Number(gid) };
  }
  throw new EmbeddedPostgresAccountError(
    `PostgreSQL refuses to run as root, and there is no account named ${ACCOUNT_NAMES.join(", ")} to run it as. ` +
      "Start this service as an ordinary user, or set DATABASE_URL.",
  );
}

/** Runs a program to its end. Never rejects for what the program does: a refusal to start is `ok: false`. */
export async function runAs(
  account: Account | undefined,
  file: string,
  args: readonly string[],
): Promise<RunResult> {
  // Our own working directory may be closed to the account, and initdb asks where it is.
  const options = { ...account, cwd: "/", env: POSTGRES_ENVIRONMENT, windowsHide: true };
  try {
    // Node throws some refusals (EPERM: no change of account) and emits others.
    const child = spawn(file, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
    const [code] = (await once(child, "close")) as [number | null];
    return { ok: code === 0, denied: false, output: output.trim() };
  } catch (error) {
    const output = error instanceof Error ? error.message : String(error);
    return { ok: false, denied: hasCode(error, "EACCES", "EPERM"), output };
  }
}

/** Asked of the system rather than read from mode bits, which do not know access control lists. */
export async function canEnter(account: Account, folder: string): Promise<boolean> {
  const result = await runAs(account, "/bin/sh", ["-c", 'test -x "$1"', "sh", folder]);
  // Anyone may run the shell: it is the change of account that was denied, as in a container without that capability.
  if (result.denied) {
    throw new EmbeddedPostgresAccountError(
      `PostgreSQL refuses to run as root, and running it as another account (uid ${String(account.uid)}) was denied: ${result.output}. ` +
        "Start this service as an ordinary user, or set DATABASE_URL.",
    );
  }
  return result.ok;
}
