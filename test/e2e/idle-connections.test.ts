import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { afterEach, expect, test } from "@jest/globals";
import { DEVELOPMENT_STORE } from "../../simulator/development-store.js";
import { startSimulator } from "../../simulator/simulator.js";
import { createTestDatabase } from "../helpers/database.js";
import { CANCEL, cancelInput } from "../helpers/operations.js";
import { program, runService, urlOf } from "../helpers/service-process.js";
import { post } from "../helpers/service.js";

/** Enough to start, and soon used up. */
const OPEN_FILES = 256;
const IDLE = 300;

const releases: (() => unknown)[] = [];
afterEach(async () => {
  for (let release = releases.pop(); release !== undefined; release = releases.pop()) await release();
});

async function openIdle(url: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  // It is cut off when another takes its place.
  socket.on("error", () => undefined);
  await once(socket, "connect");
  return socket;
}

test("connections that send nothing use up no files: cancels are made, and the process lives", async () => {
  const database = await createTestDatabase();
  releases.push(() => database.drop());
  const simulator = await startSimulator({ stores: [DEVELOPMENT_STORE] });
  releases.push(() => simulator.close());
  const service = runService(
    {
      PORT: "0",
      DATABASE_URL: database.url,
      EBP_BASE_URL: simulator.url,
      EBP_CONNECTION_PER_CANCEL: "on",
      MAX_EVENT_LOOP_DELAY_MS: "0",
    },
    program("main"),
    OPEN_FILES,
  );
  releases.push(() => {
    service.kill("SIGKILL");
    return service.ended;
  });
  const url = await urlOf(service);

  for (let opened = 1; opened <= IDLE; opened += 1) {
    const socket = await openIdle(url);
    releases.push(() => socket.destroy());
    if (opened % 30 > 0) continue;
    const { data } = await post(url, CANCEL, { input: cancelInput() });
    expect(data.cancelPayment.cancellation.status).toBe("SUCCEEDED");
    expect((await fetch(`${url}/livez`)).status).toBe(200);
  }
  const files = await readdir(`/proc/${service.pid}/fd`);
  expect(files.length).toBeLessThan(OPEN_FILES - 50);
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
  service.kill("SIGTERM");
  expect(await service.ended).toBe(0);
});
