import { describe, expect, test } from "@jest/globals";
import { DEVELOPMENT_STORE } from "../../simulator/development-store.js";
import { faultsOf, fileOf, PRODUCTION, STORE, withStores } from "../helpers/configuration.js";

const WITHOUT_STORE = Object.fromEntries(
  Object.entries(PRODUCTION).filter(([name]) => !name.startsWith("EBP_")),
);

type Place = readonly [name: string, least: number, environment: (secret: string) => Record<string, string>];

const inVariable = (name: string, least: number): Place => [
  name,
  least,
  (secret) => ({ ...PRODUCTION, [name]: secret }),
];
const inStoresFile = (field: string, least: number): Place => [
  `EBP_STORES_FILE[1].${field}`,
  least,
  (secret) => withStores([STORE, { ...STORE, storeId: "US01", [field]: secret }], WITHOUT_STORE),
];
const inDatabaseUrl = (url: (secret: string) => string): Place => [
  "DATABASE_URL",
  8,
  (secret) => ({ ...PRODUCTION, DATABASE_URL: url(secret) }),
];

const EBP_SECRETS = [
  inVariable("EBP_HASH_KEY", 16),
  inStoresFile("hashKey", 16),
  inVariable("EBP_WEBHOOK_SECRET", 16),
  inStoresFile("webhookSecret", 16),
  inVariable("EBP_ACCESS_KEY", 8),
  inStoresFile("accessKey", 8),
];
const PASSWORDS = [
  inDatabaseUrl((secret) => `postgresql://service:${secret}@db/x`),
  inDatabaseUrl((secret) => `postgresql://service@db/x?password=${secret}`),
];

describe("in production,", () => {
  test.each([...EBP_SECRETS, ...PASSWORDS])(
    "a secret in %s has at least %i characters",
    (name, least, environment) => {
      const secret = "x7Kq2mVz9TbLw4Rd".slice(0, least);
      expect(faultsOf(environment(secret))).toEqual([]);
      const [fault, ...others] = faultsOf(environment(secret.slice(1)));
      expect(others).toEqual([]);
      expect(fault).toContain(`${name}: expected `);
      expect(fault).toContain(` at least ${least} characters, found `);
      expect(fault).not.toContain(secret.slice(1));
    },
  );

  test.each(EBP_SECRETS)("a secret in %s is not one of the simulator's", (name, _least, environment) => {
    for (const secret of [DEVELOPMENT_STORE.accessKey, DEVELOPMENT_STORE.hashKey])
      expect(faultsOf(environment(secret))).toEqual([
        expect.stringContaining(`, not the simulator's, found something else`),
      ]);
    expect(faultsOf(environment(DEVELOPMENT_STORE.hashKey))[0]?.startsWith(`${name}: `)).toBe(true);
  });

  test("a percent-encoded character of the database's password counts once", () => {
    const DATABASE_URL = "postgresql://service:%21%21%21%21@db/x";
    expect(faultsOf({ ...PRODUCTION, DATABASE_URL })).toHaveLength(1);
  });

  test("the database's URL may have no password: the server may know the account otherwise", () => {
    expect(faultsOf({ ...PRODUCTION, DATABASE_URL: "postgresql://service@db/x" })).toEqual([]);
  });

  test("a webhook secret that several stores share is at fault once, by its variable", () => {
    const stores = [STORE, { ...STORE, storeId: "US01" }];
    const EBP_WEBHOOK_SECRET_FILE = fileOf("short");
    expect(faultsOf(withStores(stores, { ...WITHOUT_STORE, EBP_WEBHOOK_SECRET_FILE }))).toEqual([
      expect.stringMatching(/^EBP_WEBHOOK_SECRET: expected .+ at least 16 characters, found /u),
    ]);
  });

  test("every fault is reported at once, beside what is missing and what is wrong", () => {
    const faults = faultsOf({
      ...PRODUCTION,
      DATABASE_URL: "postgresql://postgres:pass@db/x",
      EBP_STORE_ID: "",
      EBP_ACCESS_KEY: DEVELOPMENT_STORE.accessKey,
      EBP_HASH_KEY: "short",
      EBP_CURRENCY_CODE: "WON",
      EBP_WEBHOOK_SECRET: "secret",
      DATA_ENCRYPTION_KEYS: "a:c2hvcnQ=",
    });
    expect(faults.map((fault) => fault.split(":")[0]).sort()).toEqual([
      "DATABASE_URL",
      "DATA_ENCRYPTION_KEYS (key 1)",
      "EBP_ACCESS_KEY",
      "EBP_CURRENCY_CODE",
      "EBP_HASH_KEY",
      "EBP_STORE_ID",
      "EBP_WEBHOOK_SECRET",
    ]);
  });
});

test("outside production, any secret will do", () => {
  const weak = {
    DATABASE_URL: "postgresql://postgres:pass@db/x",
    EBP_ACCESS_KEY: "test",
    EBP_HASH_KEY: DEVELOPMENT_STORE.hashKey,
    EBP_WEBHOOK_SECRET: "secret",
  };
  expect(faultsOf(weak)).toEqual([]);
  expect(faultsOf({ ...weak, NODE_ENV: "test" })).toEqual([]);
});
