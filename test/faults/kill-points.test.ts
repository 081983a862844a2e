import { expect, test } from "@jest/globals";
import { struck } from "./harness/instance.js";
import { expectNoHarm } from "./harness/oracle.js";
import type { Request } from "./harness/requests.js";
import { settle } from "./harness/settle.js";
import { Dice, sized } from "./harness/size.js";
import { eachOf, until } from "./harness/wait.js";
import { deliver, signed, tell, webhookBody } from "./harness/webhook.js";
import { useWorld } from "./harness/world.js";

const dice = new Dice(import.meta.url);
const KILLS = sized(100);
/** Under way at the same time when the process is killed. */
const CANCELS = 6;
/** The fewest statements that store as many that come at once: two go alone, and the others together. */
const STATEMENTS = 3;
/** More processes at a time would wait for each other's start. */
const AT_A_TIME = 2;

/** What EBP does when it has moved the money of an order, before it answers. */
const onEffect = new Map<string, () => Promise<void>>();
const beforeAnswer = ({ orderNo }: { orderNo: string }): Promise<void> =>
  onEffect.get(orderNo)?.() ?? Promise.resolve();
const world = useWorld({ dice, simulator: { beforeAnswer } });

const POINTS: readonly (readonly [words: string, at: string | null])[] = [
  ["before the intent is handed over", "before intent"],
  ["when the intent is on its way, not acknowledged", "during intent"],
  ["when the intent is committed, and the process does not know it", "after intent"],
  ["before the first byte is sent", "before cancel"],
  ["when half of the request is written", "half cancel"],
  ["when all of it is sent, before an answer", "during cancel"],
  ["when the money has moved, before an answer", null],
  ["when half of the answer is read", "halfway cancel"],
  ["when the answer has come, and is not read", "after cancel"],
  ["before the outcome is handed over", "before transition"],
  ["when the outcome is on its way, not acknowledged", "during transition"],
  ["when the outcome is committed, before the caller is answered", "after transition"],
];

test.each(POINTS)("a process killed %s loses nothing, and nothing is sent twice", async (words, at) => {
  await rounds(() => killedWhileCancelling(at));

  await expectNoHarm(world, `kill ${words}: ${KILLS} kills`);
});

/** A replica is killed with cancels under way; the callers, who got no answer, repeat them at another at once. */
async function killedWhileCancelling(at: string | null): Promise<void> {
  const requests = await newOrders(CANCELS);
  const nth = 1 + dice.below(at !== null && /intent|transition/u.test(at) ? STATEMENTS : CANCELS);
  const victim = await world.startInstance(at === null ? {} : { at, nth });
  if (at === null) killAtEffect(requests, nth, () => victim.kill("SIGKILL"));
  const first = requests.map((request) => world.callers.cancel(victim.url, request));
  await struck(victim);
  await Promise.all(first);
  await world.upstreamHasReadEverything();

  await until("the database has carried out what the dead process had asked for", () =>
    world.database.isQuiet(),
  );
  // What the dead one has left can be taken for as old as may be; what the other takes on cannot.
  const left = await world.database.open(requests.map(({ orderNo }) => orderNo));
  const again = requests.map((request) => world.callers.insist(() => world.app.url, request));
  await settle(world, left);
  await Promise.all(again);
  await repeatWhatIsSafe(requests);
}

/** The nth of these orders whose money moves takes the process with it; none of them is answered before. */
function killAtEffect(requests: readonly Request[], nth: number, strike: () => void): void {
  let moved = 0;
  let release = (): void => undefined;
  const dead = new Promise<void>((resolve) => (release = resolve));
  for (const { orderNo } of requests) {
    onEffect.set(orderNo, async () => {
      onEffect.delete(orderNo);
      moved += 1;
      if (moved === nth) {
        strike();
        for (const request of requests) onEffect.delete(request.orderNo);
        release();
      }
      await dead;
    });
  }
}

const IN_RECONCILER: readonly (readonly [words: string, at: string])[] = [
  ["after it has claimed what is due", "after claim"],
  ["before it asks EBP", "before lookup"],
  ["when EBP's answer has come, before it is recorded", "before recording"],
  ["when what it found is on its way", "during recording"],
  ["when what it found is committed", "after recording"],
];

