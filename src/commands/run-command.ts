import { readConfig, type Config } from "../config/config.js";
import { DEVELOPMENT_STORE } from "../../simulator/development-store.js";
import { WHOLLY_CANCELLED_STATUS } from "../../simulator/payments.js";
import { PROCESS_LOG, type Log } from "../process/log.js";
import type { Signals } from "../process/signals.js";
import { Releases } from "../process/releases.js";

/** Whether SIGINT or SIGTERM has come: work that may be long ends at its next pause. */
export function watchSignals(signals: Signals): () => boolean {
  let isStopping = false;
  signals.listen((signal) => {
    isStopping = true;
    process.stderr.write(`${signal}: stopping once the rows at hand are stored.\n`);
  });
  return () => isStopping;
}

/** Runs a command with what `open` opens. The exit code is 1 when `work` returns false or throws. */
export async function runCommand<T>(
  open: (config: Config, log: Log, releases: Releases) => Promise<T>,
  work: (opened: T) => Promise<boolean>,
): Promise<void> {
  const releases = new Releases();
  try {
    const config = readConfig(process.env, DEVELOPMENT_STORE, [WHOLLY_CANCELLED_STATUS]);
    const succeeded = await work(await open(config, PROCESS_LOG, releases));
    if (!succeeded) process.exitCode = 1;
  } catch (error) {
    process.stderr.write(`${String(error)}\n`);
    process.exitCode = 1;
  } finally {
    await releases.run((what, error) => PROCESS_LOG.error({ err: error }, `closing ${what} failed`));
  }
}
