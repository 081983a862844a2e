import { readConfig, type Config } from "../config/config.js";
import { openCore, type Core } from "../core.js";
import { DEVELOPMENT_STORE } from "../../simulator/development-store.js";
import { WHOLLY_CANCELLED_STATUS } from "../../simulator/payments.js";
import { PROCESS_LOG, type Log } from "../process/log.js";
import { Releases } from "../process/releases.js";

/** Whether SIGINT or SIGTERM has come: work that may be long ends at its next pause. */
export function watchSignals(): () => boolean {
  let isStopping = false;
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => {
      isStopping = true;
      process.stderr.write(`${signal}: stopping once the rows at hand are stored.\n`);
    });
  return () => isStopping;
}

type Environment = Readonly<Record<string, string | undefined>>;
type Opener<T> = (config: Config, log: Log, releases: Releases) => Promise<T>;

/** Runs a command with everything behind the API. The exit code is 1 when `work` returns false or throws. */
export function runCommand(environment: Environment, work: (core: Core) => Promise<boolean>): Promise<void>;
/** The same with only what `open` opens. */
export function runCommand<T>(
  environment: Environment,
  work: (opened: T) => Promise<boolean>,
  open: Opener<T>,
): Promise<void>;
export async function runCommand(
  environment: Environment,
  work: (core: Core) => Promise<boolean>,
  open: Opener<Core> = openCore,
): Promise<void> {
  const releases = new Releases();
  try {
    const config = readConfig(environment, DEVELOPMENT_STORE, [WHOLLY_CANCELLED_STATUS]);
    const succeeded = await work(await open(config, PROCESS_LOG, releases));
    if (!succeeded) process.exitCode = 1;
  } catch (error) {
    process.stderr.write(`${String(error)}\n`);
    process.exitCode = 1;
  } finally {
    await releases.run((what, error) => PROCESS_LOG.error({ err: error }, `closing ${what} failed`));
  }
}
