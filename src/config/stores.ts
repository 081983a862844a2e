import { parse } from "lossless-json";
import { z } from "zod";
import { currencyDecimals } from "../cancellation/model/currency.js";
import { AMOUNT_BASES, type AmountBasis } from "../cancellation/request/amount-rule.js";
import {
  isLoopback,
  MIN_ACCESS_KEY_LENGTH,
  MIN_HASH_KEY_LENGTH,
  MIN_WEBHOOK_SECRET_LENGTH,
  type Settings,
  weaknessOf,
} from "./settings.js";

/** One EBP store: where it is reached, with what credentials, and how its amounts are read. */
export interface StoreSettings {
  readonly storeId: string;
  /** Null: the built-in simulator. */
  readonly baseUrl: string | null;
  readonly accessKey: string;
  readonly hashKey: string;
  readonly divisionCode: string;
  readonly channelCode: string;
  readonly ricCode: string;
  readonly countryCode: string;
  readonly currencyCode: string;
  readonly amountBasis: AmountBasis;
  /** Signs EBP's webhooks about this store. Null: its webhooks are off. */
  readonly webhookSecret: string | null;
  /** When the access key stops working: a year after its issue. Null: not known. */
  readonly accessKeyExpiresAt: Date | null;
}

/** What a development run uses where nothing is set: the simulator's store. */
export type StoreDefaults = Omit<
  StoreSettings,
  "baseUrl" | "amountBasis" | "webhookSecret" | "accessKeyExpiresAt"
>;

/** What the environment says for every store whose entry in a file does not say otherwise. */
export interface StoreFallbacks {
  readonly amountBasis: AmountBasis;
  readonly webhookSecret: string | null;
}

interface StoreVariable {
  readonly name: string;
  readonly meaning: string;
}

const VARIABLES: Readonly<Record<keyof StoreDefaults | "baseUrl", StoreVariable>> = {
  baseUrl: { name: "EBP_BASE_URL", meaning: "EBP's base URL (or all stores in EBP_STORES_FILE)" },
  storeId: { name: "EBP_STORE_ID", meaning: "the store id that EBP issued" },
  accessKey: { name: "EBP_ACCESS_KEY", meaning: "the access key that EBP issued for the store" },
  hashKey: { name: "EBP_HASH_KEY", meaning: "the hash key that EBP issued for the store" },
  divisionCode: { name: "EBP_DIVISION_CODE", meaning: "the division code that EBP issued" },
  channelCode: { name: "EBP_CHANNEL_CODE", meaning: "the channel code that EBP issued" },
  ricCode: { name: "EBP_RIC_CODE", meaning: "the store's regional integration code, such as KIC" },
  countryCode: { name: "EBP_COUNTRY_CODE", meaning: "the store's ISO 3166 country code, such as KR" },
  currencyCode: { name: "EBP_CURRENCY_CODE", meaning: "the store's ISO 4217 currency code, such as KRW" },
};

const EXPIRY_VARIABLE = "EBP_ACCESS_KEY_EXPIRES_AT";

export const STORE_VARIABLES: readonly string[] = [
  ...Object.values(VARIABLES).map(({ name }) => name),
  EXPIRY_VARIABLE,
];

/** Every variable that says something about the one store, by the field it fills. */
const VARIABLE_OF: Readonly<Record<string, string>> = {
  ...Object.fromEntries(Object.entries(VARIABLES).map(([field, { name }]) => [field, name])),
  amountBasis: "EBP_AMOUNT_BASIS",
  webhookSecret: "EBP_WEBHOOK_SECRET",
  accessKeyExpiresAt: EXPIRY_VARIABLE,
};

// These travel as HTTP headers: anything else could not be sent, or would be sent as something else.
const headerValue = z
  .string({ error: "a text" })
  .regex(/^[\x21-\x7e]{1,200}$/u, { error: "1 to 200 printable ASCII characters without blanks" });

// A path may stand in it; what else a URL can carry would be sent nowhere, or shown to callers by a preview.
const baseUrl = z
  .url({ protocol: /^https?$/u, error: "an http or https URL", abort: true })
  .refine(isBare, { error: "a URL without user, password, query or fragment" });

const storeSchema = z.strictObject({
  storeId: headerValue,
  baseUrl: baseUrl.nullable(),
  accessKey: headerValue,
  hashKey: z.string({ error: "a text" }).min(1, { error: "the hash key issued for the store" }),
  divisionCode: headerValue,
  channelCode: headerValue,
  ricCode: headerValue,
  countryCode: z
    .string({ error: "a text" })
    .regex(/^[A-Z]{2,3}$/u, { error: "an ISO 3166 country code such as KR" }),
  currencyCode: z
    .string({ error: "a text" })
    // The list of codes reads "krw" as KRW, but the code is sent as it is written.
    .refine((code) => /^[A-Z]{3}$/u.test(code) && currencyDecimals(code) !== undefined, {
      error: "an ISO 4217 currency code such as KRW",
    }),
  amountBasis: z.enum(AMOUNT_BASES, { error: `one of ${AMOUNT_BASES.join(", ")}` }),
  webhookSecret: z
    .string({ error: "a text" })
    .min(1, { error: "the webhook secret that EBP issued" })
    .nullable(),
  accessKeyExpiresAt: z.iso
    .datetime({ offset: true, error: "a time such as 2027-01-31T00:00:00Z" })
    .transform((text) => new Date(text))
    .nullable(),
});

