import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ifPresent } from "./errno.js";

export interface Postmaster {
  readonly pid: number;
  readonly ready: boolean;
}

/** Lines of postmaster.pid: https://www.postgresql.org/docs/18/storage-file-layout.html; the state is padded with blanks. */
const PID_LINE = 0;
const STATE_LINE = 7;

/** What PostgreSQL has written about itself into the data folder; undefined when no server has, or it stopped in order. */
export async function readPostmaster(dataFolder: string): Promise<Postmaster | undefined> {
  const text = await ifPresent(readFile(postmasterFile(dataFolder), "utf8"));
  if (text === undefined) return undefined;
  const lines = text.split("\n");
  return { pid: Number(lines[PID_LINE]), ready: lines[STATE_LINE]?.trim() === "ready" };
}

export function postmasterFile(dataFolder: string): string {
  return join(dataFolder, "postmaster.pid");
}
