import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { platform } from "node:process";
import { promisify } from "node:util";
import { hasCode } from "./errno.js";

/** Position of the start time in /proc/<pid>/stat, counted from the state, which is the first field after the name. */
const START_TIME_FIELD = 19;

/**
 * What tells a running process from a later one with the same id (ids are used again, and in a container the
 * first process is always 1). Undefined when no such process runs; a zombie does not run.
 */
export async function processIdentity(pid: number): Promise<string | undefined> {
  if (platform === "win32") return isAlive(pid) ? "running" : undefined;
  if (platform !== "linux") return ps(pid, "lstart=");
  const stat = await procFile(pid, "stat");
  if (stat === undefined) return undefined;
  // The name in parentheses may itself hold blanks and parentheses.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (fields[0] === "Z" || fields[0] === "X") return undefined;
  const boot = await readFile("/proc/sys/kernel/random/boot_id", "utf8");
  return `${boot.trim()}:${fields[START_TIME_FIELD] ?? ""}`;
}

/** Whether `pid` is a PostgreSQL server started by us on this data folder. */
export async function isPostgresOf(pid: number, dataFolder: string): Promise<boolean> {
  if (platform === "win32") return isAlive(pid);
  if (platform !== "linux") {
    const command = await ps(pid, "command=");
    return command?.includes(`postgres -D ${dataFolder} `) ?? false;
  }
  const words = (await procFile(pid, "cmdline"))?.split("\0") ?? [];
  const program = words[0] ?? "";
  return /(^|\/)postgres$/.test(program) && words[words.indexOf("-D") + 1] === dataFolder;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    if (hasCode(error, "ESRCH")) return false;
    if (hasCode(error, "EPERM")) return true;
    throw error;
  }
}

async function procFile(pid: number, name: string): Promise<string | undefined> {
  try {
    return await readFile(`/proc/${String(pid)}/${name}`, "utf8");
  } catch (error) {
    // ESRCH: the process ended between open and read.
    if (hasCode(error, "ENOENT", "ESRCH")) return undefined;
    throw error;
  }
}

async function ps(pid: number, column: string): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)("ps", ["-ww", "-o", column, "-p", String(pid)]);
    return stdout.trim();
  } catch (error) {
    // ps answers 1 when there is no such process; anything else is a fault of ours.
    if (typeof error === "object" && error !== null && "code" in error && error.code === 1) return undefined;
    throw error;
  }
}
