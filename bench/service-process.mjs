import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
/** Compiling the sources and opening the database takes two or three. */
const START_TIMEOUT_MS = 20_000;
const FROM_SOURCES = ["--import", "./scripts/register-typescript.mjs", "src/main.ts"];

/** The service in a process of its own, without limits on how often one may ask; as it is built, or with more settings, if so given. */
export async function startServiceProcess(databaseUrl, { program = FROM_SOURCES, environment = {} } = {}) {
  const child = spawn(process.execPath, program, {
    cwd: ROOT,
    env: {
      PATH: process.env.PATH,
      DATABASE_URL: databaseUrl,
      PORT: "0",
      LOG_LEVEL: "error",
      RECONCILE_INTERVAL_MS: "0",
      DATA_ENCRYPTION_KEYS: `bench:${Buffer.alloc(32, 7).toString("base64")}`,
      RATE_LIMIT_QUERY_COST: "1000000000",
      ...environment,
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "close");
  const url = await addressOf(child);
  return {
    url,
    memory: memoryOf(child.pid),
    stop: async () => {
      child.kill("SIGTERM");
      await ended;
    },
  };
}

function addressOf(child) {
  return new Promise((resolve, reject) => {
    const giveUp = (why) => {
      child.kill("SIGKILL");
      reject(new Error(`starting the service: ${why}`));
    };
    const timer = setTimeout(() => giveUp("it took too long"), START_TIMEOUT_MS);
    let written = "";
    child.stdout.on("data", (text) => {
      written += text;
      const url = /Apollo Sandbox: (http:\S+?)\/\s/u.exec(written)?.[1];
      if (url === undefined) return;
      clearTimeout(timer);
      resolve(url);
    });
    child.once("close", (code) => giveUp(`it ended with ${code}`));
  });
}

/** What a process takes of memory, where Linux tells: now, and at most since `reset`. In bytes; null elsewhere. */
function memoryOf(pid) {
  const read = (name) => {
    try {
      const kilobytes = new RegExp(`^${name}:\\s+(\\d+) kB$`, "mu").exec(
        readFileSync(`/proc/${pid}/status`, "utf8"),
      )?.[1];
      return kilobytes === undefined ? null : Number(kilobytes) * 1_024;
    } catch {
      return null;
    }
  };
  return {
    reset() {
      try {
        writeFileSync(`/proc/${pid}/clear_refs`, "5");
      } catch {
        // Elsewhere than on Linux nothing is measured.
      }
    },
    now: () => read("VmRSS"),
    peak: () => read("VmHWM"),
  };
}
