import { readSecretFile, type SecretFile } from "./secret-file.js";

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
