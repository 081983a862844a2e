import { createHash } from "node:crypto";
import { createServer, type Server } from "node:tls";
import type { AddressInfo } from "node:net";
import { describe, expect, test } from "@jest/globals";
import { isLosslessNumber, parse } from "lossless-json";
import { Decimal } from "../../src/cancellation/model/decimal.js";
import { signRequest } from "../../src/ebp/ebp-request.js";
import { DEVELOPMENT_STORE } from "../../simulator/development-store.js";
import {
  cancelItem,
  cancelRequest,
  published,
  PUBLISHED_CANCELS,
  publishedRequest,
} from "../helpers/examples.js";
import { createGate, until } from "../helpers/gate.js";
import { httpAnswer, refusedPort } from "../helpers/upstream.js";
import { useEbp } from "../helpers/upstream-client.js";

const ebp = useEbp();

test("refuses a store it has no credentials for, and sends nothing", async () => {
  const simulator = await ebp.simulator();
  const client = ebp.client(simulator.url);
  const request = cancelRequest({ storeId: "ELSEWHERE" });
  await expect(client.cancel(request, "en")).rejects.toThrow("no credentials are configured");
  expect(simulator.ledger.totalReceived).toBe(0);
});

test("describes what it would send, the refund account masked, and sends nothing", async () => {
  const simulator = await ebp.simulator();
  const described = ebp.client(simulator.url).describe(publishedRequest("amount-unit", "SIM-KR"));
  // Indented, for a person to read.
  expect(described).toContain('\n  "orderNo": "ORD20251224001",\n');
  expect(JSON.parse(described)).toEqual({
    orderNo: "ORD20251224001",
    totalCancelAmount: 2000,
    refundAccount: { accountNumber: "******7890", bankCode: "001", accountHolderName: "J** D**" },
    items: [{ seq: 3, itemType: "PHYSICAL", itemId: "P003", quantity: 1, amount: 2000, taxAmount: 0 }],
  });
  expect(simulator.ledger.totalReceived).toBe(0);
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

test("waits for the cancels under way when it closes, twice if need be, and sends none after", async () => {
  const gate = createGate();
  gate.close();
  const simulator = await ebp.simulator({ beforeAnswer: () => gate.pass() });
  const client = ebp.client(simulator.url);
  const underWay = client.cancel(cancelRequest({ orderNo: "ORD-UNDER-WAY" }), "en");
  await until(() => simulator.ledger.totalReceived > 0);
  const closed = client.close();
  const tooLate = await client.cancel(cancelRequest({ orderNo: "ORD-TOO-LATE" }), "en");
  gate.open();
  await closed;
  await client.close();
  expect(await underWay).toMatchObject({ outcome: { kind: "accepted" }, sentAgoMs: expect.any(Number) });
  expect(tooLate).toMatchObject({ outcome: { kind: "notSent" }, sentAgoMs: null });
  expect(simulator.ledger.received("ORD-TOO-LATE")).toHaveLength(0);
});

const SHORT_MS = 200;
const NEVER_LEFT = {
  outcome: {
    kind: "notSent",
    failure: { cause: "NOT_CONNECTED", resultCode: null, ebpMessage: null, details: [] },
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
    expect(sent.outcome.evidence.basis).toContain("ECONNREFUSED");
  });

  test("the host has no address", async () => {
    const sent = await ebp.client("http://nonexistent.invalid").cancel(cancelRequest(), "en");
    expect(sent).toMatchObject(NEVER_LEFT);
  });

  test("the peer does not speak TLS, the handshake fails, or it does not end in time", async () => {
    const simulator = await ebp.simulator();
    const silent = await ebp.upstream(() => undefined);
    const { server, url } = await startUselessTls();
    for (const [at, timeoutMs] of [
      [simulator.url.replace("http:", "https:"), 10_000],
      [url, 10_000],
      [silent.url.replace("http:", "https:"), SHORT_MS],
    ] as const)
      expect(await ebp.client(at, { timeoutMs }).cancel(cancelRequest(), "en")).toMatchObject(NEVER_LEFT);
    server.close();
    expect(simulator.ledger.totalReceived).toBe(0);
  });

  test("a header cannot be sent", async () => {
    const simulator = await ebp.simulator();
    const client = ebp.client(simulator.url, { store: { accessKey: "line\r\nbreak" } });
    expect(await client.cancel(cancelRequest(), "en")).toMatchObject(NEVER_LEFT);
    expect(simulator.ledger.totalReceived).toBe(0);
  });
});

const { storeId } = DEVELOPMENT_STORE;

/** The document with numbers by value (2000.0 is 2000) and objects as lists, so that the order of keys counts. */
function comparable(value: unknown): unknown {
  if (isLosslessNumber(value)) return `number ${new Decimal(value.toString()).toFixed()}`;
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== "object" || value === null) return value;
  return Object.entries(value).map(([key, field]) => [key, comparable(field)]);
}

