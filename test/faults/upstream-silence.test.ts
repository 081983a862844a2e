import { expect, test } from "@jest/globals";
import { expectNoHarm } from "./harness/oracle.js";
import type { Request } from "./harness/requests.js";
import { lookUpNow, settle } from "./harness/settle.js";
import { registered, tellCapture } from "./harness/webhook.js";
import { Dice, sized } from "./harness/size.js";
import { eachOf } from "./harness/wait.js";
import { useWorld } from "./harness/world.js";

const dice = new Dice(import.meta.url);
const CANCELS = sized(500);
/** Below what one replica sends to one host at a time. */
const CALLERS = 25;

const world = useWorld({ dice, environment: { EBP_TIMEOUT_MS: "2000" }, simulator: { lateMs: 3_600_000 } });

test("a time-out before the effect is found to have cancelled nothing, once EBP has had its time, and can be repeated", async () => {
  await eachOf(await orders("SIM-TIMEOUT-BEFORE-EFFECT"), CALLERS, async (request) => {
    await expectDoubt(request);
  });
  await lookUpNow(world);
  expect(await statuses()).toEqual(["UNKNOWN"]);
  await settle(world);
  expect(await statuses()).toEqual(["FAILED"]);
  for (const request of [...world.callers.requests]) {
    const { told } = await world.callers.insist(() => world.app.url, request);
    expect(told).toMatchObject({ status: "FAILED", safeToRetry: true });
  }
  await expectNoHarm(world, "time-out before the effect");
});

test("a time-out after the effect is never repeated, and is found to have succeeded where that can be proven", async () => {
  const requests = await orders("SIM-TIMEOUT-AFTER-EFFECT");
  await eachOf(requests, CALLERS, async (request) => {
    await expectDoubt(request);
    await expectRefusal(request);
  });
  await settle(world);
  await eachOf(requests, CALLERS, expectNoOtherEnd);
  await expectNoHarm(world, "time-out after the effect");
});

test("an effect that lands after a lookup has shown none does not lead to a second cancel", async () => {
  const requests = await orders("SIM-LATE-EFFECT");
  await eachOf(requests, CALLERS, expectDoubt);
  await lookUpNow(world);
  expect(await statuses()).toEqual(["UNKNOWN"]);
  await eachOf(requests, CALLERS, expectRefusal);
  expect(world.simulator.landLateEffects()).toBe(CANCELS);
  await lookUpNow(world);
  await settle(world);
  await eachOf(requests, CALLERS, expectNoOtherEnd);
  await expectNoHarm(world, "late effect after a lookup");
});

/** Half of them with what was captured told: then a lookup can prove a success. */
async function orders(prefix: string): Promise<Request[]> {
  const requests = Array.from({ length: CANCELS }, () => registered(world, prefix));
  await eachOf(requests, CALLERS, async (request) => {
    if (isTold(request.orderNo)) await tellCapture(world, request);
  });
  return requests;
}

const told = new Map<string, boolean>();

function isTold(orderNo: string): boolean {
  const is = told.get(orderNo) ?? dice.below(2) === 0;
  told.set(orderNo, is);
  return is;
}

async function expectDoubt(request: Request): Promise<void> {
  const answer = await world.callers.insist(() => world.app.url, request);
  expect(answer.told).toMatchObject({ status: "UNKNOWN", safeToRetry: false });
  expect(answer.codes).toEqual(["OUTCOME_UNKNOWN"]);
}

/** Another key, while the first is in doubt. */
async function expectRefusal({ orderNo }: Request): Promise<void> {
  const second = world.callers.request({ orderNo });
  const answer = await world.callers.insist(() => world.app.url, second);
  expect(answer).toEqual({ told: null, codes: ["CANCEL_IN_PROGRESS"] });
}

/** Money moved: it has succeeded as far as that is proven, and is in doubt otherwise; in doubt it stays closed. */
async function expectNoOtherEnd(request: Request): Promise<void> {
  const answer = await world.callers.insist(() => world.app.url, request);
  expect(answer.told?.status).toBe(isTold(request.orderNo) ? "SUCCEEDED" : "UNKNOWN");
  if (answer.told?.status === "UNKNOWN") await expectRefusal(request);
}

async function statuses(): Promise<string[]> {
  const rows = await world.database.rows();
  const keys = new Set(world.callers.requests.map(({ key }) => key));
  return [...new Set(rows.filter(({ key }) => keys.has(key)).map(({ status }) => status))];
}
