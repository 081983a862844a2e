import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { readdirSync, statSync } from "node:fs";
import { createServer } from "node:net";
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

/**
 * The arguments of Node that run a program of the project, such as "main". Compiled, it starts several times as fast;
 * a build that is older than the sources is not used.
 */
export function program(name: string): string[] {
  return isBuilt()
    ? [`dist/src/${name}.js`]
    : ["--import", "./scripts/register-typescript.mjs", `src/${name}.ts`];
}

/** The same for one of the commands that a person runs, such as "token". */
export function command(name: string): string[] {
  return [...program("main"), name];
}

let built: boolean | undefined;

function isBuilt(): boolean {
  built ??= newest("dist", ".tsbuildinfo") >= Math.max(newest("src", ".ts"), newest("simulator", ".ts"));
  return built;
}

/** When a file of the folder was last written. Generated files are written anew by each build. */
function newest(folder: string, ending: string): number {
  const options = { recursive: true, withFileTypes: true } as const;
  try {
    const files = readdirSync(`${ROOT}${folder}`, options).filter(
      ({ name, parentPath }) => name.endsWith(ending) && !parentPath.includes("/generated"),
    );
    return Math.max(0, ...files.map(({ parentPath, name }) => statSync(`${parentPath}/${name}`).mtimeMs));
  } catch {
    return 0;
  }
}

/**
 * Runs the service, or Node with other arguments, with this environment and no other; perhaps with so many files at most that it
 * may have open.
 */
export function runService(
  environment: Readonly<Record<string, string>>,
  args: readonly string[] = program("main"),
  openFiles: number | null = null,
): ServiceProcess {
  // A process that lives for seconds does not gain what optimising its code costs: a quarter of its CPU.
  const command = [process.execPath, "--liftoff-only", "--no-opt", ...args];
  const limited = ["sh", "-c", `ulimit -n ${openFiles} && exec "$@"`, "sh", ...command];
  const [file = "", ...rest] = openFiles === null ? command : limited;
  const child = spawn(file, rest, {
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

/**
 * A port that nobody listens on. It is below those that the system hands out by itself, so that no other test is given it before
 * whoever asked for it listens.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(10_000, 30_000);
    const probe = createServer().listen(port, "127.0.0.1");
    const isFree = await once(probe, "listening").then(
      () => true,
      () => false,
    );
    probe.close();
    if (isFree) return port;
  }
}
