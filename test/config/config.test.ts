import { tmpdir } from "node:os";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Config } from "../../src/config/config.js";
import { SECRET_VARIABLES } from "../../src/config/settings.js";
import { DEVELOPMENT_STORE } from "../../simulator/development-store.js";
import { faultsOf, KEY, keyBytes, PRODUCTION, read, STORE, withStores } from "../helpers/configuration.js";

const DEFAULTS: Config = {
  production: false,
  host: "127.0.0.1",
  port: 4000,
  metricsPort: null,
  databaseUrl: null,
  databasePoolSize: 15,
  dataDir: ".data",
  stores: [
    {
      ...DEVELOPMENT_STORE,
      baseUrl: null,
      amountBasis: "unit",
      currencyDecimals: 0,
      webhookSecret: null,
      accessKeyExpiresAt: null,
    },
  ],
  ebpTimeoutMs: 10_000,
  connectionPerCancel: false,
  ebpSettlingMs: 600_000,
  paymentStatuses: { uncancelled: ["APPROVED", "AUTHORIZED", "CAPTURED"], whollyCancelled: [] },
  webhookAmounts: "minor",
  reconcileIntervalMs: 5_000,
  recoveryHoldMs: 10_000,
  corsOrigins: [],
  introspection: true,
  sandbox: true,
  persistedOperations: null,
  rateLimits: { mutationsPerMinute: 600, queryCostPerMinute: 60_000, store: "memory" },
  maxEventLoopDelayMs: 250,
  shutdownDelayMs: 0,
  shutdownGraceMs: 60_000,
  auth: { kind: "off" },
  encryptionKeys: null,
  logLevel: "info",
  unknownVariables: [],
};

describe("with nothing set", () => {
  test("serves the simulator's store on loopback, with an embedded database and without authentication", () => {
    expect(read({})).toEqual(DEFAULTS);
  });

  test("does the same where the variables are blank", () => {
    const files = SECRET_VARIABLES.map((name) => `${name}_FILE`);
    const names = [...Object.keys(PRODUCTION), ...files, "HOST", "PORT"];
    expect(read(Object.fromEntries(names.map((name) => [name, " \t\n"])))).toEqual(DEFAULTS);
  });

  test("names everything that production needs, in one go, and what to set it to", () => {
    const faults = faultsOf({ NODE_ENV: "production" });
    const named = faults.map((fault) => fault.replace(/: expected .{8,}, found nothing$/su, ""));
    expect(["NODE_ENV", ...named].sort()).toEqual(Object.keys(PRODUCTION).sort());
  });
});

test.each(["prod", "Production", "staging"])("does not take NODE_ENV=%s for development", (NODE_ENV) => {
  expect(faultsOf({ NODE_ENV })).toEqual([
    `NODE_ENV: expected one of production, development, test, found "${NODE_ENV}"`,
  ]);
});

test("reads a whole production environment", () => {
  const environment = {
    ...PRODUCTION,
    HOST: "0.0.0.0",
    PORT: " 8080 ",
    DATABASE_POOL_SIZE: "30",
    LOG_LEVEL: "warn",
    EBP_CONNECTION_PER_CANCEL: "on",
    EBP_SETTLING_MS: "3600000",
    EBP_UNCANCELLED_STATUSES: "CAPTURED",
    EBP_CANCELLED_STATUSES: "CANCELLED, VOIDED",
    EBP_WEBHOOK_SECRET: "wh-5b1e8d90c3f7a264",
    EBP_WEBHOOK_AMOUNTS: "major",
    RECONCILE_INTERVAL_MS: "0",
    MAX_EVENT_LOOP_DELAY_MS: "1000",
    SHUTDOWN_DELAY_MS: "3000",
    SHUTDOWN_GRACE_MS: "20000",
  };
  expect(read(environment)).toEqual({
    ...DEFAULTS,
    production: true,
    host: "0.0.0.0",
    port: 8080,
    databaseUrl: PRODUCTION.DATABASE_URL,
    databasePoolSize: 30,
    stores: [
      {
        ...STORE,
        currencyDecimals: 0,
        amountBasis: "unit",
        webhookSecret: "wh-5b1e8d90c3f7a264",
        accessKeyExpiresAt: null,
      },
    ],
    connectionPerCancel: true,
    ebpSettlingMs: 3_600_000,
    paymentStatuses: { uncancelled: ["CAPTURED"], whollyCancelled: ["CANCELLED", "VOIDED"] },
    webhookAmounts: "major",
    reconcileIntervalMs: 0,
    introspection: false,
    sandbox: false,
    maxEventLoopDelayMs: 1_000,
    shutdownDelayMs: 3_000,
    shutdownGraceMs: 20_000,
    auth: {
      kind: "jwks",
      url: new URL(PRODUCTION.AUTH_JWKS_URL),
      issuer: PRODUCTION.AUTH_ISSUER,
      audience: PRODUCTION.AUTH_AUDIENCE,
    },
    encryptionKeys: [{ id: "2027", key: keyBytes("KEY") }],
    logLevel: "warn",
  });
});

