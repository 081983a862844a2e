import { readFileSync } from "node:fs";

/** What may be given as a file as well, whose path is in the variable of the same name with _FILE behind it. */
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

/** Environment variables, read with their faults collected, so that all of them are told at once. Never quotes a secret. */
export class Settings {
  readonly #faults: string[] = [];
  /** Each file is read once: it may be a pipe, and what is wrong with it is told once. */
  readonly #fromFiles = new Map<string, string>();
  /** Secrets whose file is at fault: what they would be is not judged as well. */
  readonly #unread = new Set<string>();

  constructor(private readonly environment: Readonly<Record<string, string | undefined>>) {}

  /**
   * An empty or blank variable counts as not set: that is what `VAR=` in a compose file means. Of a secret, also what its file
   * says; an empty text for a file that is at fault.
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

  integer(name: string, fallback: number, least: number, most: number): number {
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
    this.#faults.push(`${name}: expected ${expected}, found ${found}`);
  }

  throwFaults(): void {
    if (this.#faults.length > 0) throw new ConfigurationError(this.#faults);
  }

  #variable(name: string): string | undefined {
    const value = this.environment[name]?.trim();
    return value === "" ? undefined : value;
  }

  #secretFrom(name: string, value: string | undefined, path: string): string {
    const known = this.#fromFiles.get(name);
    if (known !== undefined) return known;
    const file: SecretFile =
      value === undefined
        ? readSecretFile(path)
        : { text: null, expected: `nothing beside ${name}`, found: "a value" };
    if (file.text === null) {
      this.fault(`${name}_FILE`, file.expected, file.found);
      this.#unread.add(name);
    }
    const text = file.text ?? value ?? "";
    this.#fromFiles.set(name, text);
    return text;
  }
}

function isSecret(name: string): boolean {
  return SECRET_VARIABLES.includes(name);
}

/** The text of a file that holds one secret, or what is wrong with the file. Neither its content nor its path is told. */
export type SecretFile =
  { readonly text: string } | { readonly text: null; readonly expected: string; readonly found: string };

/** A byte order mark and line breaks around the secret are the editor's. */
export function readSecretFile(path: string): SecretFile {
  const bytes = bytesOf(path);
  if (typeof bytes === "string") {
    // The path is left out: the secret itself may have been put there.
    return {
      text: null,
      expected: "the path of a file that can be read",
      found: `one that cannot (${bytes})`,
    };
  }
  const text = decoded(bytes)?.trim();
  if (text === undefined) return { text: null, expected: "a file of text in UTF-8", found: "other bytes" };
  if (text === "") return { text: null, expected: "a file with the secret in it", found: "an empty one" };
  return { text };
}

/** The content, or the error's code. */
function bytesOf(path: string): Buffer | string {
  try {
    return readFileSync(path);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? "?";
  }
}

/** Decoded leniently, a secret would be another one. */
function decoded(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

const LOOPBACK = /^(?:127(?:\.\d{1,3}){3}|localhost|\[?::1\]?)$/u;

/** Whether a host, as HOST or a URL names it, is this machine itself. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host);
}

/**
 * How long EBP's keys are is not published. A shorter one is no key that anybody issued, but something put there to be replaced: a
 * key from a random generator has 16 characters or more in any alphabet.
 */
export const MIN_HASH_KEY_LENGTH = 16;
/** It keys an HMAC: what is shorter can be found by trying, from one webhook that was seen. */
export const MIN_WEBHOOK_SECRET_LENGTH = 16;
/** Half of that: it names the store as well, is sent with every request, and signs nothing. */
export const MIN_ACCESS_KEY_LENGTH = 8;
/** What can be tried is limited by the server, not by the attacker's machine: the least that NIST SP 800-63B allows. */
export const MIN_DATABASE_PASSWORD_LENGTH = 8;

/** Fewer different characters are a pattern such as 1212, not a key. */
const MIN_DIFFERENT_CHARACTERS = 5;

/** What stands in examples and in fresh installations, in lower case and without separators. Whoever guesses begins with these. */
const WELL_KNOWN = new Set([
  ...["secret", "secretkey", "mysecret", "topsecret", "supersecret", "verysecret", "yoursecret"],
  ...["password", "passwd", "pass", "passw0rd", "p@ssw0rd", "mypassword", "yourpassword", "pwd"],
  ...["changeme", "changeit", "changethis", "replaceme", "fixme", "todo", "tbd", "none", "null", "undefined"],
  ...[
    "default",
    "example",
    "sample",
    "placeholder",
    "dummy",
    "demo",
    "test",
    "testing",
    "development",
    "dev",
  ],
  ...["postgres", "postgresql", "admin", "administrator", "root", "user", "guest", "dba", "database"],
  ...["key", "mykey", "yourkey", "apikey", "accesskey", "youraccesskey", "hashkey", "yourhashkey"],
  ...["webhooksecret", "yourwebhooksecret", "token", "ebp", "simulator"],
  ...["qwerty", "qwertyuiop", "letmein", "welcome", "abc", "abcdef", "abcdefgh", "foobar", "foo"],
]);
/** `test-2`, `password123!`: a word with a little behind it is the same word to whoever guesses. */
const SEPARATORS = /[\s_.\-!*#]/gu;
const TRAILING_DIGITS = /\d{1,10}$/u;

export interface SecretRule {
  readonly minLength: number;
  /** Secrets that others know, and what to call them. */
  readonly known: readonly string[];
  readonly knownAs: string;
}

/** What makes a secret one that can be guessed, without quoting it; null when nothing does. */
export function weaknessOf(secret: string, { minLength, known, knownAs }: SecretRule): string | null {
  if (known.includes(secret)) return knownAs;
  if (isWellKnown(secret)) return "a word that anybody would try";
  if (secret.length < minLength) return `${secret.length} characters`;
  if (new Set(secret).size < MIN_DIFFERENT_CHARACTERS) return "the same characters again and again";
  return null;
}

function isWellKnown(secret: string): boolean {
  const word = secret.toLowerCase().replaceAll(SEPARATORS, "");
  const withoutDigits = word.replace(TRAILING_DIGITS, "");
  return withoutDigits === "" || WELL_KNOWN.has(word) || WELL_KNOWN.has(withoutDigits);
}
