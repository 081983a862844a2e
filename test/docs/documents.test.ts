import { beforeAll, describe, expect, test } from "@jest/globals";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { NEXT_ACTIONS, USER_ERROR_CODES } from "../../src/cancellation/model/user-error.js";
import { DEVELOPMENT_AUDIENCE, DEVELOPMENT_ISSUER } from "../../src/config/auth.js";
import { readConfig } from "../../src/config/config.js";
import { DEVELOPMENT_STORE } from "../../simulator/development-store.js";
import { FORCED_BEHAVIOURS } from "../../simulator/order-numbers.js";
import { curlLine, EXAMPLE_MUTATION, welcome } from "../../src/graphql/welcome.js";
import { cancel, cancelInput, item } from "../helpers/operations.js";
import { useService } from "../helpers/service.js";

const service = useService();

const DOCUMENTS = [
  "README.md",
  "README.ko.md",
  "SECURITY.md",
  ...[
    "api",
    "configuration",
    "development",
    "faults",
    "frontend",
    "operations",
    "performance",
    "threat-model",
  ].map((name) => `docs/${name}.md`),
];

function read(file: string): string {
  return readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");
}

function blocks(text: string, language: string): string[] {
  return Array.from(
    text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "gmsu")),
    ([, block = ""]) => block,
  );
}

/** Ids and times are other ones each time. */
function withoutChance(json: string): unknown {
  return JSON.parse(json, (key, value: unknown) =>
    ["id", "at", "returnRequestId"].includes(key) ? typeof value : value,
  );
}

