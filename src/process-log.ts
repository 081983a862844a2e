import type { Log } from "./log.js";

/** For a process that a person runs and waits for: what is wrong, one line each. */
export const PROCESS_LOG: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: tell,
  error: tell,
};

function tell(...words: readonly (string | object)[]): void {
  process.stderr.write(`${words.map(inWords).join(" ")}\n`);
}

function inWords(word: string | object): string {
  if (typeof word === "string") return word;
  return JSON.stringify(word, (_key, value: unknown) => (value instanceof Error ? value.message : value));
}
