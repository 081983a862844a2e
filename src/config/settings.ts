import { isUtf8 } from "node:buffer";
import { readFileSync } from "node:fs";
import { closest } from "fastest-levenshtein";

/** Each can be read from a file instead: append _FILE to the name and give the path. */
export const SECRET_VARIABLES: readonly string[] = [
  "DATABASE_URL",
  "EBP_ACCESS_KEY",
  "EBP_HASH_KEY",
  "EBP_WEBHOOK_SECRET",
  "AUTH_PUBLIC_KEY",
  "DATA_ENCRYPTION_KEYS",
];

export class ConfigurationError extends Error {
  override readonly name = "ConfigurationError";

  constructor(readonly faults: readonly string[]) {
    super(`The configuration cannot be used:\n${faults.map((fault) => `  - ${fault}`).join("\n")}`);
  }
}

/** What a whole number is unless it is set, and its bounds. */
interface Whole {
  readonly fallback: number;
  readonly least: number;
  readonly most: number;
}

/** Variables that begin so are meant for this service, and misspelled if it does not know them. */
const PREFIXES =
  /^(?:EBP|AUTH|CORS|DATA|DATABASE|GRAPHQL|MAX_EVENT_LOOP|METRICS|PERSISTED|RATE_LIMIT|RECONCILE|RECOVERY|SHUTDOWN)_/u;

/** A variable that is set and not known, and the known one whose name is most like it. */
export interface UnknownVariable {
  readonly name: string;
  readonly nearest: string;
}

/** Reads environment variables and collects every fault, to report them together. Never quotes a secret. */
export class Settings {
  readonly #faults: string[] = [];
  /** Each file is read once: it may be a pipe. */
  readonly #fromFiles = new Map<string, string>();
  /** Secrets whose file is at fault. Their values are unknown, so further faults of theirs are not reported. */
  readonly #unread = new Set<string>();
  readonly #known = new Set<string>();

  constructor(private readonly environment: Readonly<Record<string, string | undefined>>) {}

  /**
   * An empty or blank variable counts as not set: that is what `VAR=` in a compose file means. A secret may come from its file;
   * it is empty when that file is at fault.
   */
  value(name: string): string | undefined {
    const value = this.#variable(name);
    const path = isSecret(name) ? this.#variable(`${name}_FILE`) : undefined;
    return path === undefined ? value : this.#secretFrom(name, value, path);
  }

  required(name: string, expected: string): string | undefined {
    const value = this.value(name);
    if (value === undefined) this.fault(name, expected, "nothing");
    return value;
  }

  integer(name: string, { fallback, least, most }: Whole): number {
    const text = this.value(name);
    if (text === undefined) return fallback;
    const value = /^\d+$/u.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    this.fault(name, `a whole number from ${least} to ${most}`, JSON.stringify(text));
    return fallback;
  }

  choice<const T extends string>(name: string, choices: readonly T[], fallback: NoInfer<T>): T {
    const text = this.value(name);
    const chosen = choices.find((choice) => choice === text);
    if (text !== undefined && chosen === undefined) {
      this.fault(name, `one of ${choices.join(", ")}`, JSON.stringify(text));
    }
    return chosen ?? fallback;
  }

  /** A list of upper-case words, separated by commas. */
  words(name: string, fallback: readonly string[]): readonly string[] {
    const text = this.value(name);
    if (text === undefined) return fallback;
    const words = text.split(",").map((word) => word.trim());
    if (words.every((word) => /^[A-Z][A-Z0-9_]*$/u.test(word))) return words;
    this.fault(name, "words such as APPROVED,CAPTURED", JSON.stringify(text));
    return fallback;
  }

  url(name: string, text: string): URL | undefined {
    if (URL.canParse(text) && /^https?:$/u.test(new URL(text).protocol)) return new URL(text);
    // Not quoted: a URL may carry a password.
    this.fault(name, "an http or https URL", "something else");
    return undefined;
  }

  refuseBeside(name: string, others: readonly string[]): void {
    const variables = others.flatMap((other) => (isSecret(other) ? [other, `${other}_FILE`] : [other]));
    for (const other of variables.filter((variable) => this.#variable(variable) !== undefined)) {
      this.fault(other, `nothing beside ${name}: the file says it for each store`, "a value");
    }
  }

  fault(name: string, expected: string, found: string): void {
    if (this.#unread.has(name.split(" ")[0] ?? name)) return;
    const fault = `${name}: expected ${expected}, found ${found}`;
    // A value that several stores share is at fault once.
    if (!this.#faults.includes(fault)) this.#faults.push(fault);
  }

  /** To be called when everything has been read. */
  unknownVariables(): readonly UnknownVariable[] {
    const known = [...this.#known];
    return Object.keys(this.environment)
      .filter((name) => PREFIXES.test(name) && !this.#known.has(name))
      .map((name) => ({ name, nearest: closest(name, known) }));
  }

  throwFaults(): void {
    if (this.#faults.length > 0) throw new ConfigurationError(this.#faults);
  }

  #variable(name: string): string | undefined {
    this.#known.add(name);
    const value = this.environment[name]?.trim();
    return value === "" ? undefined : value;
  }

  #secretFrom(name: string, value: string | undefined, path: string): string {
    const known = this.#fromFiles.get(name);
    if (known !== undefined) return known;
    const text = value ?? this.#readSecret(name, path);
    if (value !== undefined) this.#unreadable(name, `nothing beside ${name}`, "a value");
    this.#fromFiles.set(name, text);
    return text;
  }

  /** Line breaks and a byte order mark around the secret come from editors and are dropped. */
  #readSecret(name: string, path: string): string {
    let bytes: Buffer;
    try {
      bytes = readFileSync(path);
    } catch (error) {
      const found = `one that cannot (${errorCode(error)})`;
      return this.#unreadable(name, "the path of a file that can be read", found);
    }
    // Lenient decoding would turn the secret into another one.
    if (!isUtf8(bytes)) return this.#unreadable(name, "a file of text in UTF-8", "other bytes");
    const text = bytes.toString("utf8").trim();
    return text === "" ? this.#unreadable(name, "a file with the secret in it", "an empty one") : text;
  }

  /** Names neither content nor path: either may be the secret. */
  #unreadable(name: string, expected: string, found: string): string {
    this.fault(`${name}_FILE`, expected, found);
    this.#unread.add(name);
    return "";
  }
}

function isSecret(name: string): boolean {
  return SECRET_VARIABLES.includes(name);
}

/** The text of a file whose path a variable names, without a byte order mark; null after a fault. */
export function readText(settings: Settings, variable: string, path: string): string | null {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    // Somebody may have put the file's content, with its secrets, where the path belongs.
    const shown = /^\s*[[{]/u.test(path) ? "JSON" : path;
    settings.fault(variable, "the path of a file that can be read", `${shown} (${errorCode(error)})`);
    return null;
  }
  if (isUtf8(bytes)) return new TextDecoder().decode(bytes);
  settings.fault(variable, "a file of text in UTF-8", "other bytes");
  return null;
}

function errorCode(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? "?";
}

const LOOPBACK = /^(?:127(?:\.\d{1,3}){3}|localhost|\[?::1\]?)$/u;

/** Whether a host, as HOST or a URL names it, is this machine itself. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host);
}
