import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { openDatabaseHistory, type DatabaseHistory } from "../../src/persistence/database-watch.js";
import { throughPrisma } from "../../src/persistence/client.js";
import { withConnection, createPrisma } from "../helpers/connection.js";
import { createTestDatabase, type TestDatabase } from "../helpers/database.js";

const HOLD_MS = 60_000;

let database: TestDatabase;
let prisma: ReturnType<typeof createPrisma>;
let history: DatabaseHistory;
beforeAll(async () => {
  database = await createTestDatabase();
  prisma = createPrisma(database.url);
  history = await openDatabaseHistory(throughPrisma(prisma), HOLD_MS);
});
afterAll(async () => {
  await prisma.$disconnect();
  await database.drop();
});
beforeEach(async () => {
  await sql("UPDATE database_history SET held_until = NULL");
  await history.look(null);
});

function sql(text: string): Promise<unknown> {
  return withConnection(database.url, (client) => client.query(text));
}

describe("a look at where the database stands", () => {
  test("finds nothing in a database that only goes on, whoever looks in between", async () => {
    let { position } = await history.look(null);
    for (let round = 0; round < 5; round += 1) {
      await history.look(null);
      const look = await history.look(position);
      expect(look).toMatchObject({ wentBack: false, heldForMs: 0 });
      position = look.position;
    }
  });

  test.each([
    ["is older than what was seen", "UPDATE database_history SET beat = beat - 1000"],
    ["was last written on another server", "UPDATE database_history SET cluster = 'another'"],
    ["has lost its row", "DELETE FROM database_history"],
    ["has another id, whose hold is over", "UPDATE database_history SET id = (SELECT gen_random_uuid())"],
  ])("sees that a database that %s has gone back, and holds everybody", async (_what, change) => {
    const { position } = await history.look(null);
    await sql(change);
    const look = await history.look(position);
    expect(look.wentBack).toBe(true);
    expect(look.position.id).not.toBe(position.id);
    expect(look.heldForMs).toBeGreaterThan(HOLD_MS / 2);
    const stranger = await history.look(null);
    expect(stranger.wentBack).toBe(false);
    expect(stranger.heldForMs).toBeGreaterThan(HOLD_MS / 2);
  });

  test("tells each replica once, and gives the row one new id, however many look at the same time", async () => {
    const { position } = await history.look(null);
    await sql("UPDATE database_history SET beat = beat - 1000");
    const looks = await Promise.all(Array.from({ length: 8 }, () => history.look(position)));
    expect(looks.every(({ wentBack }) => wentBack)).toBe(true);
    expect(new Set(looks.map((look) => look.position.id)).size).toBe(1);
    for (const look of looks) {
      expect(await history.look(look.position)).toMatchObject({ wentBack: false });
    }
  });
});