describe("says what is wrong", () => {
  const wrong: readonly (readonly [variable: string, value: string, fault: RegExp])[] = [
    ["PORT", "65536", /^PORT: expected a whole number from 0 to 65535, found "65536"$/u],
    ["PORT", "80a", /^PORT: expected a whole number/u],
    ["EBP_TIMEOUT_MS", "0", /^EBP_TIMEOUT_MS: expected a whole number from 1 to 120000, found "0"$/u],
    ["EBP_SETTLING_MS", "9999", /^EBP_SETTLING_MS: expected a whole number from 10000 to 604800000/u],
    ["EBP_CANCELLED_STATUSES", "all of it", /^EBP_CANCELLED_STATUSES: expected words such as/u],
    ["EBP_CANCELLED_STATUSES", "APPROVED", /^EBP_CANCELLED_STATUSES: expected other words than EBP_UNCANC/u],
    [
      "EBP_CANCELLED_STATUSES",
      "CANCELLED,REFUNDED",
      /^EBP_CANCELLED_STATUSES: expected words that partial refunds do not have, found REFUNDED$/u,
    ],
    [
      "EBP_UNCANCELLED_STATUSES",
      "REFUND_REQUESTED",
      /^EBP_UNCANCELLED_STATUSES: .+ found REFUND_REQUESTED$/u,
    ],
    ["EBP_ENVIRONMENT", "prod", /^EBP_ENVIRONMENT: expected one of dev, qa, prd, found something else$/u],
    ["EBP_WEBHOOK_AMOUNTS", "cents", /^EBP_WEBHOOK_AMOUNTS: expected one of minor, major, found "cents"$/u],
    ["RECONCILE_INTERVAL_MS", "-1", /^RECONCILE_INTERVAL_MS: expected a whole number from 0 to 3600000/u],
    ["LOG_LEVEL", "loud", /^LOG_LEVEL: expected one of trace, .+, silent, found "loud"$/u],
    ["EBP_AMOUNT_BASIS", "sum", /^EBP_AMOUNT_BASIS: expected one of unit, line, found "sum"$/u],
    ["DATABASE_URL", "mysql://db/x", /^DATABASE_URL: expected postgresql:\/\//u],
    ["DATABASE_URL", "postgresql://user:p#ss@db/x", /^DATABASE_URL: .+percent-encoded/u],
    ["EBP_BASE_URL", "ebp.example.com", /^EBP_BASE_URL: expected EBP's base URL, http or https/u],
    ["EBP_ACCESS_KEY", "two words", /^EBP_ACCESS_KEY: expected .*printable ASCII/u],
    ["EBP_COUNTRY_CODE", "kr", /^EBP_COUNTRY_CODE: expected an ISO 3166/u],
    ["EBP_CURRENCY_CODE", "WON", /^EBP_CURRENCY_CODE: expected an ISO 4217/u],
    ["EBP_CURRENCY_CODE", "krw", /^EBP_CURRENCY_CODE: expected an ISO 4217/u],
    ["DATA_ENCRYPTION_KEYS", KEY, /^DATA_ENCRYPTION_KEYS \(key 1\): expected id:base64/u],
    ["DATA_ENCRYPTION_KEYS", "a:c2hvcnQ=", /^DATA_ENCRYPTION_KEYS \(key 1\): .+found a key of 5 bytes$/u],
    ["DATA_ENCRYPTION_KEYS", `a:${KEY},a:${KEY}`, /^DATA_ENCRYPTION_KEYS: .+found "a" twice$/u],
    ["EBP_ACCESS_KEY_EXPIRES_AT", "next year", /^EBP_ACCESS_KEY_EXPIRES_AT: expected a time such as/u],
    ["CORS_ORIGINS", "https://shop.example/", /^CORS_ORIGINS: .+, found "https:\/\/shop\.example\/"$/u],
    ["HOST", "0.0.0.0", /^AUTH_JWKS_URL: .+HOST is 0\.0\.0\.0, .+loopback/u],
    ["HOST", "127.0.0.1.example.com", /^AUTH_JWKS_URL: .+loopback/u],
    ["AUTH_JWKS_URL", "id.example.com", /^AUTH_JWKS_URL: expected an http or https URL/u],
    ["AUTH_PUBLIC_KEY", "MFkw", /^AUTH_PUBLIC_KEY: expected a public key in PEM/u],
    [
      "AUTH_ISSUER",
      "me",
      /^AUTH_JWKS_URL: expected the key server's URL \(or AUTH_PUBLIC_KEY\), found nothing/u,
    ],
    ["EBP_STORES_FILE", "/nowhere/stores.json", /^EBP_STORES_FILE: .+\/nowhere\/stores\.json \(ENOENT\)$/u],
    ["EBP_STORES_FILE", tmpdir(), /^EBP_STORES_FILE: .+ \(EISDIR\)$/u],
  ];

  test.each(wrong)("about %s=%s", (variable, value, fault) => {
    expect(faultsOf({ [variable]: value })).toContainEqual(expect.stringMatching(fault));
  });

  test("about each of several wrong variables at once", () => {
    const independent = wrong.filter(([variable]) => !/^(?:AUTH_|HOST|EBP_STORES)/u.test(variable));
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.constantFrom(...independent), { selector: ([name]) => name, minLength: 1 }),
        (chosen) => {
          const faults = faultsOf(Object.fromEntries(chosen));
          expect(faults).toHaveLength(chosen.length);
          for (const [, , fault] of chosen) expect(faults).toContainEqual(expect.stringMatching(fault));
        },
      ),
      { numRuns: 30 },
    );
  });

  test("in one message, a line for each fault", () => {
    expect(() => read({ PORT: "x", LOG_LEVEL: "y" })).toThrow(
      /^The configuration cannot be used:\n {2}- PORT: .+\n {2}- LOG_LEVEL: .+$/u,
    );
  });
});

