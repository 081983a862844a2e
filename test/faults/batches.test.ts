import { beforeAll, expect, test } from "@jest/globals";
import { BatchHolds, type Held, type Kind, type Stage } from "./harness/batch-holds.js";
import { expectNoHarm } from "./harness/oracle.js";
import type { Cut } from "./harness/pg-proxy.js";
import type { Answer, Request } from "./harness/requests.js";
import { settle } from "./harness/settle.js";
import { Dice, sized, TEST_TIMEOUT_MS } from "./harness/size.js";
import { until } from "./harness/wait.js";
import { registered, tellCapture } from "./harness/webhook.js";
import { useWorld } from "./harness/world.js";

const dice = new Dice(import.meta.url);
/** Twice at least: what is held up is carried out in one round, and ended in the next. */
const ROUNDS = sized(20, 2);
/** Each takes as long as callers wait in vain. */
const LONG_ROUNDS = sized(6, 2);
/** The first two go alone, and the others together while these are under way. */
const CALLERS = 40;

const world = useWorld({ dice, ownServer: true, environment: { EBP_TIMEOUT_MS: "10000" } });
let holds: BatchHolds;
beforeAll(async () => {
  holds = await BatchHolds.open(world);
}, TEST_TIMEOUT_MS);

// First: the service goes on looking for these intents until their leases are over.
test("intents that PostgreSQL commits when their callers have been told that nothing was sent are withdrawn, and not sent", async () => {
  const sizes = await rounds(async (isEnded) => {
    const requests = orders();
    await holdBatches("commit", "intents");
    const calls = requests.map((request) => world.callers.cancel(world.app.url, request));
    let answered = 0;
    for (const call of calls) void call.then(() => (answered += 1));
    // Each tries again, and waits in vain for its order's row.
    await until("everybody is answered", async () => {
      for (const { port } of await holds.held("commit", "many", "intents"))
        world.postgres.proxy.cutPort(port);
      return answered === CALLERS;
    });
    const held = await holds.held("commit", "many", "intents");
    const answers = await Promise.all(calls);
    const refused = requests.filter((_, place) => answers[place] === null).map(({ orderNo }) => orderNo);
    const sizes = held.map(({ rows }) => rows);
    await goOn(held, "commit", isEnded);
    await until("what is there after all is withdrawn", async () => {
      const rows = await world.database.rows(refused);
      return rows.every(({ status, safeToRetry }) => status === "FAILED" && safeToRetry);
    });
    expect(refused.flatMap((orderNo) => world.simulator.ledger.received(orderNo))).toEqual([]);
    const withdrawn = await world.database.rows(refused);
    expect(withdrawn).toHaveLength(isEnded ? 0 : sizes.reduce((sum, size) => sum + size));
    await everybodyFindsOut(requests);
    return sizes;
  }, LONG_ROUNDS);

  await expectNoHarm(world, `COMMIT after its callers were refused, ${inWords(sizes)}: ${LONG_ROUNDS} times`);
});

const MOMENTS: readonly (readonly [words: string, kind: Kind, stage: Stage])[] = [
  ["a batch of intents is being written", "intents", "statement"],
  ["a batch of intents waits for its COMMIT", "intents", "commit"],
  ["a batch of intents is committed, and waits for a standby", "intents", "standby"],
  ["a batch of outcomes is being written", "outcomes", "statement"],
  ["a batch of outcomes waits for its COMMIT", "outcomes", "commit"],
  ["a batch of outcomes is committed, and waits for a standby", "outcomes", "standby"],
];

test.each(MOMENTS)(
  "a process killed while %s loses nothing, and nothing is sent twice",
  async (words, kind, stage) => {
    const sizes = await rounds(async (isEnded) => {
      const requests = orders();
      // Of these a lookup can prove that they were cancelled.
      const provable = requests.filter(() => dice.below(2) === 0);
      await Promise.all(provable.map((request) => tellCapture(world, request)));
      await holdBatches(stage, kind);
      const victim = await world.startInstance();
      const first = requests.map((request) => world.callers.cancel(victim.url, request));
      await holds.reach(stage, kind);
      victim.kill("SIGKILL");
      await victim.ended;
      await Promise.all(first);
      const held = await holds.held(stage, "many", kind);
      await goOn(held, stage, isEnded);
      await everybodyFindsOut(requests);
      return held.map(({ rows }) => rows);
    });

    await expectNoHarm(world, `kill while ${words}, ${inWords(sizes)}: ${ROUNDS} kills`);
  },
);

