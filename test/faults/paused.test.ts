import { expect, test } from "@jest/globals";
import { kill } from "./harness/instance.js";
import { expectNoHarm } from "./harness/oracle.js";
import { graphql, type Request } from "./harness/requests.js";
import { lookUpNow, reconcileOnce, settle } from "./harness/settle.js";
import { registered, tellCapture } from "./harness/webhook.js";
import { Dice, sized } from "./harness/size.js";
import { eachOf, until } from "./harness/wait.js";
import type { ServiceProcess } from "../helpers/service-process.js";
import { httpAnswer } from "../helpers/upstream.js";
import { type World, useWorld } from "./harness/world.js";

const dice = new Dice(import.meta.url);
const ROUNDS = sized(50);
const AT_A_TIME = 2;
const HOUR_MS = 3_600_000;
/** The lease is three times this, and has to run out for real. */
const SHORT_TIMEOUT_MS = "300";
/** Three times this, the lease must not run out. */
const LONGER_TIMEOUT_MS = 2_000;

const world = useWorld({ dice, proxied: true });

test("a replica stopped between the intent's commit and the sending, for longer than its lease, does not send any more", async () => {
  await rounds(async () => {
    const { request, victim, first } = await stoppedAt("after intent");
    const { told } = await world.callers.insist(() => world.app.url, request);
    expect(told).toMatchObject({ status: "FAILED", safeToRetry: true });
    const retry = world.callers.request({ orderNo: request.orderNo });
    const second = await world.callers.insist(() => world.app.url, retry);
    expect(second.told?.status).toBe("SUCCEEDED");

    victim.kill("SIGCONT");
    expect((await first)?.told).toMatchObject({ id: told?.id, status: "FAILED", safeToRetry: true });
    await kill(victim);
    expect(world.simulator.ledger.received(request.orderNo)).toHaveLength(1);
  });
  await expectNoHarm(world, `stopped after the intent's commit, before sending: ${ROUNDS} stops`);
});

test("a replica stopped while it waits for EBP's answer finds what others have meanwhile made of it, and adds to it", async () => {
  await rounds(async () => {
    const { request, victim, first } = await stoppedAt("during cancel");
    const before = await world.callers.insist(() => world.app.url, request);
    victim.kill("SIGCONT");
    const after = await first;
    await kill(victim);
    expect(["SUCCEEDED", "UNKNOWN"]).toContain(before.told?.status);
    // Where storing it takes longer than a caller waits, it is PENDING to that caller.
    expect(["SUCCEEDED", "UNKNOWN", "PENDING"]).toContain(after?.told?.status);
    expect(world.simulator.ledger.received(request.orderNo)).toHaveLength(1);
  });
  await settle(world);
  await expectNoHarm(world, `stopped while waiting for the answer: ${ROUNDS} stops`);
});

test("a replica stopped across EBP's time-out, while EBP answers, reads the answer when it goes on", async () => {
  await rounds(async () => {
    const request = await order();
    const fault = { at: "during cancel", signal: "SIGSTOP" } as const;
    const victim = await world.startInstance(fault, { EBP_TIMEOUT_MS: String(LONGER_TIMEOUT_MS) });
    const answered = new Promise<unknown>((resolve) => {
      world.upstream.plan(request.itemId, {
        reaches: "now",
        answer: (socket, { status, body }) => socket.write(httpAnswer(status, body), resolve),
      });
    });
    const first = world.callers.cancel(victim.url, request);
    await stopped(victim);
    const stoppedAtMs = performance.now();
    await answered;
    await until("EBP's time-out is over", () => performance.now() - stoppedAtMs > LONGER_TIMEOUT_MS);
    victim.kill("SIGCONT");
    expect((await first)?.told?.status).toBe("SUCCEEDED");
    await kill(victim);
    expect(world.simulator.ledger.received(request.orderNo)).toHaveLength(1);
  });
  await expectNoHarm(world, `stopped across EBP's time-out, with the answer unread: ${ROUNDS} stops`);
});

test("a reconciler stopped with a proof in its hands records it as late evidence only, once another has decided", async () => {
  await rounds(async () => {
    const { request, id } = await inDoubt("never");
    // The healthy replica sees the doubt now, and has seen it for an hour by the next look.
    await graphql(world.app.url, REFRESH, { id });
    await world.database.age([id], HOUR_MS);
    world.passedMs += HOUR_MS;
    const reconciler = await stoppedReconciler();
    await graphql(world.app.url, REFRESH, { id });
    const { told } = await world.callers.insist(() => world.app.url, request);
    expect(told).toMatchObject({ status: "FAILED", safeToRetry: true });
    const retry = world.callers.request({ orderNo: request.orderNo });
    expect((await world.callers.insist(() => world.app.url, retry)).told?.status).toBe("SUCCEEDED");

    reconciler.kill("SIGCONT");
    expect(await reconciler.ended).toBe(0);
    // One at a time: a reconciler takes all that is due.
  }, 1);
  await expectNoHarm(world, `reconciler stopped with a proof that nothing was cancelled: ${ROUNDS} stops`);
});

