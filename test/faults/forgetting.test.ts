import { expect, jest, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { App } from "../../src/app.js";
import { command, runService } from "../helpers/service-process.js";
import { useReleases } from "../helpers/started.js";
import { kill } from "./harness/instance.js";
import { expectNoHarm } from "./harness/oracle.js";
import { registered } from "./harness/webhook.js";
import type { Request } from "./harness/requests.js";
import { settle } from "./harness/settle.js";
import { Dice, say, sized, TEST_TIMEOUT_MS } from "./harness/size.js";
import { until } from "./harness/wait.js";
import { World } from "./harness/world.js";

const dice = new Dice(import.meta.url);
const CALLERS = sized(600, 60);
const LAG_MS = 150;
const HOLD_MS = "3000";

jest.setTimeout(TEST_TIMEOUT_MS);
const atEnd = useReleases();

async function forgetfulWorld(): Promise<World> {
  const world = await World.create({
    dice,
    ownServer: true,
    environment: { EBP_TIMEOUT_MS: "5000", RECOVERY_HOLD_MS: HOLD_MS },
  });
  atEnd(() => world.close());
  return world;
}

test("a standby that is promoted 150 ms behind has every cancel again, and none was sent twice", async () => {
  const world = await forgetfulWorld();
  const { postgres } = world;
  await postgres.addStandby(LAG_MS);
  const replicas: App[] = [world.app, await world.startApp(), await world.startApp()];
  const anyReplica = (): string => replicas[dice.below(replicas.length)]?.url ?? world.app.url;
  const requests: Request[] = [];
  const { ledger } = world.simulator;

  // A few at a time, so that the failover meets each of them at another point.
  const isOver = { failover: false };
  const caller = async (): Promise<void> => {
    while (requests.length < CALLERS || !isOver.failover) {
      const request = registered(world);
      requests.push(request);
      await world.callers.insist(anyReplica, request);
    }
  };
  const load = Promise.all(Array.from({ length: 20 }, caller));
  await until("half of them are sent", () => ledger.totalReceived >= CALLERS / 2);
  postgres.cutOffStandby();
  const told = world.callers.told.length;
  await until("some more are told", () => world.callers.told.length > told + 5);
  await postgres.failOver();
  isOver.failover = true;
  await load;

  for (const request of requests) {
    const { told } = await world.callers.insist(anyReplica, request);
    expect(told?.status).toBe("SUCCEEDED");
  }
  const [{ forgotten }] = await world.database.sql(
    "SELECT count(*)::int AS forgotten FROM cancellation WHERE reentered",
  );
  expect(forgotten).toBeGreaterThan(0);
  say(`standby promoted ${LAG_MS} ms behind: ${forgotten} cancels were forgotten, and entered again`);
  await settle(world);
  await expectNoHarm(world, `standby promoted ${LAG_MS} ms behind, ${replicas.length} replicas alive`);
});

test("a backup that was restored when no replica was left has every cancel of the log again, and none is sent twice", async () => {
  const world = await forgetfulWorld();
  const { postgres } = world;
  await postgres.backUp();
  const instances = [await world.startInstance(), await world.startInstance()];
  const anyInstance = (): string => instances[dice.below(instances.length)]?.url ?? "";
  const requests = Array.from({ length: Math.ceil(CALLERS / 6) }, () => registered(world));
  // Two cancels of one order, both forgotten: both keys must be closed again.
  const first = world.callers.request();
  world.simulator.payments.register({ orderNo: first.orderNo, total: "2000", captured: true });
  requests.push(first, world.callers.request({ orderNo: first.orderNo }));
  for (const request of requests) await world.callers.insist(anyInstance, request);
  await Promise.all(instances.map(kill));
  const log = join(tmpdir(), `ebp-faults-${randomUUID()}.log`);
  atEnd(() => rm(log, { force: true }));
  await writeFile(log, instances.map(({ stdout }) => stdout).join(""));
  await postgres.restore();

  const recover = async (...options: string[]): Promise<string> => {
    const running = runService(world.environment, [...command("recover"), "--from", log, ...options]);
    expect([await running.ended, running.stderr]).toEqual([0, ""]);
    return running.stdout;
  };
  const [sent, none] = [`sent ${requests.length}\n`, "key taken 0\nunreadable 0\n"];
  expect(await recover("--dry-run")).toBe(`${sent}would be entered ${requests.length}\npresent 0\n${none}`);
  expect(await recover()).toBe(`${sent}entered ${requests.length}\npresent 0\n${none}`);
  expect(await recover()).toBe(`${sent}entered 0\npresent ${requests.length}\n${none}`);

  await world.restart();
  for (const request of requests) {
    const { told } = await world.callers.insist(() => world.app.url, request);
    expect(told?.status).toBe("UNKNOWN");
  }
  const another = world.callers.request({ orderNo: first.orderNo });
  expect((await world.callers.insist(() => world.app.url, another)).codes).toEqual(["CANCEL_IN_PROGRESS"]);
  await settle(world);
  await expectNoHarm(world, "backup restored, all replicas dead, recovered from the log", {
    effectsPerOrder: 2,
    recovered: true,
  });
});
