import { describe, expect, test } from "@jest/globals";
import { cancelUrl } from "../../src/ebp/ebp-request.js";
import { faultsOf, fileOf, PRODUCTION, read, STORE, withStores } from "../helpers/configuration.js";

describe("EBP_STORES_FILE", () => {
  test("holds several stores, each with its own amount basis and key expiry", () => {
    const other = { ...STORE, storeId: "US01", currencyCode: "USD", amountBasis: "line" };
    const { stores } = read(
      withStores([STORE, { ...other, accessKeyExpiresAt: "2027-01-31T00:00:00+09:00" }]),
    );
    expect(stores).toEqual([
      { ...STORE, currencyDecimals: 0, amountBasis: "unit", webhookSecret: null, accessKeyExpiresAt: null },
      {
        ...other,
        currencyDecimals: 2,
        webhookSecret: null,
        accessKeyExpiresAt: new Date("2027-01-30T15:00:00Z"),
      },
    ]);
  });

  test("takes EBP_AMOUNT_BASIS for the stores that say nothing", () => {
    const stores = [STORE, { ...STORE, storeId: "US01", amountBasis: "unit" }];
    const config = read(withStores(stores, { EBP_AMOUNT_BASIS: "line" }));
    expect(config.stores.map(({ amountBasis }) => amountBasis)).toEqual(["line", "unit"]);
  });

  test("takes EBP_WEBHOOK_SECRET for the stores that have none of their own", () => {
    const stores = [STORE, { ...STORE, storeId: "US01", webhookSecret: "its-own" }];
    const config = read(withStores(stores, { EBP_WEBHOOK_SECRET: "for-all" }));
    expect(config.stores.map(({ webhookSecret }) => webhookSecret)).toEqual(["for-all", "its-own"]);
  });

  const { baseUrl, ...unreachable } = STORE;

  test("may leave the base URL to the simulator, save in production", () => {
    expect(read(withStores([unreachable])).stores[0]?.baseUrl).toBeNull();
    const { EBP_BASE_URL, EBP_STORE_ID, ...rest } = PRODUCTION;
    const production = Object.fromEntries(Object.entries(rest).filter(([name]) => !name.startsWith("EBP_")));
    expect(faultsOf(withStores([STORE], production))).toEqual([]);
    const fault = "EBP_STORES_FILE[0].baseUrl: expected EBP's base URL, http or https, found ";
    const missing = fault.replace(", found", " (or EBP_STORES_FILE[0].environment), found");
    expect(faultsOf(withStores([unreachable], production))).toEqual([`${missing}nothing`]);
    expect(faultsOf(withStores([{ ...STORE, baseUrl: null }], production))).toEqual([
      `${fault}something else`,
    ]);
    expect([EBP_BASE_URL, EBP_STORE_ID]).toEqual([baseUrl, STORE.storeId]);
  });

  test.each([
    ["text that is not JSON", '[{"storeId": "KR01",]', /JSON with each key once, found something else$/u],
    ["a key that stands twice", '[{"storeId": "A", "storeId": "B"}]', /each key once/u],
    ["an object", JSON.stringify(STORE), /a JSON array of stores, found something else$/u],
    ["an empty list", "[]", /a JSON array of stores, found an empty one$/u],
  ])("cannot be %s", (_what, text, fault) => {
    expect(faultsOf({ EBP_STORES_FILE: fileOf(text) })).toEqual([expect.stringMatching(fault)]);
  });

  test.each([
    [
      "has a field it does not know",
      { ...STORE, acessKey: "a" },
      /^EBP_STORES_FILE\[1\]\.acessKey: expected one of the fields storeId, .+, found another field$/u,
    ],
    [
      "lacks a field",
      { ...STORE, hashKey: undefined },
      /^EBP_STORES_FILE\[1\]\.hashKey: expected the hash key that EBP issued for the store, found nothing$/u,
    ],
    [
      "has a field of another type",
      { ...STORE, divisionCode: 7 },
      /^EBP_STORES_FILE\[1\]\.divisionCode: expected the division code that EBP issued, found something else$/u,
    ],
    ["is not an object", "KR01", /^EBP_STORES_FILE\[1\]: /u],
  ])("is told by its place when a store %s", (_what, store, fault) => {
    expect(faultsOf(withStores([{ ...STORE, storeId: "first" }, store]))).toEqual([
      expect.stringMatching(fault),
    ]);
  });

  test("may begin with a byte order mark, and is text in UTF-8", () => {
    expect(read({ EBP_STORES_FILE: fileOf(`\uFEFF${JSON.stringify([STORE])}`) }).stores).toHaveLength(1);
    const bytes = Buffer.from(
      JSON.stringify([{ ...STORE, hashKey: "hk-\u00b0\u00a1-5e1d8b46f2" }]),
      "latin1",
    );
    expect(faultsOf({ EBP_STORES_FILE: fileOf(bytes) })).toEqual([
      "EBP_STORES_FILE: expected a file of text in UTF-8, found other bytes",
    ]);
  });

  test("states the decimals of a currency that is newer than the table, and contradicts it for no other", () => {
    const decimals = (changes: object): unknown =>
      read(withStores([{ ...STORE, ...changes }])).stores.map((store) => store.currencyDecimals);
    expect(decimals({ currencyCode: "KRW" })).toEqual([0]);
    expect(decimals({ currencyCode: "XCG", currencyDecimals: 2 })).toEqual([2]);
    expect(decimals({ currencyCode: "KWD", currencyDecimals: 3 })).toEqual([3]);
    const faults = (changes: object): readonly string[] => faultsOf(withStores([{ ...STORE, ...changes }]));
    expect(faults({ currencyCode: "XCG" })).toEqual([
      "EBP_STORES_FILE[0].currencyCode: expected an ISO 4217 currency code such as KRW (a newer one needs EBP_STORES_FILE[0].currencyDecimals), found something else",
    ]);
    expect(faults({ currencyCode: "KRW", currencyDecimals: 2 })).toEqual([
      "EBP_STORES_FILE[0].currencyDecimals: expected nothing, or 0, which is what ISO 4217 says of KRW, found something else",
    ]);
    for (const wrong of [5, -1, 1.5, "two", null])
      expect(faults({ currencyCode: "XCG", currencyDecimals: wrong })).toEqual([
        "EBP_STORES_FILE[0].currencyDecimals: expected how many decimal places the currency has, 0 to 4, found something else",
      ]);
  });

  test("names each store once", () => {
    expect(faultsOf(withStores([STORE, STORE]))).toEqual([
      "EBP_STORES_FILE: expected each storeId once, found KR01 twice",
    ]);
  });

  test("stands alone: a variable of one store beside it is refused", () => {
    const beside = {
      EBP_STORE_ID: "KR01",
      EBP_BASE_URL: "https://x",
      EBP_HASH_KEY_FILE: fileOf(STORE.hashKey),
      EBP_ACCESS_KEY_EXPIRES_AT: "2027-01-31T00:00:00Z",
    };
    expect(faultsOf(withStores([STORE], beside))).toEqual(
      Object.keys(beside).map((name) =>
        expect.stringContaining(`${name}: expected nothing beside EBP_STORES_FILE`),
      ),
    );
  });
});

