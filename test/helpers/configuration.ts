import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "@jest/globals";
import { readConfig, type Config } from "../../src/config.js";
import { ConfigurationError } from "../../src/config/settings.js";
import { DEVELOPMENT_STORE } from "../../src/ebp/simulator/development-store.js";

const folder = mkdtempSync(join(tmpdir(), "ebp-config-test-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** An encryption key, in base64. */
export const KEY = Buffer.alloc(32, 7).toString("base64");
export const STORE = {
  baseUrl: "https://ebp.example.com",
  storeId: "KR01",
  accessKey: "access-1",
  hashKey: "hash-1",
  divisionCode: "D1",
  channelCode: "WEB",
  ricCode: "KIC",
  countryCode: "KR",
  currencyCode: "KRW",
};
export const PRODUCTION = {
  NODE_ENV: "production",
  DATABASE_URL: "postgresql://user:password@db/cancellations",
  EBP_BASE_URL: STORE.baseUrl,
  EBP_STORE_ID: STORE.storeId,
  EBP_ACCESS_KEY: STORE.accessKey,
  EBP_HASH_KEY: STORE.hashKey,
  EBP_DIVISION_CODE: STORE.divisionCode,
  EBP_CHANNEL_CODE: STORE.channelCode,
  EBP_RIC_CODE: STORE.ricCode,
  EBP_COUNTRY_CODE: STORE.countryCode,
  EBP_CURRENCY_CODE: STORE.currencyCode,
  AUTH_JWKS_URL: "https://id.example.com/keys",
  AUTH_ISSUER: "https://id.example.com/",
  AUTH_AUDIENCE: "cancel",
  DATA_ENCRYPTION_KEYS: `2027:${KEY}`,
};

export type Environment = Record<string, string>;

export function read(environment: Environment): Config {
  return readConfig(environment, DEVELOPMENT_STORE);
}

/** The faults of an environment; none when it can be used. */
export function faultsOf(environment: Environment): readonly string[] {
  try {
    read(environment);
    return [];
  } catch (error) {
    if (error instanceof ConfigurationError) return error.faults;
    throw error;
  }
}

let files = 0;

export function fileOf(text: string): string {
  files += 1;
  const path = join(folder, `stores-${files}.json`);
  writeFileSync(path, text);
  return path;
}

export function withStores(stores: unknown, environment: Environment = {}): Environment {
  return { EBP_STORES_FILE: fileOf(JSON.stringify(stores)), ...environment };
}
