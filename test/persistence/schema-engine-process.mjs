// Prisma's own engine on a database, in a process of its own: `node schema-engine-process.mjs apply|diagnose <url>`.
import { EVERYTHING, openSchemaEngine, readMigrations } from "../../scripts/schema-engine.mjs";

const [command, url] = process.argv.slice(2);
const engine = await openSchemaEngine(url);
const request = { migrationsList: await readMigrations(), filters: EVERYTHING };
const answer =
  command === "apply"
    ? await engine.applyMigrations(request)
    : {
        ...(await engine.diagnoseMigrationHistory({ ...request, optInToShadowDatabase: true })),
        ...(await engine.devDiagnostic(request)),
      };
process.stdout.write(JSON.stringify(answer), () => process.exit());
