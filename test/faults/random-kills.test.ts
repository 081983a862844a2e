import { test } from "@jest/globals";
import { setTimeout as delay } from "node:timers/promises";
import { kill, type Instance } from "./harness/instance.js";
import { expectNoHarm } from "./harness/oracle.js";
import { settle } from "./harness/settle.js";
import { registered, tellCapture } from "./harness/webhook.js";
import { Dice, sized } from "./harness/size.js";
import { eachOf } from "./harness/wait.js";
import { useWorld } from "./harness/world.js";

const dice = new Dice(import.meta.url);
const CANCELS = sized(10_000);
const KILLS = sized(300);
const PER_KILL = CANCELS / KILLS;
const INSTANCES = 3;
const CALLERS = 20;
/** EBP takes its time: that is when most cancels are caught. */
const SLOWEST_ANSWER_MS = 200;

/** Orders with whose arrival at EBP a replica is killed. */
const doomed = new Set<string>();
let strike: () => void;
const environment = { EBP_TIMEOUT_MS: "1000", RECONCILE_INTERVAL_MS: "500", LOG_LEVEL: "info" };
const beforeAnswer = ({ orderNo }: { orderNo: string }): Promise<void> => {
  if (doomed.delete(orderNo)) strike();
  return delay(dice.below(SLOWEST_ANSWER_MS));
};
const world = useWorld({ dice, environment, simulator: { beforeAnswer } });

test("three replicas, killed at random and started again under load, lose nothing and send nothing twice", async () => {
  const instances = await Promise.all(Array.from({ length: INSTANCES }, () => world.startInstance()));
  const anyUrl = (): string => dice.pick(instances as [Instance, ...Instance[]]).url;
  const replaceOne = async (): Promise<void> => {
    const at = dice.below(INSTANCES);
    const next = world.startInstance();
    const victim = instances[at];
    if (victim !== undefined) await kill(victim);
    instances[at] = await next;
  };

  let [begun, kills, begunAtStrike] = [0, 0, 0];
  /** One is replaced before the next is killed: of three, two are there. */
  let replaced = Promise.resolve();
  strike = () => {
    begunAtStrike = begun;
    replaced = replaced.then(replaceOne);
  };
  await eachOf(
    Array.from({ length: CANCELS }).map(() => registered(world)),
    CALLERS,
    async (request) => {
      begun += 1;
      if (begun >= (kills + 1) * PER_KILL) {
        kills += 1;
        await replaced;
        doomed.add(request.orderNo);
      } else if (begun - begunAtStrike > PER_KILL / 2) {
        // Kills that come when all is done would hit nothing.
        await replaced;
      }
      if (dice.below(2) === 0) await tellCapture(world, request);
      await world.callers.insist(anyUrl, request);
    },
  );
  await replaced;
  await Promise.all(instances.map(kill));
  await settle(world);
  for (const request of world.callers.requests) await world.callers.insist(() => world.app.url, request);

  const [{ caught }] = await world.database.sql(
    "SELECT count(*)::int AS caught FROM cancellation_event WHERE source = 'RECOVERY'",
  );
  await expectNoHarm(
    world,
    `${kills} random kills of ${INSTANCES} replicas, ${caught} cancels caught in flight`,
  );
});