describe("a base URL", () => {
  const bare = "a URL without user, password, query or fragment";

  test.each([
    ["a password", "https://user:s3cret@ebp.example.com", bare],
    ["a query", "https://ebp.example.com/prefix?x=1", bare],
    ["a fragment", "https://ebp.example.com/#x", bare],
    ["no TLS", "http://ebp.example.com", "an https URL: the access key travels with every request"],
  ])("with %s is refused in production, and not quoted", (_what, baseUrl, expected) => {
    expect(faultsOf({ ...PRODUCTION, EBP_BASE_URL: baseUrl })).toEqual([
      `EBP_BASE_URL: expected ${expected}, found something else`,
    ]);
  });

  test("may have a path, and needs no TLS to this machine", () => {
    expect(faultsOf({ ...PRODUCTION, EBP_BASE_URL: "http://127.0.0.1:8443/ebp" })).toEqual([]);
  });
});

describe("an environment of EBP in place of a base URL", () => {
  const { EBP_BASE_URL: _, ...elsewhere } = PRODUCTION;
  const { baseUrl: __, ...store } = STORE;

  test.each([
    ["dev", "KIC", "https://devkic-payapi-int.nebp.lge.com"],
    ["qa", "KIC", "https://qakic-payapi-int.nebp.lge.com"],
    ["prd", "KIC", "https://kic-payapi-int.nebp.lge.com"],
    ["dev", "AIC", "https://devaic-payapi-int.nebp.lge.com"],
    ["qa", "EIC", "https://qaeic-payapi-int.nebp.lge.com"],
    ["prd", "EIC", "https://eic-payapi-int.nebp.lge.com"],
  ])("%s of %s is %s, for one store and in the file", (environment, ricCode, expected) => {
    const one = read({ ...elsewhere, EBP_ENVIRONMENT: environment, EBP_RIC_CODE: ricCode });
    const inFile = read(withStores([{ ...store, environment, ricCode }]));
    for (const { stores } of [one, inFile]) {
      expect(stores).toEqual([expect.objectContaining({ baseUrl: expected, ricCode })]);
      expect(stores[0]).not.toHaveProperty("environment");
    }
    expect(cancelUrl(expected).href).toBe(`${expected}/api/v2/payment/cancel`);
  });

  test("is refused beside a base URL, and for a region whose host is not known", () => {
    const beside = "expected nothing beside EBP_BASE_URL, found a value";
    expect(faultsOf({ ...PRODUCTION, EBP_ENVIRONMENT: "prd" })).toEqual([`EBP_ENVIRONMENT: ${beside}`]);
    const region = "one of KIC, AIC, EIC, or EBP_BASE_URL in place of EBP_ENVIRONMENT";
    expect(faultsOf({ ...elsewhere, EBP_ENVIRONMENT: "prd", EBP_RIC_CODE: "NIC" })).toEqual([
      `EBP_RIC_CODE: expected ${region}, found something else`,
    ]);
    expect(faultsOf(withStores([{ ...STORE, environment: "prd" }]))).toEqual([
      "EBP_STORES_FILE[0].environment: expected nothing beside EBP_STORES_FILE[0].baseUrl, found a value",
    ]);
    expect(faultsOf({ ...elsewhere, EBP_ENVIRONMENT: "prd", EBP_RIC_CODE: "" })).toEqual([
      expect.stringMatching(/^EBP_RIC_CODE: .+ found nothing$/u),
    ]);
    expect(faultsOf(elsewhere)).toEqual([
      "EBP_BASE_URL: expected EBP's base URL, http or https (or EBP_ENVIRONMENT), found nothing",
    ]);
  });
});

