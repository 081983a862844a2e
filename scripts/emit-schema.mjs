// Writes schema.graphql from the code; with --check, only says whether it is up to date.
import { readFile, writeFile } from "node:fs/promises";
import { lexicographicSortSchema, printSchema } from "graphql";
import { format, resolveConfig } from "prettier";
import { buildGraphQLSchema } from "../dist/src/graphql/schema.js";

const path = new URL("../schema.graphql", import.meta.url);
const header =
  "# Emitted from src/graphql by `npm run schema`. Do not edit: change the code and emit it again.\n\n";
// A schema needs its resolvers' parts only when a query runs.
const printed = printSchema(lexicographicSortSchema(await buildGraphQLSchema({})));
// As `npm run format` leaves it: two checks that disagree about one file could never both pass.
const options = { ...(await resolveConfig(path)), parser: "graphql" };
const emitted = await format(`${header}${printed}\n`, options);

if (process.argv.includes("--check")) {
  const committed = await readFile(path, "utf8").catch(() => "");
  if (committed !== emitted) {
    console.error(
      "schema.graphql is not what the code says. Run `npm run schema` and look at the diff as a client would.",
    );
    process.exitCode = 1;
  } else {
    console.log("schema.graphql is up to date.");
  }
} else {
  await writeFile(path, emitted);
  console.log("schema.graphql written.");
}
