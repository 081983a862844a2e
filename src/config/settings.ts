export class ConfigurationError extends Error {
  override readonly name = "ConfigurationError";

  constructor(readonly faults: readonly string[]) {
    super(`The configuration cannot be used:\n${faults.map((fault) => `  - ${fault}`).join("\n")}`);
  }
}

/** Environment variables, read with their faults collected, so that all of them are told at once. Never quotes a secret. */
export class Settings {
  readonly #faults: string[] = [];

  constructor(private readonly environment: Readonly<Record<string, string | undefined>>) {}

  /** An empty or blank variable counts as not set: that is what `VAR=` in a compose file means. */
  value(name: string): string | undefined {
    const value = this.environment[name]?.trim();
    return value === "" ? undefined : value;
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
    for (const other of others.filter((variable) => this.value(variable) !== undefined)) {
      this.fault(other, `nothing beside ${name}: the file says it for each store`, "a value");
    }
  }

  fault(name: string, expected: string, found: string): void {
    this.#faults.push(`${name}: expected ${expected}, found ${found}`);
  }

  throwFaults(): void {
    if (this.#faults.length > 0) throw new ConfigurationError(this.#faults);
  }
}