const OPERATION = { id: "a1", name: "Count", type: "query", body: "{ cancellations { totalCount } }" };
const manifest = (operations: unknown, changes: object = {}): object => ({
  format: "apollo-persisted-query-manifest",
  version: 1,
  operations,
  ...changes,
});
const settings = (content: unknown): Record<string, string> => ({
  PERSISTED_OPERATIONS: fileOf(typeof content === "string" ? content : JSON.stringify(content)),
});

test("without the setting, there is no list", () => {
  expect(read({}).persistedOperations).toBeNull();
  expect(read({ PERSISTED_OPERATIONS: " " }).persistedOperations).toBeNull();
});

test("the list may begin with a byte order mark", () => {
  const content = `\uFEFF${JSON.stringify(manifest([OPERATION]))}`;
  expect(read(settings(content)).persistedOperations).toHaveLength(1);
});

test("reads a manifest as Apollo's tools write it", () => {
  expect(
    read(settings(manifest([OPERATION, { ...OPERATION, id: "a2", name: "Other" }]))).persistedOperations,
  ).toEqual([
    { id: "a1", name: "Count", body: OPERATION.body },
    { id: "a2", name: "Other", body: OPERATION.body },
  ]);
});

test("reads an object of ids and documents", () => {
  expect(read(settings({ a1: OPERATION.body, format: "{ __typename }" })).persistedOperations).toEqual([
    { id: "a1", name: "a1", body: OPERATION.body },
    { id: "format", name: "format", body: "{ __typename }" },
  ]);
});

describe("refuses to start with", () => {
  const OTHER =
    ": expected a manifest of persisted queries as Apollo's tools write it, or a JSON object of ids and documents, found something else";
  const NO_BODY = ": expected a GraphQL document, found something else";

  test.each<[string, unknown, string[]]>([
    ["something that is not JSON", "query { a }", [OTHER]],
    ["a list", [OPERATION], [OTHER]],
    ["no operations in an object", {}, [": expected at least one operation, found none"]],
    [
      "an id that stands twice",
      manifest([OPERATION, OPERATION]),
      [': expected each id once, found "a1" more than once'],
    ],
    [
      "another format",
      manifest([OPERATION], { format: "relay" }),
      ['.format: expected "apollo-persisted-query-manifest", found something else'],
    ],
    [
      "operations without a body, with an empty one, and without an id, each of which is named",
      manifest([
        { ...OPERATION, body: undefined },
        { ...OPERATION, body: " \n" },
        { ...OPERATION, id: "" },
      ]),
      [
        `.operations.0.body${NO_BODY}`,
        `.operations.1.body${NO_BODY}`,
        ".operations.2.id: expected an id, found something else",
      ],
    ],
    [
      "operations that are no list",
      manifest({ a: "b" }),
      [".operations: expected a list, found something else"],
    ],
    ["a document that is none in an object", { a: "{ a }", b: 7 }, [`.b${NO_BODY}`]],
  ])("%s", (_what, content, faults) => {
    expect(faultsOf(settings(content))).toEqual(faults.map((fault) => `PERSISTED_OPERATIONS${fault}`));
  });

  test("a file that is not there, beside whatever else is wrong", () => {
    expect(faultsOf({ PERSISTED_OPERATIONS: "/nowhere/list.json", PORT: "x" })).toEqual([
      expect.stringMatching(/^PORT: /u),
      "PERSISTED_OPERATIONS: expected the path of a file that can be read, found /nowhere/list.json (ENOENT)",
    ]);
  });
});
