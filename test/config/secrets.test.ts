import { generateKeyPairSync } from "node:crypto";
import { tmpdir } from "node:os";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { DEVELOPMENT_STORE } from "../../simulator/development-store.js";
import { SECRET_VARIABLES } from "../../src/config/settings.js";
import {
  faultsOf,
  fileOf,
  KEY,
  keyBytes,
  PRODUCTION,
  read,
  STORE,
  withStores,
} from "../helpers/configuration.js";

const PUBLIC_KEY = generateKeyPairSync("ec", { namedCurve: "P-256" })
  .publicKey.export({ type: "spki", format: "pem" })
  .toString();
const { AUTH_JWKS_URL: _, ...WITHOUT_KEY_SERVER } = PRODUCTION;

/** A production environment that can be used, with every secret in it. */
const ENVIRONMENT: Readonly<Record<string, string>> = {
  ...WITHOUT_KEY_SERVER,
  AUTH_PUBLIC_KEY: PUBLIC_KEY,
  EBP_WEBHOOK_SECRET: "wh-5b1e8d90c3f7a264",
};

/** The same with these secrets in files; a text, or bytes, to stand in the file instead. */
function inFiles(names: readonly string[], content?: string | Uint8Array): Record<string, string> {
  return Object.fromEntries(
    Object.entries(ENVIRONMENT).map(([name, value]) =>
      names.includes(name) ? [`${name}_FILE`, fileOf(content ?? `${value}\n`)] : [name, value],
    ),
  );
}

test("reads the same from files as from the variables, whichever of the secrets are in files", () => {
  const expected = read(ENVIRONMENT);
  fc.assert(
    fc.property(fc.subarray([...SECRET_VARIABLES]), (names) => {
      expect(read(inFiles(names))).toEqual(expected);
    }),
    { numRuns: 20 },
  );
});

test("takes what editors put around a secret for no part of it", () => {
  for (const text of [
    STORE.hashKey,
    `${STORE.hashKey}\r\n`,
    `\uFEFF${STORE.hashKey}\n\n`,
    ` ${STORE.hashKey} `,
  ]) {
    expect(read(inFiles(["EBP_HASH_KEY"], text)).stores[0]?.hashKey).toBe(STORE.hashKey);
  }
});

test("gives the stores of EBP_STORES_FILE the webhook secret of a file", () => {
  const { stores } = read(withStores([STORE], { EBP_WEBHOOK_SECRET_FILE: fileOf("wh-5b1e8d90c3f7a264\n") }));
  expect(stores[0]?.webhookSecret).toBe("wh-5b1e8d90c3f7a264");
});

test.each(SECRET_VARIABLES)("%s_FILE is told by what is wrong with its file, and by nothing else", (name) => {
  const file = `${name}_FILE`;
  const { [name]: value = "", ...rest } = ENVIRONMENT;
  const unreadable = "expected the path of a file that can be read, found one that cannot";
  for (const [path, fault] of [
    [value, `${unreadable} (ENOENT)`],
    [tmpdir(), `${unreadable} (EISDIR)`],
    [fileOf("\n"), "expected a file with the secret in it, found an empty one"],
    [fileOf(Uint8Array.of(0x61, 0xff, 0x62)), "expected a file of text in UTF-8, found other bytes"],
  ] as const)
    expect(faultsOf({ ...rest, [file]: path })).toEqual([`${file}: ${fault}`]);
  expect(faultsOf({ ...ENVIRONMENT, [file]: fileOf(value) })).toEqual([
    `${file}: expected nothing beside ${name}, found a value`,
  ]);
});

test("tells the faults of every file at once, and those of what the others say", () => {
  const faults = faultsOf({
    ...inFiles(["EBP_ACCESS_KEY"], "two words"),
    DATABASE_URL: "",
    DATABASE_URL_FILE: "/nowhere",
    DATA_ENCRYPTION_KEYS: "",
    DATA_ENCRYPTION_KEYS_FILE: fileOf(`a:${KEY},a:${keyBytes("b").toString("base64")}`),
    PORT: "many",
  });
  expect(faults.map((fault) => fault.split(":")[0])).toEqual([
    "PORT",
    "DATABASE_URL_FILE",
    "EBP_ACCESS_KEY",
    "DATA_ENCRYPTION_KEYS",
  ]);
});

test("never quotes a file's content, nor its path: the secret may have been put there", () => {
  const secret = fc.stringMatching(/^[A-Za-z0-9]{12,40}$/u);
  fc.assert(
    fc.property(fc.constantFrom(...SECRET_VARIABLES), secret, fc.boolean(), (name, text, asPath) => {
      const environment = { ...inFiles([name], `${text} ${text}`), EBP_CURRENCY_CODE: "WON" };
      const faults = faultsOf(asPath ? { ...environment, [`${name}_FILE`]: text } : environment).join("\n");
      expect(faults).toContain("EBP_CURRENCY_CODE");
      expect(faults).not.toContain(text);
    }),
    { numRuns: 25 },
  );
});

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
