import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { cancelInput, item } from "../helpers/operations.js";
import { ACCOUNT, NAME, NUMBER, PIECE_OF_ACCOUNT, useRefusals } from "../helpers/refusals.js";

const refusals = useRefusals();

/** Answers with what was wrong and nothing of what was given; sends nothing, whatever becomes of the input. */
const PREVIEW =
  "query ($input: CancelPaymentInput!) { cancelPaymentPreview(input: $input) { userErrors { message field } } }";
const INPUT = cancelInput({
  items: [item(), item({ seq: 2 })],
  refundAccount: ACCOUNT,
  reason: "r",
  note: "n",
});
const REQUESTS = { numRuns: 50 };

type Path = readonly (string | number)[];

/** Every place in a value, the value itself included. */
function placesIn(value: unknown): Path[] {
  if (typeof value !== "object" || value === null) return [[]];
  const inside = Object.entries(value).flatMap(([key, child]) =>
    placesIn(child).map((path) => [Array.isArray(value) ? Number(key) : key, ...path]),
  );
  return [[], ...inside];
}

function replaced(value: any, [key, ...rest]: Path, change: (old: any) => unknown): any {
  if (key === undefined) return change(value);
  const copy = Array.isArray(value) ? [...value] : { ...value };
  copy[key] = replaced(copy[key], rest, change);
  return copy;
}

const word = fc.constantFrom("Zaphod", "Quibblewick", `n${NUMBER}`);
const secret = fc.constantFrom<unknown>(
  NUMBER,
  Number(NUMBER),
  -Number(NUMBER),
  Number(`${NUMBER}.5`),
  NAME,
  ACCOUNT,
);
/** What a String, a number or an enum can never be. */
const misshapen = fc.oneof(
  fc.array(secret, { minLength: 1, maxLength: 3 }),
  fc.dictionary(fc.oneof(word, fc.constantFrom("accountNumber", "value")), secret, {
    minKeys: 1,
    maxKeys: 3,
  }),
);
const anything = fc.oneof(secret, misshapen, fc.constantFrom(null, undefined, true, 7));

const mistake = fc.oneof(
  fc
    .record({ at: fc.constantFrom(...placesIn(INPUT)), put: misshapen })
    .map(({ at, put }) => ({ at, change: () => put })),
  fc
    .record({ at: fc.constantFrom(...placesIn(ACCOUNT)), put: anything })
    .map(({ at, put }) => ({ at: ["refundAccount", ...at], change: () => put })),
  fc
    .record({ at: fc.constantFrom<Path>([], ["items", 0], ["refundAccount"]), key: word, put: anything })
    .map(({ at, key, put }) => ({ at, change: (old: object) => ({ ...old, [key]: put }) })),
  fc
    .record({ at: fc.constantFrom<Path>([], ["items", 1], ["refundAccount"]), nth: fc.nat(5) })
    .map(({ at, nth }) => ({
      at,
      change: (old: object) => Object.fromEntries(Object.entries(old).filter((_, i) => i !== nth)),
    })),
);

const mistaken = fc.array(mistake, { minLength: 1, maxLength: 2 }).map((mistakes) =>
  mistakes.reduce((input, { at, change }) => {
    try {
      return replaced(input, at, change);
    } catch {
      return input;
    }
  }, INPUT),
);

/** A value as GraphQL writes it; `ItemType`s as the names they are. */
function written(value: unknown, key = ""): string {
  if (Array.isArray(value)) return `[${value.map((each) => written(each)).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    return `{${Object.entries(value)
      .filter(([, child]) => child !== undefined)
      .map(([name, child]) => `${name}: ${written(child, name)}`)
      .join(", ")}}`;
  }
  return key === "itemType" && typeof value === "string"
    ? value.replace(/\W/gu, "")
    : JSON.stringify(value ?? null);
}

const document = (input: unknown): string =>
  `{ cancelPaymentPreview(input: ${written(input)}) { userErrors { message field } } }`;

async function tellsNothing(query: string, variables?: object): Promise<void> {
  const { text, errors, data } = await refusals.service.graphql(query, variables);
  expect(text).not.toMatch(PIECE_OF_ACCOUNT);
  expect(text).not.toContain("Something went wrong");
  expect(errors ?? data).toBeDefined();
}

test.each<[what: string, send: (input: object) => Promise<void>]>([
  ["variables", (input) => tellsNothing(PREVIEW, { input })],
  ["literals", (input) => tellsNothing(document(input))],
])(
  "tells nothing of the account, whatever is wrong with the %s and wherever the account stands",
  async (_what, send) => {
    await fc.assert(fc.asyncProperty(mistaken, send), REQUESTS);
  },
);

test("tells nothing of the account, wherever the document is cut or something slips into it", async () => {
  const whole = document(INPUT);
  const slip = fc.constantFrom(...Array.from("\"'${}[:-0\n# @!"), "", '"""', "...", "\\u");
  const cut = fc.record({ from: fc.nat(whole.length), length: fc.nat(12), slip });
  await fc.assert(
    fc.asyncProperty(cut, ({ from, length, slip: put }) =>
      tellsNothing(whole.slice(0, from) + put + whole.slice(from + length)),
    ),
    REQUESTS,
  );
});
