import { expect, test } from "@jest/globals";
import { expectNoHarm } from "./harness/oracle.js";
import { registered } from "./harness/webhook.js";
import { settle } from "./harness/settle.js";
import { Dice, sized } from "./harness/size.js";
import { useWorld } from "./harness/world.js";

const dice = new Dice(import.meta.url);
const CRASHES = sized(30, 2);

const world = useWorld({
  dice,
  ownServer: true,
  environment: { EBP_TIMEOUT_MS: "10000", RECOVERY_HOLD_MS: "1000" },
});
const url = (): URL => new URL(world.postgres.proxy.url);

test.each<[string, () => string]>([
  ["server", () => "ALTER SYSTEM SET synchronous_commit = off"],
  ["database", () => `ALTER DATABASE ${url().pathname.slice(1)} SET synchronous_commit = off`],
  ["role", () => `ALTER ROLE ${url().username} SET synchronous_commit = off`],
])(
  "a PostgreSQL whose %s has synchronous_commit off, and that crashes right after an answer, has forgotten nothing of it",
  async (whose, statement) => {
    const { postgres } = world;
    await world.database.sql(statement());
    await world.database.sql("SELECT pg_reload_conf()");
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
);
