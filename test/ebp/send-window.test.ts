import { afterEach, expect, test } from "@jest/globals";
import { Agent, RetryAgent, type RetryHandler } from "undici";
import type { SendWindow } from "../../src/cancellation/model/payment-gateway.js";
import { createConnections } from "../../src/ebp/connections.js";
import { exchange } from "../../src/ebp/exchange.js";
import { readOutcome } from "../../src/ebp/outcome-table.js";
import { cancelRequest } from "../helpers/examples.js";
import { createGate, until } from "../helpers/gate.js";
import { httpAnswer, refusedPort } from "../helpers/upstream.js";
import { OPEN_WINDOW, useEbp } from "../helpers/upstream-client.js";

const ebp = useEbp();

const ACCEPTED = '{"resultCode":"0"}';
const TOO_LATE = {
  outcome: {
    kind: "notSent",
    failure: { cause: "SENT_TOO_LATE", resultCode: null, ebpMessage: null },
    evidence: {
      basis:
        "The request never left: the time to send it was over before it could be sent. (SEND_WINDOW_CLOSED)",
      httpStatus: null,
      digest: null,
      rawAnswer: null,
    },
  },
  sentAgoMs: null,
};

/** A window that is closed by hand, and counts how often it was asked. */
function handWindow(): SendWindow & { close(): void; readonly asked: number } {
  let open = true;
  let asked = 0;
  return {
    isOpen: () => {
      asked += 1;
      return open;
    },
    close: () => (open = false),
    get asked() {
      return asked;
    },
  };
}

test("writes not one byte when the window closes before the connection is made", async () => {
  const upstream = await ebp.upstream((_request, socket) => socket.write(httpAnswer(200, ACCEPTED)));
  const client = ebp.client(upstream.url, { connectionsPerOrigin: 1 });
  const window = handWindow();
  const asking = client.cancel(cancelRequest({ orderNo: "ORD-LATE" }), "en", window);
  expect(window.asked).toBe(0);
  window.close();
  expect(await asking).toMatchObject(TOO_LATE);
  expect(window.asked).toBe(1);

  // The connection was made, and carries the next cancel: what is before that on the wire would have come first.
  const next = await client.cancel(cancelRequest({ orderNo: "ORD-NEXT" }), "en");
  expect(next.outcome.kind).toBe("accepted");
  expect(upstream.connections).toBe(1);
  expect(upstream.requests).toHaveLength(1);
  expect(upstream.requests[0]?.body.toString("utf8")).toContain("ORD-NEXT");
});

test("writes nothing at all when only late cancels are asked for, or the window cannot say whether it is open", async () => {
  const upstream = await ebp.upstream(() => undefined);
  const client = ebp.client(upstream.url);
  const late: SendWindow = { isOpen: () => false };
  const broken: SendWindow = {
    isOpen: () => {
      throw new Error("no clock");
    },
  };
  const sent = await Promise.all(
    Array.from({ length: 20 }, (_, n) => client.cancel(cancelRequest({ orderNo: `ORD-${n}` }), "en", late)),
  );
  for (const each of sent) expect(each).toMatchObject(TOO_LATE);
  expect((await client.cancel(cancelRequest(), "en", broken)).outcome.kind).toBe("notSent");
  await client.close();
  await upstream.allClosed();
  expect(upstream.bytesReceived).toBe(0);
});

test("passes over a cancel whose window closes while it waits for a connection", async () => {
  const gate = createGate();
  gate.close();
  const upstream = await ebp.upstream((_request, socket) => {
    void gate.pass().then(() => socket.write(httpAnswer(200, ACCEPTED)));
  });
  const client = ebp.client(upstream.url, { connectionsPerOrigin: 1 });
  const window = handWindow();
  const running = client.cancel(cancelRequest({ orderNo: "ORD-RUNNING" }), "en");
  await until(() => upstream.requests.length > 0);
  const waiting = client.cancel(cancelRequest({ orderNo: "ORD-WAITING" }), "en", window);
  const behind = client.cancel(cancelRequest({ orderNo: "ORD-BEHIND" }), "en");
  window.close();
  gate.open();
  expect(await waiting).toMatchObject(TOO_LATE);
  for (const each of [await running, await behind]) expect(each.outcome.kind).toBe("accepted");
  expect(upstream.requests).toHaveLength(2);
  expect(upstream.requests.filter(({ body }) => body.includes("ORD-WAITING"))).toEqual([]);
});

test("lets a cancel that has begun to be sent go on when the window closes after it", async () => {
  const window = handWindow();
  const upstream = await ebp.upstream((_request, socket) => {
    window.close();
    socket.write(httpAnswer(200, ACCEPTED));
  });
  const { outcome, sentAgoMs } = await ebp.client(upstream.url).cancel(cancelRequest(), "en", window);
  expect(outcome.kind).toBe("accepted");
  expect(sentAgoMs).not.toBeNull();
  expect(window.asked).toBe(1);
});

test("does not blame the window for a connection that is refused", async () => {
  const client = ebp.client(`http://127.0.0.1:${await refusedPort()}`);
  const { outcome } = await client.cancel(cancelRequest(), "en", { isOpen: () => false });
  expect(outcome).toMatchObject({
    kind: "notSent",
    failure: { cause: "NOT_CONNECTED" },
    evidence: { basis: expect.stringContaining("ECONNREFUSED") },
  });
});

/** Only a hang reaches it. */
const PATIENT_MS = 10_000;
const SHORT_MS = 100;

let agent = createConnections({});
afterEach(() => agent.destroy());

test.each([1, 2])(
  "gives up what waits while %i connections are busy, and never sends it",
  async (connections) => {
    agent = createConnections({ connections });
    const gate = createGate();
    gate.close();
    const upstream = await ebp.upstream((_request, socket) => {
      void gate.pass().then(() => socket.write(httpAnswer(200, ACCEPTED)));
    });
    const post = (body: string, timeoutMs: number) =>
      exchange(agent, { origin: upstream.url, path: "/", method: "POST", body }, timeoutMs, OPEN_WINDOW);

    const running = Array.from({ length: connections }, () => post("running", PATIENT_MS));
    await until(() => upstream.requests.length === connections);
    const waited = await post("waiting", SHORT_MS);
    expect(waited).toMatchObject({ sentAt: null, end: "timedOut", httpStatus: null });
    expect(readOutcome(waited, cancelRequest()).kind).toBe("notSent");

    // It is still in undici's queue: when a connection comes free, it has to be passed over.
    gate.open();
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
