import { createServer, type Server } from "node:tls";
import type { AddressInfo } from "node:net";
import { describe, expect, test } from "@jest/globals";
import { cancelRequest } from "../helpers/examples.js";
import { refusedPort } from "../helpers/upstream.js";
import { useEbp } from "../helpers/upstream-client.js";

const ebp = useEbp();

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

describe("proves that nothing was sent when", () => {
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
