import { readConfig } from "./config.js";
import { openCore } from "./core.js";
import { DEVELOPMENT_STORE } from "./ebp/simulator/development-store.js";
import { WHOLLY_CANCELLED_STATUS } from "./ebp/simulator/payment.js";
import type { Log } from "./log.js";
import { Releases } from "./releases.js";

/** A person reads it: one line each, faults with their reason. */
const log: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: (...words: unknown[]) => process.stderr.write(`${words.map(inWords).join(" ")}\n`),
  error: (...words: unknown[]) => process.stderr.write(`${words.map(inWords).join(" ")}\n`),
};

function inWords(word: unknown): string {
  return typeof word === "string"
    ? word
    : JSON.stringify(word, (_key, value: unknown) => (value instanceof Error ? value.message : value));
}

const releases = new Releases();
try {
  const config = readConfig(process.env, DEVELOPMENT_STORE, [WHOLLY_CANCELLED_STATUS]);
  const core = await openCore(config, log, releases);
  const counts = await core.reconcile();
  for (const [what, count] of Object.entries(counts)) process.stdout.write(`${what} ${count}\n`);
  if (counts.failed > 0) process.exitCode = 1;
} catch (error) {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
} finally {
  await releases.run((what, error) => log.error({ err: error }, `closing ${what} failed`));
}
