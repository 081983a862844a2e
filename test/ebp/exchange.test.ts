import { afterEach, expect, test } from "@jest/globals";
import { Agent, RetryAgent, type RetryHandler } from "undici";
import { createConnections } from "../../src/ebp/connections.js";
import { exchange } from "../../src/ebp/exchange.js";
import { readOutcome } from "../../src/ebp/read-outcome.js";
import { cancelRequest } from "../helpers/examples.js";
import { httpAnswer } from "../helpers/upstream.js";
import { OPEN_WINDOW, useEbp } from "../helpers/upstream-client.js";

const ebp = useEbp();

/** Only a hang reaches it. */
const PATIENT_MS = 10_000;
const SHORT_MS = 100;

let agent = createConnections({});
afterEach(() => agent.destroy());

test.each([1, 2])(
  "gives up what waits while %i connections are busy, and never sends it",
  async (connections) => {
    agent = createConnections({ connections });
    const finishers: (() => void)[] = [];
    let allArrived: () => void = () => undefined;
    const busy = new Promise<void>((resolve) => (allArrived = resolve));
    const upstream = await ebp.upstream((_request, socket, count) => {
      finishers.push(() => socket.write(httpAnswer(200, '{"resultCode":"0"}')));
      if (count >= connections) allArrived();
      if (count > connections) finishers.at(-1)?.();
    });
    const post = (body: string, timeoutMs: number) =>
      exchange(agent, { origin: upstream.url, path: "/", method: "POST", body }, timeoutMs, OPEN_WINDOW);

    const running = Array.from({ length: connections }, () => post("running", PATIENT_MS));
    await busy;
    const waited = await post("waiting", SHORT_MS);
    expect(waited).toMatchObject({ sentAt: null, end: "timedOut", httpStatus: null });
    expect(readOutcome(waited, cancelRequest()).kind).toBe("notSent");

    // It is still in undici's queue: when a connection comes free, it has to be passed over.
    for (const finish of finishers.splice(0)) finish();
    const later = await post("later", PATIENT_MS);
    for (const happened of [...(await Promise.all(running)), later]) expect(happened.end).toBe("complete");
    const bodies = upstream.requests.map(({ body }) => body.toString("utf8"));
    expect(bodies).toEqual([...Array.from({ length: connections }, () => "running"), "later"]);
  },
);

test("refuses to be sent again, even by a dispatcher made to do so", async () => {
  const upstream = await ebp.upstream((_request, socket) => socket.resetAndDestroy());
  const insistent: RetryHandler.RetryOptions = { methods: ["POST"], minTimeout: 1, maxRetries: 3 };
  const request = { origin: upstream.url, path: "/", method: "POST", body: "x" } as const;

  // The dispatcher does send again what does not refuse.
  const plain = new Agent();
  await expect(new RetryAgent(plain, insistent).request(request)).rejects.toThrow();
  await plain.destroy();
  expect(upstream.requests).toHaveLength(4);

  agent = createConnections({});
  const retrying = new RetryAgent(agent, insistent);
  const happened = await exchange(retrying, request, PATIENT_MS, OPEN_WINDOW);
  expect(happened).toMatchObject({ end: "broken", sentAt: expect.any(Number) });
  expect(upstream.requests).toHaveLength(5);
});
