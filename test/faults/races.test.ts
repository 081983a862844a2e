import { beforeAll, expect, test } from "@jest/globals";
import type { Instance } from "./harness/instance.js";
import { expectNoHarm } from "./harness/oracle.js";
import { settle } from "./harness/settle.js";
import { Dice, sized, TEST_TIMEOUT_MS } from "./harness/size.js";
import { useWorld } from "./harness/world.js";

const dice = new Dice(import.meta.url);
const ROUNDS = sized(50);
const INSTANCES = 4;
const CALLERS = 100;
const RACERS = 50;

const world = useWorld({ dice, environment: { EBP_TIMEOUT_MS: "10000" } });
let instances: Instance[];
beforeAll(async () => {
  instances = await Promise.all(Array.from({ length: INSTANCES }, () => world.startInstance()));
}, TEST_TIMEOUT_MS);

test("one key, used by 100 callers at once on 4 replicas, is sent once, and all are told the same", async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const request = world.callers.request();
    const answers = await Promise.all(
      Array.from({ length: CALLERS }, (_, index) => world.callers.insist(() => urlOf(index), request)),
    );
    expect(new Set(answers.map(({ told }) => JSON.stringify(told))).size).toBe(1);
    expect(answers[0]?.told?.status).toBe("SUCCEEDED");
    expect(world.simulator.ledger.received(request.orderNo)).toHaveLength(1);
  }
  await settle(world);
  await expectNoHarm(world, `one key from ${CALLERS} callers on ${INSTANCES} replicas: ${ROUNDS} rounds`, {
    effectsPerOrder: 1,
  });
});

test("one order, raced for by 50 callers with keys of their own, never has two cancels under way", async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const first = world.callers.request();
    const racers = [
      first,
      ...Array.from({ length: RACERS - 1 }, () => world.callers.request({ orderNo: first.orderNo })),
    ];
    const answers = await Promise.all(
      racers.map((request, index) => world.callers.insist(() => urlOf(index), request)),
    );
    const { ledger } = world.simulator;
    const succeeded = answers.filter(({ told }) => told?.status === "SUCCEEDED");
    expect(ledger.maxInFlight(first.orderNo)).toBe(1);
    expect(ledger.effects(first.orderNo)).toHaveLength(succeeded.length);
    const refused = answers.filter(({ codes }) => codes[0] === "CANCEL_IN_PROGRESS");
    expect(succeeded.length + refused.length).toBe(RACERS);
  }
  await settle(world);
  await expectNoHarm(world, `one order, ${RACERS} racers on ${INSTANCES} replicas: ${ROUNDS} rounds`, {
    effectsPerOrder: RACERS,
  });
});

function urlOf(index: number): string {
  return instances[index % INSTANCES]?.url ?? "";
}
