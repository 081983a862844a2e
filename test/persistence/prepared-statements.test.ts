import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import pg from "pg";
import { preparedOn, type Database } from "../../src/persistence/client.js";
import { statement, type Query } from "../../src/persistence/statement.js";
import { createTestDatabase, type TestDatabase } from "../helpers/database.js";

let database: TestDatabase;
let pool: pg.Pool;
let poolers: number;
let statements: Database;
beforeEach(async () => {
  database = await createTestDatabase();
  // One connection: what one statement leaves there, the next one meets.
  pool = openPool();
  poolers = 0;
  statements = preparedOn(pool, () => (poolers += 1));
});
afterEach(async () => {
  await pool.end();
  await database.drop();
});

function openPool(): pg.Pool {
  const opened = new pg.Pool({ connectionString: database.url, max: 1 });
  // The database is dropped while the server is still taking leave of the last connection.
  opened.on("error", () => undefined);
  return opened;
}

interface Prepared {
  readonly name: string;
  readonly statement: string;
}

async function prepared(): Promise<Prepared[]> {
  const { rows } = await pool.query<Prepared>(
    "SELECT name, statement FROM pg_prepared_statements ORDER BY name",
  );
  return rows;
}

const ADD = statement("add", "SELECT :one::integer + :other::integer AS sum");
const add = (one: number, other: number): Query => ADD({ one, other });
const subtract = statement("add", "SELECT 5 - 3 AS sum")({});

async function sum(query: Query): Promise<number | undefined> {
  const [row] = await statements.rows<{ sum: number }>(query);
  return row?.sum;
}

test("a statement is prepared once, and run with other values each time", async () => {
  expect([await sum(add(1, 2)), await sum(add(3, 4)), await sum(add(5, 6))]).toEqual([3, 7, 11]);
  expect(await prepared()).toEqual([
    { name: expect.stringMatching(/^add_[\da-f]{16}$/u), statement: add(1, 2).text },
  ]);
  expect(poolers).toBe(0);
});

test("another text has another name, whatever it is called: two releases never run each other's", async () => {
  expect([await sum(add(5, 3)), await sum(subtract)]).toEqual([8, 2]);
  expect(new Set((await prepared()).map(({ name }) => name)).size).toBe(2);
});

test("a value that is missing is an error, and not NULL", () => {
  expect(() => ADD({ one: 1 })).toThrow("the statement add: there is no value for :other");
});

test("what PostgreSQL refuses is not run again", async () => {
  await pool.query("CREATE SEQUENCE runs");
  const wrong = statement("wrong", "SELECT nextval('runs') / :zero::integer")({ zero: 0 });
  await expect(sum(wrong)).rejects.toThrow("division by zero");
  const { rows } = await pool.query<{ runs: string }>("SELECT nextval('runs') AS runs");
  expect(rows).toEqual([{ runs: "2" }]);
  expect(poolers).toBe(0);
});

describe("behind a pooler that gives each transaction another connection,", () => {
  test("a statement that the next connection does not know is run all the same, and none is prepared any more", async () => {
    expect(await sum(add(1, 2))).toBe(3);
    await pool.query("DEALLOCATE ALL");
    expect(await sum(add(3, 4))).toBe(7);
    expect(await sum(add(5, 6))).toBe(11);
    expect(await prepared()).toEqual([]);
    expect(poolers).toBe(1);
  });

  test("so is one that the next connection knows already, of another process", async () => {
    await sum(add(1, 2));
    const [{ name } = { name: "" }] = await prepared();
    const anotherPool = openPool();
    try {
      await anotherPool.query(`PREPARE ${name} AS ${add(1, 2).text}`);
      const others = preparedOn(anotherPool, () => (poolers += 1));
      expect(await others.rows(add(3, 4))).toEqual([{ sum: 7 }]);
      expect(poolers).toBe(1);
    } finally {
      await anotherPool.end();
    }
  });

  test("those under way at that moment are run once each, and it is told once", async () => {
    await pool.query("CREATE TABLE counted (n integer)");
    const count = statement("count", "INSERT INTO counted VALUES (:n::integer)");
    await statements.rows(count({ n: 0 }));
    await pool.query("DEALLOCATE ALL");
    await Promise.all([1, 2, 3, 4, 5].map((n) => statements.rows(count({ n }))));
    const { rows } = await pool.query<{ n: number }>("SELECT n FROM counted ORDER BY n");
    expect(rows.map(({ n }) => n)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(poolers).toBe(1);
  });
});