async function sent(request = cancelRequest(), language: "en" | "ko" = "en", path = "") {
  const upstream = await ebp.upstream((_request, socket) => socket.end(httpAnswer(502, "")));
  await ebp.client(upstream.url + path).cancel(request, language);
  const [received] = upstream.requests;
  if (received === undefined) throw new Error("nothing reached the upstream");
  return received;
}

describe.each(PUBLISHED_CANCELS)("the published %s cancel", (name) => {
  test("reaches EBP with the fields, values and order of the example", async () => {
    const { body } = await sent(publishedRequest(name, storeId));
    expect(comparable(parse(body.toString("utf8")))).toEqual(comparable(parse(published(`${name}.request`))));
  });

  test("comes back as the confirmation the example shows", async () => {
    const response = published(`${name}.response`);
    const outcome = await ebp.outcomeOf(httpAnswer(200, response), publishedRequest(name, storeId));
    const { data, requestId, timestamp } = JSON.parse(response, (key, value: unknown) =>
      /amount$/iu.test(key) ? new Decimal(value as number) : value,
    );
    const { orderNo: _, ...confirmation } = data;
    expect(outcome).toEqual({
      kind: "accepted",
      confirmation,
      evidence: {
        basis: 'EBP accepted the cancel: result code "0".',
        httpStatus: 200,
        resultCode: "0",
        requestId,
        timestamp,
        digest: null,
        rawAnswer: response,
      },
    });
  });
});

test("carries every documented header, and the length and signature of the very bytes sent", async () => {
  const request = cancelRequest({
    refundAccount: { accountNumber: "0012345678", bankCode: "001", accountHolderName: "홍길동" },
  });
  const { requestLine, headers, body } = await sent(request);
  expect(requestLine).toBe("POST /api/v2/payment/cancel HTTP/1.1");
  expect(headers).toEqual({
    host: expect.any(String),
    connection: "keep-alive",
    "content-type": "application/json; charset=utf-8",
    "content-length": String(body.byteLength),
    accept: "application/json",
    "accept-language": "en-US",
    "time-zone": "UTC",
    "x-system-language": "en",
    "x-language-code": "en",
    "x-access-key": DEVELOPMENT_STORE.accessKey,
    "x-ebp-signature": createHash("sha256").update(body).update(DEVELOPMENT_STORE.hashKey).digest("hex"),
    "x-division-code": DEVELOPMENT_STORE.divisionCode,
    "x-store-id": DEVELOPMENT_STORE.storeId,
    "x-channel-code": DEVELOPMENT_STORE.channelCode,
    "x-ric-code": DEVELOPMENT_STORE.ricCode,
    "x-country-code": DEVELOPMENT_STORE.countryCode,
    "x-currency-code": DEVELOPMENT_STORE.currencyCode,
  });
});

test("asks for Korean messages when the caller reads Korean, at a base URL with a path and a slash at its end", async () => {
  const { headers, requestLine, body } = await sent(cancelRequest(), "ko", "/ebp/");
  expect(requestLine).toBe("POST /ebp/api/v2/payment/cancel HTTP/1.1");
  // What is not given is left out.
  expect(Object.keys(JSON.parse(body.toString("utf8")) as object)).toEqual([
    "orderNo",
    "totalCancelAmount",
    "items",
  ]);
  expect(body.toString("utf8")).not.toContain("taxAmount");
  expect(headers).toMatchObject({
    "accept-language": "ko-KR",
    "x-system-language": "ko",
    "x-language-code": "ko",
  });
});

test("writes amounts digit for digit, never with an exponent, and the account number as a string", async () => {
  const { body } = await sent(
    cancelRequest({
      totalCancelAmount: new Decimal("123456789012345.6789"),
      refundAccount: { accountNumber: "0000123", bankCode: null, accountHolderName: null },
      items: [cancelItem({ amount: new Decimal("0.0000001"), taxAmount: new Decimal("1e21") })],
    }),
  );
  expect(body.toString("utf8")).toBe(
    '{"orderNo":"ORD-1","totalCancelAmount":123456789012345.6789,"refundAccount":{"accountNumber":"0000123"},' +
      '"items":[{"seq":1,"itemType":"PHYSICAL","itemId":"P001","quantity":1,"amount":0.0000001,' +
      '"taxAmount":1000000000000000000000}]}',
  );
});

interface Vector {
  readonly body: string;
  readonly hashKey: string;
  readonly signature: string;
}

const { request: vectors } = JSON.parse(published("signature-vectors")) as { request: readonly Vector[] };

test.each(vectors)("signs $body as computed independently", ({ body, hashKey, signature }) => {
  expect(signRequest(Buffer.from(body, "utf8"), hashKey)).toBe(signature);
});
