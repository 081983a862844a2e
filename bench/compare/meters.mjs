import { readdirSync, readFileSync } from "node:fs";

/** What Linux counts CPU time in for programs, whatever its own clock. */
const MICROSECONDS_A_TICK = 10_000;
const PARENT = 1;
const [OWN, OF_CHILDREN] = [
  [11, 12],
  [13, 14],
];

/** Whether this system tells how long its processes have computed. */
export const HAS_PROC = statOf(process.pid) !== null;

/** The CPU time of a process so far, in microseconds; null where nobody tells. */
export function cpuOf(pid) {
  return sum(statOf(pid), OWN);
}

/** Of a server that has a process for each connection: its own, that of its children, and that of those which have ended. */
export function cpuOfServer(pid) {
  const own = sum(statOf(pid), [...OWN, ...OF_CHILDREN]);
  return own === null ? null : childrenOf(pid).reduce((all, child) => all + (cpuOf(child) ?? 0), own);
}

export function parentOf(pid) {
  const parent = statOf(pid)?.[PARENT];
  return parent === undefined ? null : Number(parent);
}

/** In bytes; null where nobody tells. */
export function memoryOf(pid) {
  try {
    const found = /^VmRSS:\s+(\d+) kB$/mu.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
    return found === null ? null : Number(found[1]) * 1_024;
  } catch {
    return null;
  }
}

function childrenOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
  } catch {
    // Not every kernel lists them.
    const all = readdirSync("/proc").filter((name) => /^\d+$/u.test(name));
    return all.map(Number).filter((other) => parentOf(other) === pid);
  }
}

/** The fields after the name, which may itself hold blanks and parentheses. */
function statOf(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return null;
  }
}

function sum(fields, positions) {
  if (fields === null) return null;
  return positions.flat().reduce((all, at) => all + Number(fields[at]), 0) * MICROSECONDS_A_TICK;
}
