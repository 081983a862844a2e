import { parse } from "lossless-json";
import { z } from "zod";
import {
  AMOUNT_BASES,
  currencyDecimals,
  type StoreCredentials,
  type StoreSettings,
} from "../cancellation/model/store.js";
import { isLoopback, readText, type Settings } from "./settings.js";

/**
 * EBP does not publish how long its keys are. A shorter one is a placeholder: what a random generator makes has 16 characters
 * or more in any alphabet.
 */
const MIN_HASH_KEY_LENGTH = 16;
/** It keys an HMAC: a shorter one can be found by trying, from one webhook. */
const MIN_WEBHOOK_SECRET_LENGTH = 16;
/** Half of that: it is sent with every request and signs nothing. */
const MIN_ACCESS_KEY_LENGTH = 8;

/** The beginning of a host's name in each of EBP's environments. */
const HOST_PREFIXES: ReadonlyMap<unknown, string> = new Map([
  ["dev", "dev"],
  ["qa", "qa"],
  ["prd", ""],
]);
/** The regional integration codes that EBP has published hosts for. */
const REGIONS: readonly unknown[] = ["KIC", "AIC", "EIC"];

/** The variable of each field, when the environment describes the one store. `environment` stands in for `baseUrl`. */
const VARIABLES: Readonly<Record<keyof StoreSettings | "environment", string>> = {
  storeId: "EBP_STORE_ID",
  baseUrl: "EBP_BASE_URL",
  environment: "EBP_ENVIRONMENT",
  accessKey: "EBP_ACCESS_KEY",
  hashKey: "EBP_HASH_KEY",
  divisionCode: "EBP_DIVISION_CODE",
  channelCode: "EBP_CHANNEL_CODE",
  ricCode: "EBP_RIC_CODE",
  countryCode: "EBP_COUNTRY_CODE",
  currencyCode: "EBP_CURRENCY_CODE",
  currencyDecimals: "EBP_CURRENCY_DECIMALS",
  accessKeyExpiresAt: "EBP_ACCESS_KEY_EXPIRES_AT",
  amountBasis: "EBP_AMOUNT_BASIS",
  webhookSecret: "EBP_WEBHOOK_SECRET",
};

type Fallback = "amountBasis" | "webhookSecret";

/** What the environment says for every store whose entry in the file does not say otherwise. */
type Fallbacks = Pick<StoreSettings, Fallback>;

export interface StoreReading {
  /** Production takes nothing for granted, and nothing of the simulator's. */
  readonly production: boolean;
  /** The simulator's store: it stands in for what is not set in development. */
  readonly simulated: StoreCredentials;
}

/** EBP_STORES_FILE if it is set, else the one store of the EBP_* variables. */
export function readStores(settings: Settings, reading: StoreReading): readonly StoreSettings[] {
  const fallbacks = {
    amountBasis: settings.choice(VARIABLES.amountBasis, AMOUNT_BASES, "unit"),
    webhookSecret: settings.value(VARIABLES.webhookSecret) ?? null,
  };
  const file = settings.value("EBP_STORES_FILE");
  if (file === undefined) return storeFromEnvironment(settings, fallbacks, reading);
  const { amountBasis: _, webhookSecret: __, ...ofOneStore } = VARIABLES;
  settings.refuseBeside("EBP_STORES_FILE", Object.values(ofOneStore));
  const text = readText(settings, "EBP_STORES_FILE", file);
  return text === null ? [] : storesFromFile(settings, text, fallbacks, reading);
}

function storeFromEnvironment(
  settings: Settings,
  fallbacks: Fallbacks,
  { production, simulated }: StoreReading,
): StoreSettings[] {
  const given = Object.entries(VARIABLES).flatMap(([field, name]) => {
    const value = settings.value(name);
    return value === undefined ? [] : [[field, value] as const];
  });
  const defaults = production ? {} : { baseUrl: null, ...simulated };
  const candidate = { accessKeyExpiresAt: null, ...defaults, ...Object.fromEntries(given), ...fallbacks };
  const nameOf = (field: string): string => VARIABLES[field as keyof StoreSettings];
  return check(settings, candidate, { production, simulated }, nameOf);
}

