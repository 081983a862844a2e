import { generateKeyPairSync } from "node:crypto";
import { tmpdir } from "node:os";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
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

test("counts a blank path as not set", () => {
  expect(read({ ...ENVIRONMENT, EBP_HASH_KEY_FILE: " " })).toEqual(read(ENVIRONMENT));
});

test("gives the stores of EBP_STORES_FILE the webhook secret of a file", () => {
  const { stores } = read(withStores([STORE], { EBP_WEBHOOK_SECRET_FILE: fileOf("wh-5b1e8d90c3f7a264\n") }));
  expect(stores[0]?.webhookSecret).toBe("wh-5b1e8d90c3f7a264");
});

describe.each(SECRET_VARIABLES)("%s_FILE", (name) => {
  const file = `${name}_FILE`;
  const { [name]: value = "", ...rest } = ENVIRONMENT;

  test.each<[string, string, string]>([
    [
      "a file that is not there",
      "/nowhere/secret",
      "expected the path of a file that can be read, found one that cannot (ENOENT)",
    ],
    ["a directory", tmpdir(), "expected the path of a file that can be read, found one that cannot (EISDIR)"],
    [
      "the secret itself",
      value,
      "expected the path of a file that can be read, found one that cannot (ENOENT)",
    ],
    ["an empty file", fileOf("\n"), "expected a file with the secret in it, found an empty one"],
    [
      "a file of other bytes",
      fileOf(Uint8Array.of(0x61, 0xff, 0x62)),
      "expected a file of text in UTF-8, found other bytes",
    ],
  ])("is told, and nothing else, when it names %s", (_what, path, fault) => {
    expect(faultsOf({ ...rest, [file]: path })).toEqual([`${file}: ${fault}`]);
  });

  test("is refused beside the variable, though both say the same", () => {
    expect(faultsOf({ ...ENVIRONMENT, [file]: fileOf(value) })).toEqual([
      `${file}: expected nothing beside ${name}, found a value`,
    ]);
  });
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
    { numRuns: 50 },
  );
});
