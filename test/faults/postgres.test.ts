import { expect, test } from "@jest/globals";
import { setTimeout as delay } from "node:timers/promises";
import { expectNoHarm } from "./harness/oracle.js";
import type { Cut } from "./harness/pg-proxy.js";
import type { Request } from "./harness/requests.js";
import { reconcileOnce, settle } from "./harness/settle.js";
import { registered } from "./harness/webhook.js";
import { Dice, sized } from "./harness/size.js";
import { eachOf, until } from "./harness/wait.js";
import { useWorld } from "./harness/world.js";

const dice = new Dice(import.meta.url);
const CANCELS = 10;
/** 30 s at full size. The lease, six seconds, runs out in between then. */
const AWAY_MS = sized(30_000, 300);

/** Keeps EBP's answers back. */
let answersHeld = Promise.resolve();
const world = useWorld({
  dice,
  ownServer: true,
  environment: { EBP_TIMEOUT_MS: "2000" },
  simulator: { beforeAnswer: () => answersHeld },
});

test("a PostgreSQL that is stopped without a goodbye under load has kept everything that callers were told", async () => {
  const stops = sized(100);
  for (let round = 0; round < stops; round += 1) {
    const { ledger } = world.simulator;
    const sentBefore = ledger.totalReceived;
    const moment = dice.below(CANCELS);
    const calls = orders().map((request) => world.callers.insist(() => world.app.url, request));
    await until("some are sent", () => ledger.totalReceived - sentBefore >= moment);
    await world.postgres.stopImmediately();
    await world.postgres.startAgain();
    await Promise.all(calls);
  }
  await everythingAnsweredIsRecorded();
  await settle(world);
  await expectNoHarm(world, `PostgreSQL stopped immediately: ${stops} stops`);
});

test.each([
  ["refuses connections", () => world.postgres.proxy.down(), () => world.postgres.proxy.up()],
  ["swallows every packet", () => (resume = world.postgres.proxy.swallow()), () => resume()],
])(
  "what EBP answers while the database %s is stored as soon as it is back, and callers are told what is known",
  async (manner, leave, comeBack) => {
    const rounds = sized(10);
    for (let round = 0; round < rounds; round += 1) {
      const release = holdAnswers();
      const { ledger } = world.simulator;
      const sentBefore = ledger.totalReceived;
      const requests = orders();
      const calls = requests.map((request) => world.callers.insist(() => world.app.url, request));
      await until("all are sent", () => ledger.totalReceived - sentBefore === CANCELS);
      leave();
      release();
      const meanwhile = world.callers.insist(() => world.app.url, world.callers.request());
      await delay(AWAY_MS);
      comeBack();
      // Recovery may be there before the answer that waits to be stored.
      if (dice.below(2) === 0) await reconcileOnce(world).catch(() => undefined);
      await Promise.all([...calls, meanwhile]);
      await everythingAnsweredIsRecorded();
      for (const request of requests) {
        const { told } = await world.callers.insist(() => world.app.url, request);
        expect(told?.status).toBe("SUCCEEDED");
      }
    }
    await settle(world);
    await expectNoHarm(world, `database away for ${AWAY_MS} ms, ${manner}: ${rounds} times`);
  },
);

let resume = (): void => undefined;

const CUTS: readonly (readonly [when: Cut, statement: string])[] = [
  ["before", "intent"],
  ["during", "intent"],
  ["after", "intent"],
  ["before", "transition"],
  ["during", "transition"],
  ["after", "transition"],
];

test("a connection cut around the COMMIT of the intent or of the outcome is not noticed by the caller", async () => {
  const cuts = sized(200, CUTS.length);
  const planned = Array.from({ length: cuts }, (_, index) => CUTS[index % CUTS.length] ?? CUTS[0]);
  await eachOf(planned, 1, async (plan) => {
    const [when, statement] = plan ?? ["after", "intent"];
    const request = registered(world);
    const cut = world.postgres.proxy.cut(when, `${statement}_`);
    const { told } = await world.callers.insist(() => world.app.url, request);
    await cut;
    expect(told?.status).toBe("SUCCEEDED");
  });
  await settle(world);
  await expectNoHarm(world, `connection cut before, during and after COMMIT: ${cuts} cuts`);
});

function orders(): Request[] {
  return Array.from({ length: CANCELS }, () => registered(world));
}

function holdAnswers(): () => void {
  let open = (): void => undefined;
  answersHeld = new Promise((resolve) => (open = resolve));
  return () => {
    open();
    answersHeld = Promise.resolve();
  };
}

/**
 * By the replica that was answered, which never stops trying. What it could not see to be committed it has not sent: that alone
 * is left for recovery.
 */
async function everythingAnsweredIsRecorded(): Promise<void> {
  const { ledger } = world.simulator;
  await until("every answer is recorded", async () => {
    const rows = await world.database.rows().catch(() => null);
    const sent = new Set(ledger.received().map(({ orderNo }) => orderNo));
    return rows?.every(({ orderNo, status }) => status === "SUCCEEDED" || !sent.has(orderNo)) === true;
  });
}