test("a reconciler stopped with a lookup that is out of date leaves what an operator has decided meanwhile", async () => {
  await rounds(async () => {
    const { request, id } = await inDoubt("later");
    await world.database.age([id], 0);
    const reconciler = await stoppedReconciler();
    await world.upstream.land(request.itemId);
    const input = { id, outcome: "SUCCEEDED", note: "seen in EBP's back office" };
    await graphql(world.app.url, RESOLVE, { input });
    const { told } = await world.callers.insist(() => world.app.url, request);
    expect(told?.status).toBe("SUCCEEDED");

    reconciler.kill("SIGCONT");
    expect(await reconciler.ended).toBe(0);
    // One at a time: a reconciler takes all that is due.
  }, 1);
  await expectNoHarm(world, `reconciler stopped with a lookup that is out of date: ${ROUNDS} stops`);
});

test("a reconciler stopped with a proof in its hands decides nothing by it once a later lookup has seen more", async () => {
  await rounds(async () => {
    const { request, id } = await inDoubt("later", false);
    // EBP takes longer here than it is taken to take: what holds then is that the latest look counts.
    await world.database.age([id], HOUR_MS);
    const reconciler = await stoppedReconciler();
    await world.upstream.land(request.itemId);
    await graphql(world.app.url, REFRESH, { id });

    reconciler.kill("SIGCONT");
    expect(await reconciler.ended).toBe(0);
    const { told } = await world.callers.insist(() => world.app.url, request);
    expect(told?.status).toBe("UNKNOWN");
  }, 1);
  await expectNoHarm(
    world,
    `reconciler stopped with a proof that a later lookup does not bear out: ${ROUNDS} stops`,
  );
});

const REFRESH = `mutation ($id: ID!) { refreshCancellation(id: $id) { cancellation { status } } }`;
const RESOLVE = `mutation ($input: ResolveCancellationInput!) { resolveCancellation(input: $input) { cancellation { status } } }`;

/** A cancel whose connection broke before an answer; EBP carries it out later, or never. */
async function inDoubt(
  reaches: "later" | "never",
  captureTold?: boolean,
): Promise<{ request: Request; id: string }> {
  const request = await order(captureTold);
  world.upstream.plan(request.itemId, { reaches, answer: (socket) => socket.resetAndDestroy() });
  const { told } = await world.callers.insist(() => world.app.url, request);
  expect(told?.status).toBe("UNKNOWN");
  return { request, id: told?.id ?? "" };
}

/** One that has asked EBP, and not recorded what it heard. */
async function stoppedReconciler(): Promise<ServiceProcess> {
  const reconciler = world.runReconciler({ at: "before recording", signal: "SIGSTOP" });
  await stopped(reconciler);
  return reconciler;
}

/** A replica stopped at this point of a cancel, its lease run out, and what another makes of the row after the settling time. */
async function stoppedAt(
  at: string,
): Promise<{ request: Request; victim: ServiceProcess; first: ReturnType<World["callers"]["cancel"]> }> {
  const request = await order();
  const victim = await world.startInstance({ at, signal: "SIGSTOP" }, { EBP_TIMEOUT_MS: SHORT_TIMEOUT_MS });
  const first = world.callers.cancel(victim.url, request);
  await stopped(victim);
  const [row] = await world.database.open([request.orderNo]);
  if (row === undefined) throw new Error("the intent is not committed");
  await until("the lease runs out", async () => {
    const [{ over }] = await world.database.sql(
      "SELECT next_check_at <= clock_timestamp() AS over FROM cancellation WHERE id = $1",
      [row],
    );
    return over;
  });
  await reconcileOnce(world);
  await lookUpNow(world, [row]);
  await settle(world, [row]);
  return { request, victim, first };
}

async function stopped(process: ServiceProcess): Promise<void> {
  await until("the process stops", () => process.stderr.includes("fault: SIGSTOP"));
}

async function rounds(round: () => Promise<void>, atATime = AT_A_TIME): Promise<void> {
  await eachOf([...Array(ROUNDS).keys()], atATime, round);
}

async function order(captureTold = dice.below(2) === 0): Promise<Request> {
  const request = registered(world);
  if (captureTold) await tellCapture(world, request);
  return request;
}
