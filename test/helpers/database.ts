import { test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { createCitusDatabase } from "./citus.js";
import { databaseUrl, dropDatabase, withConnection } from "./connection.js";

export interface TestDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

/** A database of one's own, with every migration applied: on the Citus cluster at CITUS_URL, if that is set. */
export function createTestDatabase(): Promise<TestDatabase> {
  if (isOnCitus()) return createCitusDatabase(setting("CITUS_URL"), newName());
  return create(`TEMPLATE ${setting("TEST_DATABASE_PREFIX")}_template`);
}

/** A database of one's own with nothing in it: for tests of the migrations themselves. */
export function createEmptyDatabase(): Promise<TestDatabase> {
  return create("TEMPLATE template0");
}

async function create(template: string): Promise<TestDatabase> {
  const server = setting("TEST_SERVER_URL");
  const name = newName();
  await withConnection(server, (client) => client.query(`CREATE DATABASE ${name} ${template}`));
  return {
    url: databaseUrl(server, name),
    drop: () => withConnection(server, (client) => dropDatabase(client, name)),
  };
}

/** For what one server alone can show: its plans, its sessions, its statistics. */
export const testOnOneServer = isOnCitus() ? test.skip : test;

export function isOnCitus(): boolean {
  return (process.env["CITUS_URL"] ?? "") !== "";
}

function newName(): string {
  return `${setting("TEST_DATABASE_PREFIX")}_${randomUUID().replaceAll("-", "")}`;
}

function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: the tests' global setup has not run`);
  return value;
}
