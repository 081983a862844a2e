import { describe, expect, test } from "@jest/globals";
import { existsSync, readFileSync } from "node:fs";
import { DEVELOPMENT_AUDIENCE, DEVELOPMENT_ISSUER } from "../src/config/auth.js";
import { readConfig } from "../src/config/config.js";
import { DEVELOPMENT_STORE } from "../simulator/development-store.js";
import { FORCED_BEHAVIOURS } from "../simulator/order-numbers.js";
import { curlLine, EXAMPLE_MUTATION } from "../src/graphql/example-operations.js";
import { welcome } from "../src/graphql/welcome.js";
import { startService, useService } from "./helpers/service.js";

const ENDS = {
  accepted: "`SUCCEEDED`",
  rejected: "`FAILED`",
  notSent: "`FAILED`, safe to retry",
  unknown: "`UNKNOWN`",
};

const DOCUMENTS = [
  "README.md",
  "README.ko.md",
  "SECURITY.md",
  ...["api", "configuration", "development", "faults", "operations", "performance", "threat-model"].map(
    (name) => `docs/${name}.md`,
  ),
];

function read(file: string): string {
  return readFileSync(new URL(`../${file}`, import.meta.url), "utf8");
}

function blocks(text: string, language: string): string[] {
  return Array.from(
    text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "gmsu")),
    ([, block]) => block ?? "",
  );
}

/** Ids and times are other ones each time. */
function withoutChance(json: string): unknown {
  return JSON.parse(json, (key, value: unknown) =>
    ["id", "at", "returnRequestId"].includes(key) ? typeof value : value,
  );
}

describe.each(["README.md", "README.ko.md"])("%s", (file) => {
  const text = read(file);
  const service = useService();

  test("shows a mutation that works, and its answer", async () => {
    const [mutation = ""] = blocks(text, "graphql");
    const [cancelled = ""] = blocks(text, "json");

    expect(withoutChance((await service.graphql(mutation)).text)).toEqual(withoutChance(cancelled));
  });

  test("shows the mutation that the service prints at its start", () => {
    const [mutation = ""] = blocks(text, "graphql");
    expect(mutation.replace(/\s/gu, "")).toBe(EXAMPLE_MUTATION.replace(/\s/gu, ""));
  });

  test("opens with exactly two lines to run", () => {
    const [lines = ""] = blocks(text, "sh");
    expect(
      lines
        .trim()
        .split("\n")
        .map((line) => line.split("#")[0]?.trim()),
    ).toEqual(["npm ci && npm start", "npm ci && npm test"]);
  });
});

test("what the service prints at its start works as printed", async () => {
  const service = await startService();
  const printed = welcome({ url: service.url, sandbox: true, needsToken: false });
  const [mutation = "", query = ""] = printed.match(/^(?:mutation|query) \{.*?^\}/gmsu) ?? [];
  const cancelled = await service.graphql(mutation);
  const listed = await service.graphql(query);
  await service.close();

  expect(printed).toContain(`${service.url}/\n`);
  expect(cancelled.data.cancelPayment).toMatchObject({ replayed: false, userErrors: [] });
  expect(listed.data.cancellations.totalCount).toBe(1);
  expect(listed.data.cancellations.edges[0].node.id).toBe(cancelled.data.cancelPayment.cancellation.id);
});

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
      .filter((target) => !existsSync(new URL(target, new URL(`../${file}`, import.meta.url))))
      .map((target) => `${file}: ${target}`),
  );
  expect(missing).toEqual([]);
});

test("every test that docs/threat-model.md names is there", () => {
  const named = [...read("docs/threat-model.md").matchAll(/`(test\/[^`]+)`/gu)].map(([, path = ""]) => path);
  expect(named.length).toBeGreaterThan(20);
  const root = new URL("../", import.meta.url);
  const missing = named.filter((path) =>
    [path, `${path}.test.ts`].every((candidate) => !existsSync(new URL(candidate, root))),
  );
  expect(missing).toEqual([]);
});

test("docs/api.md starts the service as `npm run token` says", () => {
  const settings = `AUTH_PUBLIC_KEY_FILE=.data/token-public-key.pem AUTH_ISSUER=${DEVELOPMENT_ISSUER} AUTH_AUDIENCE=${DEVELOPMENT_AUDIENCE} npm start`;
  expect(read("docs/api.md")).toContain(`\n${settings}\n`);
});

test("where callers need a token, the service says how to get one, and its curl line sends it", () => {
  const printed = welcome({ url: "http://127.0.0.1:4000", sandbox: false, needsToken: true });
  expect(printed).toContain("TOKEN=$(npm run --silent token)");
  expect(printed).toMatch(/^curl .* -H "authorization: Bearer \$TOKEN" /mu);
  expect(printed).not.toContain("Apollo Sandbox:");
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

test("the printed curl line survives a shell: an apostrophe in the operation does not end it", () => {
  expect(curlLine("http://127.0.0.1:4000/graphql", `{ a(b: "it's") }`)).toContain(`it'\\''s`);
});
