import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type pg from "pg";
import { BusyError } from "../../src/cancellation/model/errors.js";
import { PoolQueue } from "../../src/persistence/pool-queue.js";
import { prismaOn } from "../../src/persistence/client.js";
import { createTestDatabase, type TestDatabase } from "../helpers/database.js";
import { until } from "../helpers/gate.js";

const SIZE = 10;
/** Shorter than it takes to be saturated: a test does not want to wait. */
const IMPATIENT_MS = 20;
const PATIENT_MS = 60_000;
/** Longer than Prisma itself would wait for a transaction. */
const PATIENT_ENOUGH_MS = 3_000;

let database: TestDatabase;
let queue: PoolQueue;
let held: pg.PoolClient[];
beforeEach(async () => {
  database = await createTestDatabase();
  queue = new PoolQueue(database.url);
  held = await Promise.all(Array.from({ length: SIZE }, () => take(PATIENT_MS)));
});
afterEach(async () => {
  for (const client of held) client.release();
  await queue.end();
  await database.drop();
});

function take(patienceMs: number): Promise<pg.PoolClient> {
  return new Promise((resolve, reject) => {
    queue.take(patienceMs, (error, client) => {
      if (client === undefined) reject(error ?? new Error("neither"));
      else resolve(client);
    });
  });
}

test("who finds no connection in time is told so, and in Prisma's place as well", async () => {
  await expect(take(IMPATIENT_MS)).rejects.toThrow(BusyError);
  const prisma = prismaOn(queue, IMPATIENT_MS);
  await expect(prisma.$queryRaw`SELECT 1`).rejects.toThrow(BusyError);
  await expect(prisma.cancellation.findFirst()).rejects.toThrow(BusyError);
  await expect(prisma.$transaction((one) => one.cancellation.findFirst())).rejects.toThrow(BusyError);
});

test("who waits for a transaction has the same patience, and is told the same", async () => {
  const prisma = prismaOn(queue, PATIENT_ENOUGH_MS);
  const inTransaction = [
    prisma.$transaction((one) => one.cancellation.findFirst()),
    prisma.$transaction([prisma.cancellation.findFirst()]),
  ];
  for (const one of await Promise.allSettled(inTransaction)) {
    expect(one).toMatchObject({ status: "rejected", reason: expect.any(BusyError) });
  }
});

test("those who share a pool have each a patience of their own", async () => {
  const patient = prismaOn(queue, PATIENT_MS).$queryRaw`SELECT 1 AS one`.then((rows) => rows);
  await expect(prismaOn(queue, IMPATIENT_MS).$queryRaw`SELECT 1`).rejects.toThrow(BusyError);
  held.pop()?.release();
  expect(await patient).toEqual([{ one: 1 }]);
});

test("who has given up is passed over: the connection goes to the next, and is not lost", async () => {
  await expect(take(IMPATIENT_MS)).rejects.toThrow(BusyError);
  const next = take(PATIENT_MS);
  held.pop()?.release();
  held.push(await next);
  held.pop()?.release();
  held.push(await take(PATIENT_MS));
  expect(held).toHaveLength(SIZE);
});

describe("is saturated", () => {
  test("not by all connections being in use, but by somebody who waits for one too long", async () => {
    expect(queue.isSaturated).toBe(false);
    const waiting = take(PATIENT_MS);
    expect(queue.isSaturated).toBe(false);
    await until(() => queue.isSaturated);
    held.pop()?.release();
    held.push(await waiting);
    expect(queue.isSaturated).toBe(false);
  });

  test("also when everybody has given up, until a connection is free", async () => {
    await expect(take(IMPATIENT_MS)).rejects.toThrow(BusyError);
    await until(() => queue.isSaturated);
    // The pool takes who gave up from its queue only later.
    await new Promise((resolve) => queue.take(PATIENT_MS, resolve));
    expect(queue.isSaturated).toBe(true);
    held.pop()?.release();
    expect(queue.isSaturated).toBe(false);
  }, 20_000);
});

test("a connection that breaks while nobody uses it is replaced, and harms nobody", async () => {
  const [client, other, ...others] = held;
  const pidOf = async (one: pg.PoolClient | undefined): Promise<unknown> =>
    (await one?.query("SELECT pg_backend_pid() AS pid"))?.rows[0].pid;
  const broken = await pidOf(client);
  client?.release();
  held = [...(other === undefined ? [] : [other]), ...others];
  await other?.query("SELECT pg_terminate_backend($1)", [broken]);
  await until(
    async () =>
      (await other?.query("SELECT 1 FROM pg_stat_activity WHERE pid = $1", [broken]))?.rowCount === 0,
  );
  // By the time these are answered, so is what was under way before.
  for (let i = 0; i < 20; i += 1) await pidOf(other);
  const replacement = await take(PATIENT_MS);
  held.push(replacement);
  expect(await pidOf(replacement)).not.toBe(broken);
});
