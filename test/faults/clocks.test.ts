import { expect, test } from "@jest/globals";
import { expectNoHarm } from "./harness/oracle.js";
import { graphql } from "./harness/requests.js";
import { settle } from "./harness/settle.js";
import { deliver, registered, signed, webhookBody } from "./harness/webhook.js";
import { Dice, sized } from "./harness/size.js";
import { useWorld } from "./harness/world.js";

const dice = new Dice(import.meta.url);
const ROUNDS = sized(20);
const HOUR_MS = 3_600_000;
const REFRESH = `mutation ($id: ID!) { refreshCancellation(id: $id) { cancellation { status } } }`;

let answersHeld = Promise.resolve();
const world = useWorld({
  dice,
  environment: { EBP_TIMEOUT_MS: "60000" },
  simulator: { beforeAnswer: () => answersHeld },
  proxied: true,
});

test.each([
  ["an hour ahead", HOUR_MS],
  ["an hour behind", -HOUR_MS],
])(
  "a replica whose clock is %s takes nothing over too early, proves nothing too early, and writes the right times",
  async (what, clockShiftMs) => {
    const replica = await world.startInstance({ clockShiftMs });
    for (let round = 0; round < ROUNDS; round += 1) {
      await ofTheRightTime(replica.url);
      await leavesWhatIsUnderWay(replica.url, clockShiftMs, round === 0);
      await waitsForSettling(replica.url);
      await judgesWebhooksByTheDatabase(replica.url, clockShiftMs);
    }
    await settle(world);
    await expectNoHarm(world, `clock of one replica ${what}, ${ROUNDS} rounds`);
  },
);

async function ofTheRightTime(url: string): Promise<void> {
  const { told } = await world.callers.insist(() => url, registered(world));
  expect(told?.status).toBe("SUCCEEDED");
  const doubtful = await inDoubt(url);
  const times = await world.database.sql(
    `SELECT
       extract(epoch FROM clock_timestamp() - created_at)::float8 AS created, extract(epoch FROM clock_timestamp() - sent_at)::float8 AS sent,
       extract(epoch FROM clock_timestamp() - coalesce(resolved_at, in_doubt_since))::float8 AS ended,
       extract(epoch FROM coalesce(next_check_at, clock_timestamp()) - clock_timestamp())::float8 AS next,
       (SELECT extract(epoch FROM clock_timestamp() - min(at))::float8 FROM cancellation_event e WHERE e.cancellation_id = c.id) AS first_event
     FROM cancellation c WHERE id = ANY ($1)`,
    [[told?.id, doubtful.id]],
  );
  expect(times).toHaveLength(2);
  for (const time of times) {
    for (const seconds of Object.values(time)) expect(Math.abs(seconds as number)).toBeLessThan(60);
  }
}

/** A cancel of another replica that waits for EBP, with its lease running. */
async function leavesWhatIsUnderWay(url: string, clockShiftMs: number, asProcess: boolean): Promise<void> {
  let release = (): void => undefined;
  answersHeld = new Promise((resolve) => (release = resolve));
  const request = registered(world);
  const call = world.callers.insist(() => world.app.url, request);
  while (world.simulator.ledger.received(request.orderNo).length === 0) await new Promise(setImmediate);
  const [id] = await world.database.open([request.orderNo]);
  expect(await refreshed(url, id)).toBe("PENDING");
  if (asProcess) expect(await world.runReconciler({ clockShiftMs }).ended).toBe(0);
  expect(await refreshed(url, id)).toBe("PENDING");
  release();
  expect((await call).told?.status).toBe("SUCCEEDED");
}

async function waitsForSettling(url: string): Promise<void> {
  const { id } = await inDoubt(url);
  expect(await refreshed(url, id)).toBe("UNKNOWN");
  // To the database an hour has passed; to the replica, by a clock that nobody sets, none has.
  await world.database.age([id], HOUR_MS);
  expect(await refreshed(url, id)).toBe("UNKNOWN");
}

async function judgesWebhooksByTheDatabase(url: string, clockShiftMs: number): Promise<void> {
  const { orderNo, amount } = registered(world);
  const body = webhookBody({ eventType: "PAYMENT_CAPTURED", orderNo, amount });
  const asTheReplicaSeesIt = signed(body, { ageSeconds: -clockShiftMs / 1_000 });
  expect(await deliver(url, asTheReplicaSeesIt)).toBe(401);
  expect(await deliver(url, signed(body))).toBe(200);
}

/** One whose connection broke, and that EBP never got. */
async function inDoubt(url: string): Promise<{ id: string }> {
  const request = registered(world);
  world.upstream.plan(request.itemId, { reaches: "never", answer: (socket) => socket.resetAndDestroy() });
  const { told } = await world.callers.insist(() => url, request);
  expect(told?.status).toBe("UNKNOWN");
  return { id: told?.id ?? "" };
}

async function refreshed(url: string, id: string | undefined): Promise<string> {
  const { data } = await graphql(url, REFRESH, { id });
  return data.refreshCancellation.cancellation.status;
}
