import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { DEVELOPMENT_STORE } from "../../simulator/development-store.js";
import { faultsOf, fileOf, KEY, keyBytes, PRODUCTION, STORE, withStores } from "../helpers/configuration.js";

const WITHOUT_STORE = Object.fromEntries(
  Object.entries(PRODUCTION).filter(([name]) => !name.startsWith("EBP_")),
);

type Place = readonly [where: string, fault: string, environment: (secret: string) => Record<string, string>];

const inStoresFile = (field: string): Place => [
  `${field} in EBP_STORES_FILE`,
  `EBP_STORES_FILE[1].${field}`,
  (secret) => withStores([STORE, { ...STORE, storeId: "US01", [field]: secret }], WITHOUT_STORE),
];
const inVariable = (name: string): Place => [name, name, (secret) => ({ ...PRODUCTION, [name]: secret })];

const HASH_KEYS = [inVariable("EBP_HASH_KEY"), inStoresFile("hashKey")];
const WEBHOOK_SECRETS = [inVariable("EBP_WEBHOOK_SECRET"), inStoresFile("webhookSecret")];
const ACCESS_KEYS = [inVariable("EBP_ACCESS_KEY"), inStoresFile("accessKey")];
const PASSWORDS: Place[] = [
  [
    "the password in DATABASE_URL",
    "DATABASE_URL",
    (secret) => ({ ...PRODUCTION, DATABASE_URL: `postgresql://service:${encodeURIComponent(secret)}@db/x` }),
  ],
  [
    "the password in DATABASE_URL's query",
    "DATABASE_URL",
    (secret) => ({
      ...PRODUCTION,
      DATABASE_URL: `postgresql://service@db/x?password=${encodeURIComponent(secret)}`,
    }),
  ],
  [
    "the password in the file of DATABASE_URL_FILE",
    "DATABASE_URL",
    (secret) => ({
      ...PRODUCTION,
      DATABASE_URL: "",
      DATABASE_URL_FILE: fileOf(`postgresql://service:${encodeURIComponent(secret)}@db/x\n`),
    }),
  ],
];
const ALL = [...HASH_KEYS, ...WEBHOOK_SECRETS, ...ACCESS_KEYS, ...PASSWORDS];

/** One fault, about this setting, that does not quote it. */
function expectRefused([, name, environment]: Place, secret: string, found: RegExp): void {
  const faults = faultsOf(environment(secret));
  expect(faults).toEqual([expect.stringMatching(found)]);
  expect(faults[0]?.startsWith(`${name}: expected `)).toBe(true);
  expect(faults[0]?.slice(name.length)).not.toContain(`found ${secret}`);
}

describe.each(ALL)("in production, %s", (...place: Place) => {
  const [, , environment] = place;

  test.each([
    "changeme",
    "Change-Me",
    "SECRET",
    "password",
    "Password1",
    "postgres",
    "example",
    "test",
    "test-2027",
    "default",
    "admin",
    "1234567890",
    "your-hash-key",
    "webhook_secret",
  ])("cannot be %s", (word) => {
    expectRefused(place, word, /, found a word that anybody would try$/u);
  });

  test("cannot be a pattern", () => {
    expectRefused(place, "abababababababababab", /, found the same characters again and again$/u);
  });

  test("may be whatever a random generator makes", () => {
    const random = fc.oneof(
      fc.stringMatching(/^[0-9a-f]{32}$/u),
      fc.stringMatching(/^[A-Za-z0-9_-]{22}$/u),
      fc.uuid(),
    );
    fc.assert(
      fc.property(
        random.filter((text) => new Set(text).size > 8),
        (secret) => {
          expect(faultsOf(environment(secret))).toEqual([]);
        },
      ),
      { numRuns: 30 },
    );
  });
});

const LEAST: readonly (readonly [where: string, least: number, place: Place])[] = [
  ...[...HASH_KEYS, ...WEBHOOK_SECRETS].map((place) => [place[0], 16, place] as const),
  ...[...ACCESS_KEYS, ...PASSWORDS].map((place) => [place[0], 8, place] as const),
];