test("the READMEs open with two lines to run, and show the mutation that a start prints, and its answer", async () => {
  const printed = welcome({ url: service.url, sandbox: true, needsToken: false });
  const [mutation = "", query = ""] = printed.match(/^(?:mutation|query) \{.*?^\}/gmsu) ?? [];
  expect([mutation, printed.includes(`${service.url}/\n`)]).toEqual([EXAMPLE_MUTATION, true]);
  const cancelled = await service.graphql(mutation);
  const listed = await service.graphql(query);
  expect(listed.data.cancellations.edges[0].node.id).toBe(cancelled.data.cancelPayment.cancellation.id);

  for (const text of [read("README.md"), read("README.ko.md")]) {
    const [lines = ""] = blocks(text, "sh");
    expect(lines.match(/^npm[^#\n]*(?=#|$)/gmu)?.map((line) => line.trim())).toEqual([
      "npm ci && npm start",
      "npm ci && npm test",
    ]);
    const [shown = ""] = blocks(text, "graphql");
    expect(shown.replace(/\s/gu, "")).toBe(mutation.replace(/\s/gu, ""));
    const [answer = ""] = blocks(text, "json");
    expect(withoutChance(cancelled.text)).toEqual(withoutChance(answer));
  }
});

test("where callers need a token, the service says how to get one, and its curl line sends it", () => {
  const printed = welcome({ url: "http://127.0.0.1:4000", sandbox: false, needsToken: true });
  expect(printed).toContain("TOKEN=$(npm run --silent token)");
  expect(printed).toMatch(/^curl .* -H "authorization: Bearer \$TOKEN" /mu);
  expect(printed).not.toContain("Apollo Sandbox:");
  // An apostrophe in the operation does not end it in a shell.
  expect(curlLine("http://127.0.0.1:4000/graphql", `{ a(b: "it's") }`)).toContain(`it'\\''s`);
});

const ENDS = {
  accepted: "`SUCCEEDED`",
  rejected: "`FAILED`",
  notSent: "`FAILED`, safe to retry",
  unknown: "`UNKNOWN`",
};

test("the table of order numbers in docs/development.md is the simulator's", () => {
  const rows = read("docs/development.md")
    .split("\n")
    .filter((line) => line.startsWith("| `SIM-"))
    .map((line) =>
      line
        .split("|")
        .map((cell) => cell.trim())
        .slice(1, -1),
    );

  expect(rows).toEqual(
    FORCED_BEHAVIOURS.map(({ prefix, does, effect, outcome }) => [
      `\`${prefix}\``,
      does,
      effect ? "yes" : "no",
      ENDS[outcome],
    ]),
  );
});

test("every file that the documents link to is there", () => {
  const missing = DOCUMENTS.flatMap((file) =>
    [...read(file).matchAll(/\]\((?!https?:|#)([^)#]+)/gu)]
      .map(([, target = ""]) => target)
      .filter((target) => !existsSync(new URL(target, new URL(`../../${file}`, import.meta.url))))
      .map((target) => `${file}: ${target}`),
  );
  expect(missing).toEqual([]);
});

test("every test that docs/threat-model.md names is there", () => {
  const named = [...read("docs/threat-model.md").matchAll(/`(test\/[^`]+)`/gu)].map(([, path = ""]) => path);
  expect(named.length).toBeGreaterThan(20);
  const root = new URL("../../", import.meta.url);
  const missing = named.filter((path) =>
    [path, `${path}.test.ts`].every((candidate) => !existsSync(new URL(candidate, root))),
  );
  expect(missing).toEqual([]);
});

/** The variables that the configuration is read from, without the files that secrets may be in. */
function variablesRead(): Set<string> {
  const found = new Set<string>();
  const given: Record<string, string> = { AUTH_JWKS_URL: "https://id.example/jwks.json" };
  const watched = new Proxy(given, {
    get(target, name) {
      if (typeof name === "string" && !name.endsWith("_FILE")) found.add(name);
      return typeof name === "string" ? target[name] : undefined;
    },
  });
  try {
    readConfig(watched, DEVELOPMENT_STORE);
  } catch (error) {
    expect(String(error)).toContain("AUTH_ISSUER");
  }
  return found.add("EBP_STORES_FILE");
}

test("docs/configuration.md and .env.example have every variable that the service reads, and no other", () => {
  const rows = read("docs/configuration.md").matchAll(/^\| (`[A-Z][^|]+) \|/gmu);
  const documented = [...rows].flatMap(([, cell = ""]) =>
    [...cell.matchAll(/`([A-Z_]+)`/gu)].map(([, name]) => name),
  );
  const template = [...read(".env.example").matchAll(/^(?:# )?([A-Z_]+?)(?:_FILE)?=/gmu)].map(
    ([, name]) => name,
  );

  expect([...documented].sort()).toEqual([...variablesRead()].sort());
  expect(new Set(template).size).toBeGreaterThan(20);
  expect(documented).toEqual(expect.arrayContaining(template.filter((name) => name !== "EBP_STORES")));
});

interface Recipe {
  readonly title: string;
  readonly query: string;
  readonly variables: Record<string, unknown>;
}

const recipes = read("docs/api.md")
  .split(/^### /mu)
  .slice(1)
  .flatMap((section): Recipe[] => {
    const [query] = blocks(section, "graphql");
    const [variables = "{}"] = blocks(section, "json");
    const title = section.split("\n", 1)[0] ?? "";
    return query === undefined
      ? []
      : [{ title, query, variables: JSON.parse(variables) as Record<string, unknown> }];
  });

/** Every list in an answer that has nothing in it, by its path. */
function emptyLists(value: unknown, path = ""): string[] {
  if (Array.isArray(value)) {
    return value.length === 0 ? [path] : value.flatMap((each) => emptyLists(each, `${path}[]`));
  }
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => emptyLists(inner, `${path}.${name}`));
}

describe("docs/api.md", () => {
  let id: string;

  /** A little of everything that the queries ask for. */
  beforeAll(async () => {
    const lines = [
      item({ quantity: 2 }),
      item({ seq: 2, itemType: "DELIVERY", itemId: "D1", amount: "3000" }),
    ];
    const order = cancelInput({ orderNo: "DOCS-ORDER-1", items: lines, totalCancelAmount: "5000" });
    ({ id } = (await cancel(service, order)).cancellation);
    await cancel(service, cancelInput({ orderNo: "SIM-DISCREPANCY-docs" }));
    await cancel(service, cancelInput({ orderNo: "SIM-CANCELLATION-FAILED-docs" }));
    await cancel(
      service,
      cancelInput({ orderNo: "SIM-RETRY-RECOMMENDED-docs", idempotencyKey: "docs-in-doubt" }),
    );
    // Of the year that the document asks about, whenever this runs.
    await service.sql(
      "UPDATE cancellation SET created_at = '2026-03-15T09:00:00Z', resolved_at = '2026-03-15T09:00:01Z' WHERE resolved_at IS NOT NULL",
    );
    await service.sql(
      "UPDATE cancellation SET created_at = '2026-03-15T09:00:00Z' WHERE resolved_at IS NULL",
    );
    await service.sql(
      "UPDATE cancellation SET in_doubt_since = in_doubt_since - interval '1 day' WHERE status = 'UNKNOWN'",
    );
  });

  test("has the ten queries that people need", () => {
    expect(recipes.map(({ title }) => Number.parseInt(title, 10))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  test.each(recipes)("$title", async ({ query, variables }) => {
    const filled = "id" in variables ? { id } : variables;
    const { status, data, errors } = await service.graphql(query, filled);

    expect([status, errors]).toEqual([200, undefined]);
    expect(Object.values(data as object)).not.toContain(null);
    // What it is about is there: a query that finds nothing would show nothing.
    expect(emptyLists(data).filter((path) => !path.endsWith(".discrepancies"))).toEqual([]);
  });

  test("and the lists in Review show what they are called", async () => {
    const review = recipes.at(-1);
    const { data } = await service.graphql(review?.query ?? "");
    const amounts = data.largest.edges.map(({ node }: any) => Number(node.totalCancelAmount));

    expect(amounts).toEqual([...amounts].sort((a, b) => b - a));
    expect(data.withDiscrepancies.edges[0].node.discrepancies.length).toBeGreaterThan(0);
  });

  /** The cells of the rows of a table, by what their first one has. */
  const rowsOf = (section: string): string[][] => {
    const [, text = ""] = read("docs/api.md").split(`# ${section}\n`);
    const rows = text.split(/^#/mu, 1)[0]?.match(/^\| `[A-Z_]+`.*$/gmu) ?? [];
    return rows.map((row) => row.split("|").map((cell) => cell.replaceAll("`", "").trim()));
  };

  test("has every user error with what to do next", () => {
    const rows = rowsOf("User errors");
    expect(rows.map(([, code]) => code)).toEqual(USER_ERROR_CODES);
    const actions = rows.flatMap(([, , action = ""]) => action.split(/, | or /u));
    expect(new Set(actions)).toEqual(new Set(NEXT_ACTIONS));
  });

  test("has every code of a top-level error that the source has", () => {
    const sources = readdirSync(new URL("../../src", import.meta.url), { recursive: true, encoding: "utf8" });
    const text = sources
      .filter((name) => /^(?:graphql|http|messages)\b.*\.ts$/u.test(name))
      .map((name) => read(`src/${name}`))
      .join("\n");
    const thrown = text.matchAll(/(?:refusal\(\s*|code: |ApiError\(\d+, )"([A-Z_]+)"/gu);
    const ofUserErrors: readonly (string | undefined)[] = USER_ERROR_CODES;
    const codes = new Set([...thrown].map(([, code]) => code).filter((code) => !ofUserErrors.includes(code)));
    expect(codes.size).toBeGreaterThan(6);
    expect(rowsOf("Errors").map(([, code]) => code)).toEqual(expect.arrayContaining([...codes]));
  });

  test("starts the service as `npm run token` says", () => {
    const settings = `AUTH_PUBLIC_KEY_FILE=.data/token-public-key.pem AUTH_ISSUER=${DEVELOPMENT_ISSUER} AUTH_AUDIENCE=${DEVELOPMENT_AUDIENCE} npm start`;
    expect(read("docs/api.md")).toContain(`\n${settings}\n`);
  });
});
