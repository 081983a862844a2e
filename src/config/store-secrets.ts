import type { Settings } from "./settings.js";
import type { StoreDefaults } from "./stores.js";
import {
  MIN_ACCESS_KEY_LENGTH,
  MIN_HASH_KEY_LENGTH,
  MIN_WEBHOOK_SECRET_LENGTH,
  weaknessOf,
} from "./weak-secret.js";

const RULES = [
  ["accessKey", MIN_ACCESS_KEY_LENGTH, "the access key"],
  ["hashKey", MIN_HASH_KEY_LENGTH, "the hash key"],
  ["webhookSecret", MIN_WEBHOOK_SECRET_LENGTH, "the webhook secret"],
] as const;

/** What production refuses of a store's secrets; the simulator's keys open nothing but the simulator. */
export function judgeStoreSecrets(
  settings: Settings,
  given: unknown,
  simulated: StoreDefaults,
  nameOf: (field: string) => string,
): void {
  if (typeof given !== "object" || given === null) return;
  const known = [simulated.accessKey, simulated.hashKey];
  for (const [field, minLength, what] of RULES) {
    const secret = (given as Readonly<Record<string, unknown>>)[field];
    // An empty one is told elsewhere.
    if (typeof secret !== "string" || secret === "") continue;
    const found = weaknessOf(secret, { minLength, known, knownAs: "the simulator's" });
    const expected = `${what} that EBP issued, at least ${minLength} characters that nobody guesses`;
    if (found !== null) settings.fault(nameOf(field), expected, found);
  }
}