test.each(LEAST)("in production, %s cannot have fewer than %i characters", (_where, least, place) => {
  const secret = "x7Kq2mVz9TbLw4Rd";
  const fault = new RegExp(`at least ${least} characters .+, found ${least - 1} characters$`, "u");
  expectRefused(place, secret.slice(0, least - 1), fault);
  expect(faultsOf(place[2](secret.slice(0, least)))).toEqual([]);
});

test.each([...HASH_KEYS, ...ACCESS_KEYS, ...WEBHOOK_SECRETS])(
  "in production, %s cannot be one of the simulator's",
  (...place) => {
    for (const secret of [DEVELOPMENT_STORE.accessKey, DEVELOPMENT_STORE.hashKey])
      expectRefused(place, secret, /, found the simulator's$/u);
  },
);

test("in production, the database's password cannot be its user's name", () => {
  const DATABASE_URL = "postgresql://cancellations:cancellations@db/x";
  expect(faultsOf({ ...PRODUCTION, DATABASE_URL })).toEqual([
    expect.stringMatching(/^DATABASE_URL: .+, found the user's name$/u),
  ]);
});

test("in production, the database's URL may have no password: the server may know the account otherwise", () => {
  expect(faultsOf({ ...PRODUCTION, DATABASE_URL: "postgresql://service@db/x" })).toEqual([]);
});

test("tells all of them at once, beside what is missing and what is wrong", () => {
  const faults = faultsOf({
    ...PRODUCTION,
    DATABASE_URL: "postgresql://postgres:postgres@db/x",
    EBP_STORE_ID: "",
    EBP_ACCESS_KEY: DEVELOPMENT_STORE.accessKey,
    EBP_HASH_KEY: "short",
    EBP_CURRENCY_CODE: "WON",
    EBP_WEBHOOK_SECRET: "secret",
    DATA_ENCRYPTION_KEYS: `a:${Buffer.alloc(32).toString("base64")}`,
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

test("takes all of them outside production", () => {
  const weak = {
    DATABASE_URL: "postgresql://postgres:postgres@db/x",
    EBP_ACCESS_KEY: "test",
    EBP_HASH_KEY: "test",
    EBP_WEBHOOK_SECRET: "secret",
    DATA_ENCRYPTION_KEYS: `a:${Buffer.alloc(32, 7).toString("base64")}`,
  };
  expect(faultsOf(weak)).toEqual([]);
  expect(faultsOf({ ...weak, NODE_ENV: "test" })).toEqual([]);
});

describe("in production, an encryption key", () => {
  const faultsOfKey = (key: Uint8Array): readonly string[] =>
    faultsOf({ ...PRODUCTION, DATA_ENCRYPTION_KEYS: `a:${KEY},b:${Buffer.from(key).toString("base64")}` });
  const refused = (what: string): unknown[] => [
    expect.stringMatching(
      `^DATA_ENCRYPTION_KEYS \\(key 2\\): expected .+, found a ${what}, not random bytes$`,
    ),
  ];

  test("cannot be one byte again and again, nor bytes that count", () => {
    fc.assert(
      fc.property(fc.nat(255), fc.nat(255), (first, step) => {
        const key = Uint8Array.from({ length: 32 }, (_byte, index) => first + index * step);
        expect(faultsOfKey(key)).toEqual(refused("pattern"));
      }),
    );
  });

  test("cannot have a few different bytes only", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(255), { minLength: 1, maxLength: 7 }), (bytes) => {
        const key = Uint8Array.from(
          { length: 32 },
          (_byte, index) => bytes[(index * index) % bytes.length] ?? 0,
        );
        expect(faultsOfKey(key)).toEqual(refused("pattern"));
      }),
    );
  });

  test("cannot be a text", () => {
    expect(faultsOfKey(Buffer.from("correct horse battery staple 123"))).toEqual(refused("text"));
  });

  test("may be any random bytes", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (name) => {
        fc.pre(name !== "KEY");
        expect(faultsOfKey(keyBytes(name))).toEqual([]);
      }),
    );
  });
});