/** A JSON array of stores. `environment` stands in for `baseUrl`. `amountBasis`, `webhookSecret`, `accessKeyExpiresAt`, `currencyDecimals` and, outside production, `baseUrl` are optional. */
function storesFromFile(
  settings: Settings,
  text: string,
  fallbacks: Fallbacks,
  reading: StoreReading,
): StoreSettings[] {
  const list = parsed(settings, text);
  if (list === undefined) return [];
  if (!Array.isArray(list) || list.length === 0) {
    const found = Array.isArray(list) ? "an empty one" : "something else";
    settings.fault("EBP_STORES_FILE", "a JSON array of stores", found);
    return [];
  }
  const optional = { ...fallbacks, accessKeyExpiresAt: null, ...(!reading.production && { baseUrl: null }) };
  const stores = list.flatMap((entry: unknown, index) => {
    const isObject = typeof entry === "object" && entry !== null;
    const nameOf = (field: string): string => {
      const isFallback = isObject && field in fallbacks && !(field in entry);
      if (isFallback) return VARIABLES[field as Fallback];
      return `EBP_STORES_FILE[${index}]${field === "" ? "" : `.${field}`}`;
    };
    return check(settings, isObject ? { ...optional, ...entry } : entry, reading, nameOf);
  });
  const repeated = stores.find(
    ({ storeId }, index) => stores.findIndex((s) => s.storeId === storeId) !== index,
  );
  if (repeated !== undefined)
    settings.fault("EBP_STORES_FILE", "each storeId once", `${repeated.storeId} twice`);
  return stores;
}

/** Undefined after a fault: it is not JSON. */
function parsed(settings: Settings, text: string): unknown {
  try {
    return parse(text);
  } catch {
    // The parser's message quotes the text, which holds secrets.
    settings.fault("EBP_STORES_FILE", "JSON with each key once", "something else");
    return undefined;
  }
}

function check(
  settings: Settings,
  candidate: unknown,
  reading: StoreReading,
  nameOf: (field: string) => string,
): StoreSettings[] {
  const isOfTable = typeof candidate !== "object" || candidate === null || !("currencyDecimals" in candidate);
  const decimals = isOfTable ? nameOf("currencyDecimals") : null;
  const result = storeSchema(reading, decimals).safeParse(withBaseUrl(settings, candidate, nameOf));
  if (result.success) return [result.data];
  for (const issue of result.error.issues) {
    if (issue.code === "unrecognized_keys") {
      const known = Object.keys(VARIABLES).join(", ");
      for (const key of issue.keys)
        settings.fault(nameOf(key), `one of the fields ${known}`, "another field");
    } else {
      const field = issue.path.join(".");
      const isGiven = typeof candidate === "object" && candidate !== null && field in candidate;
      // The value is not quoted: it may be a secret.
      const orElse = field === "baseUrl" && !isGiven ? ` (or ${nameOf("environment")})` : "";
      settings.fault(nameOf(field), issue.message + orElse, isGiven ? "something else" : "nothing");
    }
  }
  return [];
}

/** The store's host in `environment`, if that is given: the host follows from it and the regional integration code. */
function withBaseUrl(settings: Settings, candidate: unknown, nameOf: (field: string) => string): unknown {
  if (typeof candidate !== "object" || candidate === null || !("environment" in candidate)) return candidate;
  const { environment, ...store } = candidate;
  const { baseUrl = null, ricCode }: { baseUrl?: unknown; ricCode?: unknown } = store;
  const prefix = HOST_PREFIXES.get(environment);
  const fault = (field: string, expected: string, found = "something else"): void =>
    settings.fault(nameOf(field), expected, found);
  if (prefix === undefined) fault("environment", `one of ${[...HOST_PREFIXES.keys()].join(", ")}`);
  else if (baseUrl !== null) fault("environment", `nothing beside ${nameOf("baseUrl")}`, "a value");
  else if (ricCode !== undefined && !REGIONS.includes(ricCode))
    fault(
      "ricCode",
      `one of ${REGIONS.join(", ")}, or ${nameOf("baseUrl")} in place of ${nameOf("environment")}`,
    );
  const host = `${prefix ?? ""}${String(ricCode).toLowerCase()}-payapi-int.nebp.lge.com`;
  // After a fault nothing is reached: it is only not to be reported as missing, too.
  return { ...store, baseUrl: baseUrl ?? (REGIONS.includes(ricCode) ? `https://${host}` : UNREACHED) };
}

