import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "@jest/globals";
import { readConfig, type Config } from "../../src/config/config.js";
import { ConfigurationError } from "../../src/config/settings.js";
import { DEVELOPMENT_STORE } from "../../simulator/development-store.js";

const folder = mkdtempSync(join(tmpdir(), "ebp-config-test-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** 32 bytes that look like random ones, the same ones each time. */
export function keyBytes(name: string): Buffer {
  return createHash("sha256").update(name).digest();
}

/** An encryption key, in base64. */
export const KEY = keyBytes("KEY").toString("base64");
export const STORE = {
  baseUrl: "https://ebp.example.com",
  storeId: "KR01",
  accessKey: "ak-4d1f0b7e92",
  hashKey: "hk-93c07a5e1d8b46f2",
  divisionCode: "D1",
  channelCode: "WEB",
  ricCode: "KIC",
  countryCode: "KR",
  currencyCode: "KRW",
};
export const PRODUCTION = {
  NODE_ENV: "production",
  DATABASE_URL: "postgresql://service:k7Qv-2mXz9@db/cancellations",
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

export function fileOf(text: string | Uint8Array): string {
  files += 1;
  const path = join(folder, `file-${files}`);
  writeFileSync(path, text);
  return path;
}

export function withStores(stores: unknown, environment: Environment = {}): Environment {
  return { EBP_STORES_FILE: fileOf(JSON.stringify(stores)), ...environment };
}
