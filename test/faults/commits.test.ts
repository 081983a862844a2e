import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import { withConnection } from "../helpers/connection.js";
import { startDurablePostgres, type DurablePostgres } from "./harness/durable-postgres.js";
import { expectNoHarm } from "./harness/oracle.js";
import { registered } from "./harness/webhook.js";
import { settle } from "./harness/settle.js";
import { Dice, sized, TEST_TIMEOUT_MS } from "./harness/size.js";
import { World } from "./harness/world.js";

const dice = new Dice(import.meta.url);
const CRASHES = sized(30, 2);

let postgres: DurablePostgres;
let world: World;
beforeAll(async () => {
  postgres = await startDurablePostgres();
  world = await World.create({
    dice,
    databaseUrl: postgres.proxy.url,
    environment: { EBP_TIMEOUT_MS: "10000", RECOVERY_HOLD_MS: "1000" },
  });
}, TEST_TIMEOUT_MS);
beforeEach(() => world.begin());
afterAll(async () => {
  await world.close();
  await postgres.close();
});

const database = (): string => new URL(postgres.proxy.url).pathname.slice(1);

test.each<[string, () => string]>([
  ["server", () => "ALTER SYSTEM SET synchronous_commit = off"],
  ["database", () => `ALTER DATABASE ${database()} SET synchronous_commit = off`],
  ["role", () => `ALTER ROLE ${new URL(postgres.proxy.url).username} SET synchronous_commit = off`],
])(
  "a PostgreSQL whose %s has synchronous_commit off, and that crashes right after an answer, has forgotten nothing of it",
  async (whose, statement) => {
    await withConnection(postgres.proxy.url, (client) => client.query(statement()));
    await withConnection(postgres.proxy.url, (client) => client.query("SELECT pg_reload_conf()"));
    await world.restart();
    for (let crash = 0; crash < CRASHES; crash += 1) {
      const request = registered(world);
      const first = await world.callers.insist(() => world.app.url, request);
      await postgres.stopImmediately();
      await postgres.startAgain();
      const again = await world.callers.insist(() => world.app.url, request);
      expect(again.told?.id).toBe(first.told?.id);
      expect(world.simulator.ledger.received(request.orderNo)).toHaveLength(1);
    }
    await settle(world);
    await expectNoHarm(world, `synchronous_commit off for the ${whose}: ${CRASHES} crashes`);
  },
  TEST_TIMEOUT_MS,
);