test("never quotes a secret", () => {
  const secret = fc.stringMatching(/^[A-Za-z0-9]{12,40}$/u);
  const secrets = fc.record({
    DATABASE_URL: secret.map((s) => `postgres//user:${s}@db`),
    EBP_BASE_URL: secret.map((s) => `ftp://user:${s}@ebp`),
    EBP_ACCESS_KEY: secret.map((s) => `${s} ${s}`),
    EBP_HASH_KEY: secret,
    EBP_CURRENCY_CODE: secret,
    EBP_COUNTRY_CODE: secret,
    AUTH_JWKS_URL: secret.map((s) => `ftp://user:${s}@id`),
    AUTH_PUBLIC_KEY: secret,
    DATA_ENCRYPTION_KEYS: secret.map((s) => `${s},2027:${s},2028-${s}`),
    EBP_STORES_FILE: secret.map((s) => `[{"hashKey":"${s}"}]`),
  });
  fc.assert(
    fc.property(secrets, fc.constantFrom("production", "development"), (environment, NODE_ENV) => {
      const { EBP_STORES_FILE, ...oneStore } = environment;
      const { EBP_ACCESS_KEY: accessKey, EBP_HASH_KEY: hashKey } = environment;
      const inFile = withStores([{ ...STORE, accessKey, hashKey: [hashKey] }]);
      for (const settings of [oneStore, { EBP_STORES_FILE }, inFile]) {
        const faults = faultsOf({ NODE_ENV, ...settings }).join("\n");
        expect(faults).not.toBe("");
        const words = Object.values(environment).flatMap((text) => text.match(/[A-Za-z0-9]{12,}/gu) ?? []);
        for (const word of words) expect(faults).not.toContain(word);
      }
    }),
    { numRuns: 25 },
  );
});

test("reads when the one store's access key expires", () => {
  const { stores } = read({ EBP_ACCESS_KEY_EXPIRES_AT: "2027-01-31T00:00:00+09:00" });
  expect(stores).toEqual([expect.objectContaining({ accessKeyExpiresAt: new Date("2027-01-30T15:00:00Z") })]);
});

test("reads encryption keys in their order: the first encrypts", () => {
  const other = keyBytes("other");
  const { encryptionKeys } = read({
    DATA_ENCRYPTION_KEYS: ` new.1:${other.toString("base64")} , old_2:${KEY}`,
  });
  expect(encryptionKeys).toEqual([
    { id: "new.1", key: other },
    { id: "old_2", key: keyBytes("KEY") },
  ]);
});

describe("CORS_ORIGINS", () => {
  test("are those of pages, as browsers write them", () => {
    const CORS_ORIGINS = "https://shop.example , http://localhost:5173,https://xn--o39a.example:8443";
    const origins = ["https://shop.example", "http://localhost:5173", "https://xn--o39a.example:8443"];
    expect(read({ CORS_ORIGINS }).corsOrigins).toEqual(origins);
    expect(read({ ...PRODUCTION, CORS_ORIGINS }).corsOrigins).toEqual(origins);
  });

  test("may be any, outside production alone", () => {
    expect(read({ CORS_ORIGINS: " * " }).corsOrigins).toEqual(["*"]);
    expect(faultsOf({ ...PRODUCTION, CORS_ORIGINS: "*" })).toEqual([
      'CORS_ORIGINS: expected the origins of your pages in production, found "*"',
    ]);
  });

  test.each([
    "https://shop.example/",
    "https://shop.example/app",
    "https://shop.example?a",
    "shop.example",
    "//shop.example",
    "localhost:5173",
    "https://Shop.example",
    "https://shop.example:443",
    "https://*.shop.example/",
    "https://\uac00.example",
    "ftp://shop.example",
    "null",
    "*",
    "",
  ])("are refused by name when one is no origin: %s", (entry) => {
    expect(faultsOf({ CORS_ORIGINS: `https://desk.example,${entry}` })).toEqual([
      `CORS_ORIGINS: expected origins such as https://shop.example or http://localhost:5173, as browsers write them (no path, no slash at the end, no default port, lower case), separated by commas, found ${JSON.stringify(entry)}`,
    ]);
  });

  test("do not show a password that stands in one", () => {
    const faults = faultsOf({ CORS_ORIGINS: "https://me:k7Qv-2mXz9@shop.example" });
    expect(faults).toEqual([expect.stringMatching(/^CORS_ORIGINS: .+, found a URL with a user$/u)]);
  });
});
