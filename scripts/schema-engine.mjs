// Prisma's schema engine, as the WebAssembly build which npm carries: the native one is a download made outside npm.
import { readFile, readdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { bindMigrationAwareSqlAdapterFactory } from "@prisma/driver-adapter-utils";
import * as bindings from "@prisma/schema-engine-wasm/schema_engine_bg";
import { CatalogAdapterFactory } from "./catalog-adapter.mjs";

export const SCHEMA_FILE = fileURLToPath(new URL("../prisma/schema.prisma", import.meta.url));
export const MIGRATIONS_FOLDER = fileURLToPath(new URL("../prisma/migrations", import.meta.url));
export const EVERYTHING = { externalTables: [], externalEnums: [] };

/** The module's own entry imports the .wasm file, for which Node 20 needs a flag; reading it needs none. */
async function loadBindings() {
  const file = createRequire(import.meta.url).resolve("@prisma/schema-engine-wasm/schema_engine_bg");
  const program = await readFile(join(dirname(file), "schema_engine_bg.wasm"));
  // Where the engine's panics put their reason; without it, the report of a panic fails and hides it.
  globalThis.PRISMA_WASM_PANIC_REGISTRY = { set_message: (message) => console.error(message) };
  const { instance } = await WebAssembly.instantiate(program, { "./schema_engine_bg.js": bindings });
  bindings.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
}

let loaded;

/** An engine on the database at `url`. What needs an empty database makes one beside it, and drops it. */
export async function openSchemaEngine(url) {
  await (loaded ??= loadBindings());
  const adapter = bindMigrationAwareSqlAdapterFactory(new CatalogAdapterFactory(url));
  const content = await readFile(SCHEMA_FILE, "utf8");
  // The engine's log lines; its results and errors come back from the calls themselves.
  const ignoreLog = () => undefined;
  return bindings.SchemaEngine.new({ datamodels: [[SCHEMA_FILE, content]] }, ignoreLog, adapter);
}

/** The migrations folder in the engine's terms. */
export async function readMigrations(folder = MIGRATIONS_FOLDER) {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return {
    baseDir: folder,
    lockfile: { path: "migration_lock.toml", content: await readLockFile(folder) },
    shadowDbInitScript: "",
    migrationDirectories: await Promise.all(names.sort().map((name) => readMigration(folder, name))),
  };
}

async function readLockFile(folder) {
  try {
    return await readFile(join(folder, "migration_lock.toml"), "utf8");
  } catch (error) {
    if (error.code === "ENOENT") return null;
    throw error;
  }
}

async function readMigration(folder, name) {
  const value = await readFile(join(folder, name, "migration.sql"), "utf8");
  return { path: name, migrationFile: { path: "migration.sql", content: { tag: "ok", value } } };
}

/** The SQL (or, for people, the summary) which leads from what the migrations make to what schema.prisma says. */
export async function diffMigrationsToSchema(engine, { script }) {
  const migrations = await readMigrations();
  const content = await readFile(SCHEMA_FILE, "utf8");
  const { exitCode, stdout } = await engine.diff({
    from: { tag: "migrations", ...migrations },
    to: { tag: "schemaDatamodel", files: [{ path: SCHEMA_FILE, content }] },
    script,
    exitCode: true,
    filters: EVERYTHING,
  });
  return { differs: exitCode === 2, text: stdout ?? "" };
}
