// node scripts/check-migrations.mjs: fails when the migrations do not make what schema.prisma says.
import { diffMigrationsToSchema, openSchemaEngine } from "./schema-engine.mjs";
import { withTemporaryDatabase } from "./temporary-database.mjs";

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
