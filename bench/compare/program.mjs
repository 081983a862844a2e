import { spawn } from "node:child_process";
import { once } from "node:events";
import { clearTimeout, setTimeout } from "node:timers";
import { cpuOf, memoryOf } from "./meters.mjs";

const START_TIMEOUT_MS = 30_000;
/** A service finishes what is in flight, of which there is nothing; and waits for connections that are closed already. */
const STOP_TIMEOUT_MS = 15_000;

/**
 * Starts a program of Node that serves, and waits until it says where: `says` finds the address in what it writes. What it writes is read
 * all the time, as a log collector would.
 */
export async function startProgram({ name, args, env, cwd, says }, interrupted) {
  interrupted.throwIfAborted();
  const spawnedAt = performance.now();
  const child = spawn(process.execPath, args, {
    cwd,
    env: { PATH: process.env.PATH, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = once(child, "close");
  let [written, bytes] = ["", 0];
  const keep = (chunk) => (written += chunk);
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", keep).on("data", (chunk) => (bytes += chunk.length));
  child.stderr.on("data", (chunk) => process.stderr.write(`${name}: ${chunk}`));

  async function stop() {
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
    child.kill("SIGTERM");
    await ended;
    clearTimeout(timer);
  }

  try {
    const url = await address();
    child.stdout.off("data", keep);
    child.stderr.off("data", keep);
    return {
      name,
      url,
      pid: child.pid,
      spawnedAt,
      cpu: () => cpuOf(child.pid),
      memory: () => memoryOf(child.pid),
      logged: () => bytes,
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
