import { afterEach, expect, test } from "@jest/globals";
import { fileOf } from "../helpers/configuration.js";
import { createEmptyDatabase, type TestDatabase } from "../helpers/database.js";
import { command, runService, type ServiceProcess } from "../helpers/service-process.js";

const REGISTER = ["--import", "./scripts/register-typescript.mjs"];
const PRISMA_URL = 'import config from "./prisma.config.ts"; process.stdout.write(config.datasource.url);';

let database: TestDatabase | undefined;
afterEach(async () => {
  await database?.drop();
  database = undefined;
});

function migrate(environment: Record<string, string>): ServiceProcess {
  return runService(environment, command("migrate"));
}

function prismaUrl(environment: Record<string, string>): ServiceProcess {
  return runService(environment, [...REGISTER, "--input-type=module", "--eval", PRISMA_URL]);
}

test("npm run migrate takes the database's URL from a file", async () => {
  database = await createEmptyDatabase();
  const environment = { DATABASE_URL_FILE: fileOf(`${database.url}\n`) };
  const first = migrate(environment);
  expect(await first.ended).toBe(0);
  const second = migrate(environment);
  expect([await second.ended, second.stdout]).toEqual([0, "The database has every migration.\n"]);
  expect(first.stdout).not.toBe(second.stdout);
});

test("Prisma's own command takes the database's URL from a file too, and does without where it needs none", async () => {
  const url = "postgresql://service@db/x";
  const given: readonly (readonly [Record<string, string>, string])[] = [
    [{ DATABASE_URL_FILE: fileOf(`${url}\n`) }, url],
    [{}, ""],
  ];
  for (const [environment, expected] of given) {
    const config = prismaUrl(environment);
    expect([await config.ended, config.stdout]).toEqual([0, expected]);
  }
});

test("npm run migrate says what is wrong with its settings", async () => {
  const run = migrate({ DATABASE_URL: "mysql://me:word@db/x" });
  expect(await run.ended).toBe(1);
  expect(run.stderr).toBe(
    "ConfigurationError: The configuration cannot be used:\n  - DATABASE_URL: expected postgresql://user:password@host:port/database, special characters percent-encoded, found something else\n",
  );
});