const UNREACHED = "https://ebp.invalid";

/** The most that ISO 4217 has. */
const MOST_DECIMALS = 4;
const DECIMALS = `how many decimal places the currency has, 0 to ${MOST_DECIMALS}`;

/** @param unstated what could state the decimals of the currency, and does not: it has to be in ISO 4217 as this service knows it. */
function storeSchema({ production, simulated }: StoreReading, unstated: string | null) {
  const published = production ? [simulated.accessKey, simulated.hashKey] : [];
  const secret = (what: string, minLength: number): z.ZodString =>
    z
      .string({ error: what })
      .min(production ? minLength : 1, { error: `${what}, of at least ${minLength} characters`, abort: true })
      .refine((text) => !published.includes(text), { error: `${what}, not the simulator's`, abort: true });
  const baseUrl = z
    .url({ protocol: /^https?$/u, error: "EBP's base URL, http or https", abort: true })
    .refine(isBare, { error: "a URL without user, password, query or fragment" });
  const schema = z.strictObject({
    storeId: inHeader(z.string({ error: "the store id that EBP issued" })),
    baseUrl: production
      ? baseUrl.refine(isSafe, { error: "an https URL: the access key travels with every request" })
      : baseUrl.nullable(),
    accessKey: inHeader(secret("the access key that EBP issued for the store", MIN_ACCESS_KEY_LENGTH)),
    hashKey: secret("the hash key that EBP issued for the store", MIN_HASH_KEY_LENGTH),
    divisionCode: inHeader(z.string({ error: "the division code that EBP issued" })),
    channelCode: inHeader(z.string({ error: "the channel code that EBP issued" })),
    ricCode: inHeader(z.string({ error: "the store's regional integration code, such as KIC" })),
    countryCode: matching("an ISO 3166 country code such as KR", (code) => /^[A-Z]{2,3}$/u.test(code)),
    // currencyDecimals reads "krw" as KRW too, but the code is sent as it is written.
    currencyCode: matching(
      `an ISO 4217 currency code such as KRW${unstated === null ? "" : ` (a newer one needs ${unstated})`}`,
      (code) => /^[A-Z]{3}$/u.test(code) && (unstated === null || currencyDecimals(code) !== undefined),
    ),
    currencyDecimals: z
      // A number of the file, or a text of the environment.
      .preprocess(
        (given) => String(given),
        z.string({ error: DECIMALS }).regex(/^[0-4]$/u, { error: DECIMALS }),
      )
      .transform(Number)
      .optional(),
    amountBasis: z.enum(AMOUNT_BASES, { error: `one of ${AMOUNT_BASES.join(", ")}` }),
    webhookSecret: secret("the webhook secret that EBP issued", MIN_WEBHOOK_SECRET_LENGTH).nullable(),
    accessKeyExpiresAt: z.iso
      .datetime({ offset: true, error: "a time such as 2027-01-31T00:00:00Z" })
      .transform((text) => new Date(text))
      .nullable(),
  });
  return schema.transform((store, context): StoreSettings => {
    const known = currencyDecimals(store.currencyCode);
    const decimals = store.currencyDecimals ?? known ?? 0;
    if (known !== undefined && known !== decimals)
      context.addIssue({
        code: "custom",
        path: ["currencyDecimals"],
        message: `nothing, or ${known}, which is what ISO 4217 says of ${store.currencyCode}`,
      });
    return { ...store, currencyDecimals: decimals };
  });
}

/** What travels as an HTTP header: anything else could not be sent, or would be sent as something else. */
function inHeader(schema: z.ZodString): z.ZodString {
  return schema.regex(/^[\x21-\x7e]{1,200}$/u, {
    error: "1 to 200 printable ASCII characters without blanks",
  });
}

function matching(what: string, isRight: (text: string) => boolean): z.ZodString {
  return z.string({ error: what }).refine(isRight, { error: what });
}

/** It may have a path. Anything else would be sent nowhere, or shown to callers by a preview. */
function isBare(text: string): boolean {
  const { username, password, search, hash } = new URL(text);
  return username + password + search + hash === "";
}

function isSafe(text: string): boolean {
  const { protocol, hostname } = new URL(text);
  return protocol === "https:" || isLoopback(hostname);
}
