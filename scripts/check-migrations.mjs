// node scripts/check-migrations.mjs: fails when the migrations do not make what schema.prisma says, or a name does not say whether
// older versions run on (docs/decisions/0021).
import { readdir } from "node:fs/promises";
import { diffMigrationsToSchema, MIGRATIONS_FOLDER, openSchemaEngine } from "./schema-engine.mjs";
import { withTemporaryDatabase } from "./temporary-database.mjs";

const folders = (await readdir(MIGRATIONS_FOLDER, { withFileTypes: true })).filter((each) =>
  each.isDirectory(),
);
const names = folders.map(({ name }) => name).sort();
const unclear = names.filter((name, index) => {
  const since = /_contract_since_(\d{14})$/.exec(name)?.[1];
  if (since !== undefined) return !names.slice(0, index).some((older) => older.startsWith(`${since}_`));
  return !(index === 0 ? /_init$/ : /_expand$/).test(name);
});
if (unclear.length > 0) {
  console.error(`These names do not say which older versions run on: ${unclear.join(", ")}.
End them in _expand if they only add, otherwise in _contract_since_<the number of an older migration>.`);
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
