import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { judge } from "./harness/oracle.js";
import type { Request } from "./harness/requests.js";
import { settle } from "./harness/settle.js";
import { Dice } from "./harness/size.js";
import { World } from "./harness/world.js";

const dice = new Dice(import.meta.url);
let world: World;
beforeEach(async () => (world = await World.create({ dice })));
afterEach(() => world.close());

const FORGET_ALL = "DELETE FROM cancellation_event; DELETE FROM cancellation_item; DELETE FROM cancellation";

/** One cancel that has succeeded. */
async function succeeded(): Promise<Request> {
  const request = world.callers.request();
  await world.callers.insist(() => world.app.url, request);
  return request;
}

describe("the oracle", () => {
  test("has nothing to say when all is well", async () => {
    await succeeded();
    await settle(world);
    expect(await judge(world)).toMatchObject({ requests: 1, effects: 1, succeeded: 1, violations: [] });
  });

  test.each([
    ["FAILED though money moved", "UPDATE cancellation SET settlement = NULL, status = 'FAILED'"],
    ["acknowledged but absent", "UPDATE cancellation SET settlement = NULL, status = 'FAILED'"],
    [
      "lost: still PENDING",
      "UPDATE cancellation SET settlement = NULL, status = 'PENDING', next_check_at = now()",
    ],
    [
      "lost: UNKNOWN without",
      "UPDATE cancellation SET settlement = NULL, status = 'UNKNOWN', in_doubt_since = now()",
    ],
    ["trail with gaps", "UPDATE cancellation_event SET number = 3 WHERE number = 2"],
    ["trail broken", "UPDATE cancellation_event SET from_status = 'UNKNOWN' WHERE number = 2"],
    ["trail that ends elsewhere", "UPDATE cancellation_event SET to_status = 'FAILED' WHERE number = 2"],
    ["two responses", "UPDATE cancellation_event SET source = 'RESPONSE'"],
    ["trail miscounted", "UPDATE cancellation SET event_count = 5"],
    ["wrong cancelled total", "UPDATE cancelled_order SET cancelled_total = 1"],
    ["lost: money moved and nothing", FORGET_ALL],
  ])("sees %s", async (words, sabotage) => {
    await succeeded();
    await world.database.sql(sabotage);
    const { violations } = await judge(world);
    expect(violations.some((violation) => violation.startsWith(words))).toBe(true);
  });

  test("sees what was sent twice", async () => {
    const request = await succeeded();
    const second = await world.startApp();
    // The same request once more, as if its intent had been forgotten.
    await world.database.sql(FORGET_ALL);
    await world.callers.insist(() => second.url, request);
    const { violations } = await judge(world);
    for (const words of [
      "sent 2 times",
      "double: money moved 2 times",
      "double cancel of order",
      "money moved 2 times on order",
    ]) {
      expect(violations.some((violation) => violation.startsWith(words))).toBe(true);
    }
  });

  test("sees a success that moved no money", async () => {
    const request = world.callers.request({ prefix: "SIM-CANCELLATION-FAILED" });
    await world.callers.insist(() => world.app.url, request);
    await world.database.sql("UPDATE cancellation SET status = 'SUCCEEDED'");
    const { violations } = await judge(world);
    expect(violations.some((violation) => violation.startsWith("SUCCEEDED though no money moved"))).toBe(
      true,
    );
  });
});