test.each(IN_RECONCILER)("a reconciler killed %s leaves it for the next one", async (words, at) => {
  // A reconciler takes all that is due: two of them would take it from each other.
  await rounds(() => killedWhileReconciling(at), 1);

  await expectNoHarm(world, `kill of the reconciler ${words}: ${KILLS} kills`);
});

async function killedWhileReconciling(at: string): Promise<void> {
  const requests = [
    ...(await newOrders(CANCELS / 2, "SIM-CONNECTION-RESET")),
    ...(await newOrders(CANCELS / 2, "SIM-CONNECTION-RESET-AFTER-EFFECT")),
  ];
  await Promise.all(requests.map((request) => world.callers.insist(() => world.app.url, request)));
  const left = await world.database.open(requests.map(({ orderNo }) => orderNo));
  await world.database.age(left, 3_600_000);
  await struck(world.runReconciler({ at, nth: at === "after claim" ? 1 : 1 + dice.below(CANCELS) }));
  await settle(world, left);
  await repeatWhatIsSafe(requests);
}

test("a process killed when a webhook is stored, not acknowledged, lets it be sent again and counts it once", async () => {
  await rounds(async () => {
    const requests = await newOrders(CANCELS, "SIM-CONNECTION-RESET-AFTER-EFFECT");
    await Promise.all(requests.map((request) => world.callers.insist(() => world.app.url, request)));
    const victim = await world.startInstance({ at: "after store", nth: 1 + dice.below(CANCELS) });
    const eventTime = new Date().toISOString();
    const eventType = "PAYMENT_REFUND_REQUESTED";
    const events = requests.map(
      ({ orderNo, amount }) => ({ eventType, orderNo, amount, eventTime }) as const,
    );
    const first = events.map((event) => deliver(victim.url, signed(webhookBody(event))));
    await struck(victim);
    await Promise.all(first);
    for (const event of events) await tell(world.app.url, event);
    await world.app.reconcile();
    const rows = await world.database.sql(
      `SELECT c.status, (SELECT count(*)::int FROM webhook_event w WHERE w.order_no = c.order_no AND kind = 'REFUND_REQUESTED') AS webhooks
         FROM cancellation c WHERE c.order_no = ANY ($1)`,
      [requests.map(({ orderNo }) => orderNo)],
    );
    // On a slow machine a lookup may have decided one of them before.
    expect(rows).toEqual(requests.map(() => ({ status: "SUCCEEDED", webhooks: 1 })));
  }, 1);

  await expectNoHarm(world, `kill when a webhook is stored: ${KILLS} kills`);
});

/**
 * Orders of which EBP knows the payment, and of some of which its webhook has told the amount: those can be decided by a lookup. Of
 * the others EBP shows nothing, or too little to decide by.
 */
async function newOrders(count: number, prefix?: string): Promise<Request[]> {
  const requests = Array.from({ length: count }, () =>
    world.callers.request(prefix === undefined ? {} : { prefix }),
  );
  for (const { orderNo, amount } of requests) {
    const known = dice.pick(["told", "registered", "no"]);
    if (known !== "no") {
      world.simulator.payments.register({ orderNo, total: String(amount), captured: true });
    }
    if (known === "told") await tell(world.app.url, { eventType: "PAYMENT_CAPTURED", orderNo, amount });
  }
  return requests;
}

/** What callers do who are told that nothing was cancelled: the same under a new key. */
async function repeatWhatIsSafe(requests: readonly Request[]): Promise<void> {
  for (const request of requests) {
    const { told } = await world.callers.insist(() => world.app.url, request);
    if (told?.safeToRetry === true && !request.orderNo.startsWith("SIM-")) {
      await world.callers.insist(() => world.app.url, world.callers.request({ orderNo: request.orderNo }));
    }
  }
}

async function rounds(round: () => Promise<void>, atATime = AT_A_TIME): Promise<void> {
  await eachOf([...Array(KILLS).keys()], atATime, round);
}
