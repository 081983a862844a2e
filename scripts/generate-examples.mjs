// node scripts/generate-examples.mjs: makes the types of the examples' operations from schema.graphql; with --check, only says whether
// they are up to date. What `graphql-codegen` does with these plugins, without its command line, which needs a newer Node.
import { readFile, readdir, writeFile } from "node:fs/promises";
import { codegen } from "@graphql-codegen/core";
import * as typedDocumentNode from "@graphql-codegen/typed-document-node";
import * as operations from "@graphql-codegen/typescript-operations";
import { parse } from "graphql";
import { format, resolveConfig } from "prettier";

const root = new URL("../", import.meta.url);
const folder = new URL("examples/operations/", root);
const output = new URL("examples/generated/operations.ts", root);

const names = (await readdir(folder)).filter((name) => name.endsWith(".graphql")).sort();
const documents = await Promise.all(
  names.map(async (name) => ({
    location: name,
    document: parse(await readFile(new URL(name, folder), "utf8")),
  })),
);
const generated = await codegen({
  filename: output.pathname,
  schema: parse(await readFile(new URL("schema.graphql", root), "utf8")),
  documents,
  config: {
    // Exact amounts and moments are texts on the wire: a number would lose digits.
    scalars: { Decimal: "string", DateTime: "string" },
    strictScalars: true,
    enumsAsTypes: true,
    useTypeImports: true,
    onlyOperationTypes: true,
    skipTypename: true,
  },
  plugins: [{ operations: {} }, { typedDocumentNode: {} }],
  pluginMap: { operations, typedDocumentNode },
});
const header =
  "// Made by `npm run examples:generate` from schema.graphql and examples/operations. Do not edit.\n\n";
const text = await format(`${header}${generated}`, {
  ...(await resolveConfig(output)),
  parser: "typescript",
});

if (process.argv.includes("--check")) {
  const committed = await readFile(output, "utf8").catch(() => "");
  if (committed === text) console.log("The examples' types are up to date.");
  else {
    console.error("examples/generated is not what the schema says. Run `npm run examples:generate`.");
    process.exitCode = 1;
  }
} else {
  await writeFile(output, text);
  console.log("examples/generated/operations.ts written.");
}
