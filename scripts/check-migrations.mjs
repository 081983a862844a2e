// node scripts/check-migrations.mjs: fails when the migrations do not make what schema.prisma says.
import { readdir } from "node:fs/promises";
import { diffMigrationsToSchema, MIGRATIONS_FOLDER, openSchemaEngine } from "./schema-engine.mjs";
import { withTemporaryDatabase } from "./temporary-database.mjs";

const folders = (await readdir(MIGRATIONS_FOLDER, { withFileTypes: true })).filter((each) =>
  each.isDirectory(),
);
const unclear = folders.map(({ name }) => name).filter((name) => !/_(?:init|expand|contract)$/.test(name));
if (unclear.length > 0) {
  console.error(`These names do not say whether the version before runs on: ${unclear.join(", ")}.
End them in _expand if they only add, otherwise in _contract.`);
  process.exitCode = 1;
}

const { differs, text } = await withTemporaryDatabase(async (url) =>
  diffMigrationsToSchema(await openSchemaEngine(url), { script: false }),
);
if (differs) {
  console.error(text.trim());
  console.error(
    "The migrations do not make what prisma/schema.prisma says. Run: npm run migration:new -- <name>",
  );
  process.exitCode = 1;
} else {
  console.log("The migrations make what prisma/schema.prisma says.");
}
