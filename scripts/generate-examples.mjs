// node scripts/generate-examples.mjs: makes what the examples need of schema.graphql and of their operations; with --check, only says
// whether it is up to date. What `graphql-codegen` does with these plugins, without its command line, which needs a newer Node.
import { spawnSync } from "node:child_process";
import { readFile, readdir, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { codegen } from "@graphql-codegen/core";
import * as fragmentMatcher from "@graphql-codegen/fragment-matcher";
import * as typedDocumentNode from "@graphql-codegen/typed-document-node";
import * as operations from "@graphql-codegen/typescript-operations";
import { minifyIntrospectionQuery } from "@urql/introspection";
import { buildSchema, introspectionFromSchema, parse } from "graphql";
import { format, resolveConfig } from "prettier";

const root = new URL("../", import.meta.url);
const folder = new URL("examples/operations/", root);
const generated = new URL("examples/generated/", root);
const relay = new URL("examples/relay/", root);

const HEADER =
  "// Made by `npm run examples:generate` from schema.graphql and examples/operations. Do not edit.\n\n";
const OUTDATED = "is not what the schema says. Run `npm run examples:generate`.";

const isCheck = process.argv.includes("--check");
const schemaText = await readFile(new URL("schema.graphql", root), "utf8");
const documents = await readDocuments();

await emit(
  "operations.ts",
  await generate("operations.ts", [{ operations: {} }, { typedDocumentNode: {} }], {
    // Exact amounts and moments are texts on the wire: a number would lose digits.
    scalars: { Decimal: "string", DateTime: "string" },
    strictScalars: true,
    enumsAsTypes: true,
    useTypeImports: true,
    onlyOperationTypes: true,
    skipTypename: true,
  }),
);
await emit("possible-types.ts", await generate("possible-types.ts", [{ fragmentMatcher: {} }], {}));
await emit("introspection.ts", introspection());
compileRelay();

async function readDocuments() {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".graphql")).sort();
  return Promise.all(
    names.map(async (name) => ({
      location: name,
      document: parse(await readFile(new URL(name, folder), "utf8")),
    })),
  );
}

function generate(filename, plugins, config) {
  const pluginMap = { operations, typedDocumentNode, fragmentMatcher };
  return codegen({ filename, schema: parse(schemaText), documents, config, plugins, pluginMap });
}

/** Only what urql's cache reads: without descriptions, and without scalars, enums and inputs. */
function introspection() {
  const options = { includeScalars: false, includeEnums: false, includeInputs: false };
  const minified = minifyIntrospectionQuery(introspectionFromSchema(buildSchema(schemaText)), options);
  return `// prettier-ignore\nexport const schema = ${JSON.stringify(minified)} as const;\n`;
}

async function emit(name, content) {
  const file = new URL(name, generated);
  const text = await format(`${HEADER}${content}`, { ...(await resolveConfig(file)), parser: "typescript" });
  if (!isCheck) {
    await writeFile(file, text);
    console.log(`examples/generated/${name} written.`);
    return;
  }
  const committed = await readFile(file, "utf8").catch(() => "");
  if (committed !== text) fail(`examples/generated/${name} ${OUTDATED}`);
}

/** Relay reads its fragments from the components themselves. */
function compileRelay() {
  const compiler = fileURLToPath(import.meta.resolve("relay-compiler/cli.js"));
  const args = [compiler, "--noWatchman", ...(isCheck ? ["--validate"] : [])];
  const { status, stdout, stderr, error } = spawnSync(process.execPath, args, {
    cwd: relay,
    encoding: "utf8",
  });
  if (status === 0) {
    if (!isCheck) console.log("examples/relay/__generated__ written.");
    return;
  }
  console.error(error?.message ?? `${stdout}${stderr}`);
  fail(`examples/relay/__generated__ ${OUTDATED}`);
}

function fail(message) {
  console.error(message);
  process.exitCode = 1;
}

if (isCheck && process.exitCode === undefined) console.log("What the examples generate is up to date.");