/** In production there is no simulator to stand in for EBP. */
const productionStoreSchema = storeSchema.extend({
  baseUrl: baseUrl.refine(isSafe, { error: "an https URL: the access key travels with every request" }),
});

/** Where stores are read: production takes nothing for granted, and nothing of the simulator's. */
export interface StoreReading {
  readonly production: boolean;
  readonly simulated: StoreDefaults;
}

/** The one store of the EBP_* variables; in development the simulator's values stand in for what is not set. */
export function storeFromEnvironment(
  settings: Settings,
  fallbacks: StoreFallbacks,
  { production, simulated }: StoreReading,
): StoreSettings[] {
  const given = Object.entries(VARIABLES).map(([field, { name, meaning }]) => {
    const value = production ? settings.required(name, meaning) : settings.value(name);
    return [field, value] as const;
  });
  // Each missing variable has been told; what it would be is not judged as well.
  const told = given.flatMap(([field, value]) => (value === undefined ? [field] : []));
  const set = Object.fromEntries(given.filter(([, value]) => value !== undefined));
  const nameOf = (field: string): string => VARIABLE_OF[field] ?? field;
  if (production) judgeStoreSecrets(settings, set, simulated, nameOf);
  const accessKeyExpiresAt = settings.value(EXPIRY_VARIABLE) ?? null;
  const defaults = production ? {} : { baseUrl: null, ...simulated };
  const candidate = { ...defaults, ...set, ...fallbacks, accessKeyExpiresAt };
  return check(settings, candidate, production, nameOf, told);
}

/** EBP_STORES_FILE: a JSON array of stores. `amountBasis`, `webhookSecret`, `accessKeyExpiresAt` and, outside production, `baseUrl` may be left out. */
export function storesFromFile(
  settings: Settings,
  text: string,
  fallbacks: StoreFallbacks,
  { production, simulated }: StoreReading,
): StoreSettings[] {
  const list = parsed(settings, text);
  if (list === undefined) return [];
  if (!Array.isArray(list) || list.length === 0) {
    const found = Array.isArray(list) ? "an empty one" : "something else";
    settings.fault("EBP_STORES_FILE", "a JSON array of stores", found);
    return [];
  }
  const stores = list.flatMap((entry: unknown, index) => {
    const optional = { ...fallbacks, accessKeyExpiresAt: null, ...(!production && { baseUrl: null }) };
    const candidate = typeof entry === "object" && entry !== null ? { ...optional, ...entry } : entry;
    const nameOf = (field: string): string => `EBP_STORES_FILE[${index}]${field === "" ? "" : `.${field}`}`;
    if (production) judgeStoreSecrets(settings, entry, simulated, nameOf);
    return check(settings, candidate, production, nameOf);
  });
  const repeated = stores.find(
    ({ storeId }, index) => stores.findIndex((s) => s.storeId === storeId) !== index,
  );
  if (repeated !== undefined)
    settings.fault("EBP_STORES_FILE", "each storeId once", `${repeated.storeId} twice`);
  return stores;
}

/** Undefined when it is not JSON, which is told. */
function parsed(settings: Settings, text: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    // The parser's message quotes the text: only the place is taken out of it.
    const position = /at position \d+$/u.exec(String(error))?.[0] ?? "";
    settings.fault("EBP_STORES_FILE", "JSON with each key once", `something else ${position}`.trimEnd());
    return undefined;
  }
}

function check(
  settings: Settings,
  candidate: unknown,
  production: boolean,
  nameOf: (field: string) => string,
  told: readonly string[] = [],
): StoreSettings[] {
  const result = (production ? productionStoreSchema : storeSchema).safeParse(candidate);
  if (result.success) return [result.data];
  for (const issue of result.error.issues) {
    if (issue.code === "unrecognized_keys") {
      const known = Object.keys(storeSchema.shape).join(", ");
      for (const key of issue.keys)
        settings.fault(nameOf(key), `one of the fields ${known}`, "another field");
    } else {
      const field = issue.path.join(".");
      if (told.includes(field)) continue;
      // What was found is left out: it may be a secret.
      settings.fault(nameOf(field), issue.message, isGiven(candidate, field) ? "something else" : "nothing");
    }
  }
  return [];
}

function isGiven(candidate: unknown, field: string): boolean {
  return typeof candidate === "object" && candidate !== null && field in candidate;
}

function isBare(text: string): boolean {
  const { username, password, search, hash } = new URL(text);
  return username + password + search + hash === "";
}

function isSafe(text: string): boolean {
  const { protocol, hostname } = new URL(text);
  return protocol === "https:" || isLoopback(hostname);
}

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
