import { fork, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { clearTimeout, setTimeout } from "node:timers";

const START_TIMEOUT_MS = 30_000;
/** A service finishes what is in flight, of which there is nothing; and waits for connections that are closed already. */
const STOP_TIMEOUT_MS = 15_000;

/**
 * Starts a program of Node that serves, and waits until it says where: `says` finds the address in what it writes. What it writes is read
 * all the time, as a log collector would.
 */
export async function startProgram({ name, args, env, cwd, says }, interrupted) {
  interrupted.throwIfAborted();
  const child = spawn(process.execPath, args, {
    cwd,
    env: { PATH: process.env.PATH, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = once(child, "close");
  let written = "";
  const keep = (chunk) => (written += chunk);
  for (const stream of [child.stdout, child.stderr]) stream.on("data", keep);
  child.stderr.on("data", (chunk) => process.stderr.write(`${name}: ${chunk}`));

  async function stop() {
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
    child.kill("SIGTERM");
    await ended;
    clearTimeout(timer);
  }

  try {
    const url = await address();
    // Read on all the same, as a log collector would.
    child.stdout.off("data", keep).resume();
    child.stderr.off("data", keep);
    return {
      name,
      url,
      cpu: () => cpuOf(child.pid),
      memory: () => memoryOf(child.pid),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }

  async function address() {
    const timer = setTimeout(() => child.kill("SIGKILL"), START_TIMEOUT_MS);
    const giveUp = () => child.kill("SIGTERM");
    interrupted.addEventListener("abort", giveUp, { once: true });
    try {
      for (;;) {
        const found = says.exec(written)?.[1];
        if (found !== undefined) return found;
        await Promise.race([once(child.stdout, "data"), ended]);
        if (child.exitCode === null && child.signalCode === null) continue;
        interrupted.throwIfAborted();
        throw new Error(`starting ${name}: it ended with ${child.exitCode ?? child.signalCode}\n${written}`);
      }
    } finally {
      clearTimeout(timer);
      interrupted.removeEventListener("abort", giveUp);
    }
  }
}

/** In a forked process: answers what its parent asks for, and ends with it. */
export function serveParent(handlers) {
  // Ctrl-C in a terminal reaches every process of it: the parent says when this one is not needed any more.
  for (const name of ["SIGINT", "SIGTERM"]) process.on(name, () => undefined);
  process.on("disconnect", () => process.exit());
  process.on("message", ({ id, what, details }) => {
    Promise.resolve()
      .then(() => handlers[what](details))
      .then(
        (result) => process.send({ id, result }),
        (error) => process.send({ id, error: error.message }),
      );
  });
}

/** A module of this project in a process of its own. `ask` rejects when it ends, or when everything is interrupted. */
export function forkChild(url, interrupted) {
  interrupted.throwIfAborted();
  const child = fork(url, { stdio: ["ignore", "inherit", "inherit", "ipc"], execArgv: [] });
  const ended = once(child, "exit");
  const waiting = new Map();
  let asked = 0;

  child.on("message", ({ id, result, error }) => {
    const { resolve, reject } = waiting.get(id) ?? {};
    waiting.delete(id);
    if (error === undefined) resolve?.(result);
    else reject?.(new Error(error));
  });
  const giveUp = (reason) => {
    for (const { reject } of waiting.values()) reject(reason);
    waiting.clear();
  };
  child.once("exit", () => giveUp(new Error(`${new URL(url).pathname.split("/").at(-1)} has ended`)));
  interrupted.addEventListener("abort", () => giveUp(interrupted.reason));

  return {
    ask(what, details) {
      interrupted.throwIfAborted();
      asked += 1;
      const id = asked;
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        if (child.connected) child.send({ id, what, details });
        else reject(new Error(`${what}: the process has ended`));
      });
    },
    cpu: () => cpuOf(child.pid),
    async stop() {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}

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