test.each(MOMENTS)(
  "a connection cut while %s is not noticed by the callers of its rows",
  async (words, kind, stage) => {
    const sizes = await rounds(async (isEnded) => {
      const requests = orders();
      await holdBatches(stage, kind);
      const calls = requests.map((request) => world.callers.insist(() => world.app.url, request));
      await holds.reach(stage, kind);
      const held = await holds.held(stage, "many", kind);
      for (const { port } of held) world.postgres.proxy.cutPort(port);
      await goOn(held, stage, isEnded);
      expectCancelled(requests, await Promise.all(calls));
      return held.map(({ rows }) => rows);
    });

    await settle(world);
    await expectNoHarm(world, `connection cut while ${words}, ${inWords(sizes)}: ${ROUNDS} cuts`);
  },
);

const CUTS: readonly (readonly [words: string, statement: string, when: Cut])[] = [
  ["before a batch of intents reaches PostgreSQL", "intent_", "before"],
  ["when PostgreSQL has committed a batch of intents, before it says so", "intent_", "after"],
  ["before a batch of outcomes reaches PostgreSQL", "transition_", "before"],
  ["when PostgreSQL has committed a batch of outcomes, before it says so", "transition_", "after"],
];

test.each(CUTS)(
  "a connection cut %s is not noticed by the callers of its rows",
  async (words, statement, when) => {
    const sizes = await rounds(async () => {
      const requests = orders();
      const cut = world.postgres.proxy.cut(when, statement, 2);
      const calls = requests.map((request) => world.callers.insist(() => world.app.url, request));
      const rows = await cut;
      expectCancelled(requests, await Promise.all(calls));
      return [rows];
    });

    await settle(world);
    await expectNoHarm(world, `connection cut ${words}, ${inWords(sizes)}: ${ROUNDS} cuts`);
  },
);

function orders(): Request[] {
  return Array.from({ length: CALLERS }, () => registered(world));
}

/** What is to wait for a standby is held up before, until there is none. */
async function holdBatches(stage: Stage, kind: Kind): Promise<void> {
  await holds.hold(stage === "standby" ? "statement" : stage, "many", kind);
}

/** PostgreSQL carries out what was held up, or its sessions are ended: then only what was committed is there. */
async function goOn(held: readonly Held[], stage: Stage, isEnded: boolean): Promise<void> {
  expect(held).not.toEqual([]);
  if (isEnded) await holds.end(held);
  await holds.letGo();
  await holds.forgetStandby();
  await until("the database has carried out what it was asked for", () => world.database.isQuiet());
  for (const one of held)
    expect(await holds.storedBy(one)).toBe(isEnded && stage !== "standby" ? 0 : one.rows);
}

/** At another replica; those who are told that nothing was cancelled try again with a new key. */
async function everybodyFindsOut(requests: readonly Request[]): Promise<void> {
  const left = await world.database.open(requests.map(({ orderNo }) => orderNo));
  const again = requests.map((request) => world.callers.insist(() => world.app.url, request));
  await settle(world, left);
  await Promise.all(again);
  const known = await Promise.all(
    requests.map((request) => world.callers.insist(() => world.app.url, request)),
  );
  const free = requests.filter((_, place) => known[place]?.told?.safeToRetry === true);
  await Promise.all(
    free.map(({ orderNo }) => world.callers.insist(() => world.app.url, world.callers.request({ orderNo }))),
  );
}

function expectCancelled(requests: readonly Request[], answers: readonly Answer[]): void {
  expect(answers.map((answer) => answer?.told?.status)).toEqual(requests.map(() => "SUCCEEDED"));
  for (const { orderNo } of requests) expect(world.simulator.ledger.received(orderNo)).toHaveLength(1);
}

/** The numbers of rows of the batches that were hit. */
async function rounds(round: (isEnded: boolean) => Promise<number[]>, times = ROUNDS): Promise<number[]> {
  const sizes: number[] = [];
  for (let count = 0; count < times; count += 1) sizes.push(...(await round(count % 2 === 1)));
  expect(Math.min(...sizes)).toBeGreaterThan(1);
  return sizes;
}

function inWords(sizes: readonly number[]): string {
  return `${sizes.length} batches of ${Math.min(...sizes)} to ${Math.max(...sizes)} rows`;
}
