import { createServer, type Server } from "node:tls";
import type { AddressInfo } from "node:net";
import { describe, expect, test } from "@jest/globals";
import { cancelRequest, publishedRequest } from "../helpers/examples.js";
import { httpAnswer, refusedPort } from "../helpers/upstream.js";
import { useEbp } from "../helpers/upstream-client.js";

const ebp = useEbp();

test("refuses a store it has no credentials for, and sends nothing", async () => {
  const simulator = await ebp.simulator();
  const client = ebp.client(simulator.url);
  const request = cancelRequest({ storeId: "ELSEWHERE" });
  await expect(client.cancel(request, "en")).rejects.toThrow("no credentials are configured");
  expect(() => client.describe(request)).toThrow("no credentials are configured for it");
  expect(simulator.ledger.totalReceived).toBe(0);
});

test("describes what it would send, the refund account masked, and sends nothing", async () => {
  const simulator = await ebp.simulator();
  const described = ebp.client(simulator.url).describe(publishedRequest("amount-unit", "SIM-KR"));
  expect(described.method).toBe("POST");
  expect(described.url).toBe(`${simulator.url}/api/v2/payment/cancel`);
  expect(JSON.parse(described.body)).toEqual({
    orderNo: "ORD20251224001",
    totalCancelAmount: 2000,
    refundAccount: { accountNumber: "******7890", bankCode: "001", accountHolderName: "J** D**" },
    items: [{ seq: 3, itemType: "PHYSICAL", itemId: "P003", quantity: 1, amount: 2000, taxAmount: 0 }],
  });
  expect(simulator.ledger.totalReceived).toBe(0);
});

test("says how long ago the request left", async () => {
  const simulator = await ebp.simulator();
  const { sentAgoMs } = await ebp.client(simulator.url).cancel(cancelRequest(), "en");
  expect(sentAgoMs).toEqual(expect.any(Number));
  expect(sentAgoMs).toBeGreaterThanOrEqual(0);
});

test("does not follow a redirect", async () => {
  const elsewhere = await ebp.simulator();
  const upstream = await ebp.upstream((_request, socket) => {
    socket.end(httpAnswer(307, "", { Location: `${elsewhere.url}/api/v2/payment/cancel` }));
  });
  const { outcome } = await ebp.client(upstream.url).cancel(cancelRequest(), "en");
  expect(outcome.kind).toBe("unknown");
  expect(upstream.requests).toHaveLength(1);
  expect(elsewhere.ledger.totalReceived).toBe(0);
});

test("waits for the cancels under way when it closes, and sends none after", async () => {
  let answer: () => void = () => undefined;
  const mayAnswer = new Promise<void>((resolve) => (answer = resolve));
  let arrived: () => void = () => undefined;
  const hasArrived = new Promise<void>((resolve) => (arrived = resolve));
  const simulator = await ebp.simulator({
    beforeAnswer: async () => {
      arrived();
      await mayAnswer;
    },
  });
  const client = ebp.client(simulator.url);
  const underWay = client.cancel(cancelRequest({ orderNo: "ORD-UNDER-WAY" }), "en");
  await hasArrived;
  const closed = client.close();
  const tooLate = await client.cancel(cancelRequest({ orderNo: "ORD-TOO-LATE" }), "en");
  answer();
  await closed;
  expect((await underWay).outcome.kind).toBe("accepted");
  expect(tooLate).toMatchObject({ outcome: { kind: "notSent" }, sentAgoMs: null });
  expect(simulator.ledger.received("ORD-TOO-LATE")).toHaveLength(0);
});

test("can be closed twice", async () => {
  const client = ebp.client("http://127.0.0.1:9");
  await client.close();
  await expect(client.close()).resolves.toBeUndefined();
});

const SHORT_MS = 200;
const NEVER_LEFT = {
  outcome: {
    kind: "notSent",
    failure: { resultCode: null, details: [] },
    evidence: { httpStatus: null, resultCode: null, digest: null, rawAnswer: null },
  },
  sentAgoMs: null,
};

/** A TLS server without a certificate: every handshake fails. */
async function startUselessTls(): Promise<{ server: Server; url: string }> {
  const server = createServer({}).on("tlsClientError", () => undefined);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, url: `https://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

describe("the client proves that nothing was sent when", () => {
  test("the connection is refused", async () => {
    const sent = await ebp.client(`http://127.0.0.1:${await refusedPort()}`).cancel(cancelRequest(), "en");
    expect(sent).toMatchObject(NEVER_LEFT);
    expect(sent.outcome).toMatchObject({ failure: { message: expect.stringContaining("ECONNREFUSED") } });
  });

  test("the host has no address", async () => {
    const sent = await ebp.client("http://nonexistent.invalid").cancel(cancelRequest(), "en");
    expect(sent).toMatchObject(NEVER_LEFT);
  });

  test("the peer does not speak TLS", async () => {
    const simulator = await ebp.simulator();
    const sent = await ebp.client(simulator.url.replace("http:", "https:")).cancel(cancelRequest(), "en");
    expect(sent).toMatchObject(NEVER_LEFT);
    expect(simulator.ledger.totalReceived).toBe(0);
  });

  test("the TLS handshake fails", async () => {
    const { server, url } = await startUselessTls();
    const sent = await ebp.client(url).cancel(cancelRequest(), "en");
    server.close();
    expect(sent).toMatchObject(NEVER_LEFT);
  });

  test("the TLS handshake does not end in time", async () => {
    const upstream = await ebp.upstream(() => undefined);
    const client = ebp.client(upstream.url.replace("http:", "https:"), { timeoutMs: SHORT_MS });
    expect(await client.cancel(cancelRequest(), "en")).toMatchObject(NEVER_LEFT);
  });

  test("a header cannot be sent", async () => {
    const simulator = await ebp.simulator();
    const client = ebp.client(simulator.url, { store: { accessKey: "line\r\nbreak" } });
    expect(await client.cancel(cancelRequest(), "en")).toMatchObject(NEVER_LEFT);
    expect(simulator.ledger.totalReceived).toBe(0);
  });
});
