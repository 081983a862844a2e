/** What the process logs while it runs: Fastify's logger is one. */
export interface Log {
  debug(message: string): void;
  info(message: string): void;
  info(details: object, message: string): void;
  warn(message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}

/** For a command that a person runs and waits for: warnings and errors only, a line each. */
export const PROCESS_LOG: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: writeLine,
  error: writeLine,
};

function writeLine(...words: readonly (string | object)[]): void {
  process.stderr.write(`${words.map(textOf).join(" ")}\n`);
}

function textOf(word: string | object): string {
  if (typeof word === "string") return word;
  return JSON.stringify(word, (_key, value: unknown) => (value instanceof Error ? value.message : value));
}
