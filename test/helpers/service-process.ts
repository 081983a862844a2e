import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** The service as a process of its own. */
export interface ServiceProcess {
  readonly pid: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Its lines of log, read. */
  log(): any[];
  /** The first match in its output, now or once it comes; rejects when the process ends without. */
  output(pattern: RegExp): Promise<RegExpExecArray>;
  kill(signal: NodeJS.Signals): void;
  /** The exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
}

export const FROM_SOURCES = ["--import", "./scripts/register-typescript.mjs", "src/main.ts"];

/**
 * Runs src/main.ts, or another program of the project, with this environment and no other; perhaps with so many files at most that it
 * may have open.
 */
export function runService(
  environment: Readonly<Record<string, string>>,
  program: readonly string[] = FROM_SOURCES,
  openFiles: number | null = null,
): ServiceProcess {
  const command = [process.execPath, ...program];
  const limited = ["sh", "-c", `ulimit -n ${openFiles} && exec "$@"`, "sh", ...command];
  const [file = "", ...args] = openFiles === null ? command : limited;
  const child = spawn(file, args, {
    cwd: ROOT,
    env: { PATH: process.env["PATH"], ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const written = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream].setEncoding("utf8").on("data", (text: string) => (written[stream] += text));
  }
  const ended = once(child, "close").then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals);
  return {
    pid: child.pid ?? 0,
    get stdout() {
      return written.stdout;
    },
    get stderr() {
      return written.stderr;
    },
    log: () =>
      written.stdout
        .split("\n")
        .filter((line) => line.startsWith("{") && line.endsWith("}"))
        .map((line) => JSON.parse(line)),
    async output(pattern) {
      for (;;) {
        const found = pattern.exec(written.stdout);
        if (found !== null) return found;
        const news = once(child.stdout, "data").then(() => true);
        if (!(await Promise.race([news, ended.then(() => false)])) && !pattern.test(written.stdout)) {
          throw new Error(
            `the service ended without ${String(pattern)}:\n${written.stdout}${written.stderr}`,
          );
        }
      }
    },
    kill: (signal) => child.kill(signal),
    ended,
  };
}

/** Where it listens. */
export async function urlOf(service: ServiceProcess): Promise<string> {
  return (await service.output(/"msg":"Server listening at (http:[^"]+)"/u))[1] ?? "";
}
