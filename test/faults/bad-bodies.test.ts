import { beforeAll, expect, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { BAD_BODIES, type BadBody } from "./harness/bad-bodies.js";
import type { Instance } from "./harness/instance.js";
import { expectNoHarm } from "./harness/oracle.js";
import { graphql } from "./harness/requests.js";
import { settle } from "./harness/settle.js";
import { registered } from "./harness/webhook.js";
import { Dice, say, sized, TEST_TIMEOUT_MS } from "./harness/size.js";
import { eachOf } from "./harness/wait.js";
import { useWorld } from "./harness/world.js";

const dice = new Dice(import.meta.url);
const CANCELS = sized(50);
const CALLERS = 10;
/** As many good answers as make up for the bad ones: a process grows with its first requests, whatever they are. */
const WARM_UP = 50 + 10 * CANCELS;
// With the 32 MB that a replica may remember of its last 15 minutes.
const MEMORY_LIMIT_MB = 96;
const REFRESH = `mutation ($id: ID!) { refreshCancellation(id: $id) { cancellation { status } } }`;

const world = useWorld({ dice, environment: { EBP_TIMEOUT_MS: "4000", LOG_LEVEL: "info" }, proxied: true });
/** In a process of its own: what is measured is its memory and nobody else's. */
let replica: Instance;
let megabytesBefore: number | null;
beforeAll(async () => {
  replica = await world.startInstance();
  await eachOf(
    Array.from({ length: WARM_UP }).map(() => registered(world)),
    CALLERS,
    async (request) => {
      await world.callers.insist(() => replica.url, request);
    },
  );
  // What is asked seldom loads Prisma's engine, once and for good.
  await graphql(replica.url, REFRESH, { id: randomUUID() });
  megabytesBefore = await megabytesOf(replica);
}, TEST_TIMEOUT_MS);

test.each(BAD_BODIES.map((bad): [string, BadBody] => [bad.what, bad]))(
  "%s proves nothing that is not so, neither as the answer to a cancel nor to a lookup",
  async (what, { answer, concludes, reaches }) => {
    await eachOf([...Array(CANCELS).keys()], CALLERS, async () => {
      const request = registered(world);
      world.upstream.plan(request.itemId, { answer, reaches: reaches ?? dice.pick(["now", "never"]) });
      const { told } = await world.callers.insist(() => replica.url, request);
      expect(concludes).toContain(told?.status);
      if (told?.status !== "UNKNOWN" || reaches !== undefined) return;
      world.upstream.plan({ lookup: request.orderNo }, { answer, reaches: "now" });
      await world.database.age([told.id], HOUR_MS);
      const looked = await graphql(replica.url, REFRESH, { id: told.id });
      expect(looked.data.refreshCancellation.cancellation.status).toBe("UNKNOWN");
    });
    await settle(world);
    await expectNoHarm(world, what);
  },
);

test("all of that took no lasting memory", async () => {
  const after = await megabytesOf(replica);
  if (after === null || megabytesBefore === null) return;
  say(`bad bodies: memory ${megabytesBefore} MB before, ${after} MB after`);
  expect(after - megabytesBefore).toBeLessThanOrEqual(MEMORY_LIMIT_MB);
});

const HOUR_MS = 3_600_000;

/** Resident; null where the system does not say. */
async function megabytesOf({ pid }: Instance): Promise<number | null> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  const kilobytes = /^VmRSS:\s+(\d+) kB$/mu.exec(status)?.[1];
  return kilobytes === undefined ? null : Math.round(Number(kilobytes) / 1024);
}
