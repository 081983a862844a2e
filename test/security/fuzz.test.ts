import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { connect } from "node:net";
import fc from "fast-check";
import { SIGNATURE_HEADER, signWebhook, TIMESTAMP_HEADER } from "../../src/ebp/webhook.js";
import { CANCEL, cancelInput, item, PREVIEW } from "../helpers/operations.js";
import { startService, WEBHOOK_SECRET, type TestService } from "../helpers/service.js";
import { httpAnswer, startUpstream, type Upstream } from "../helpers/upstream.js";
import { boundFor, cpuMs, hostileJson, hostileText, toJson } from "./hostile-texts.js";

/** How long all kinds of input are tried together, in seconds. */
const SECONDS = Number(process.env["FUZZ_SECONDS"] ?? "12");
const SEED = Number(process.env["FUZZ_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const KINDS = 6;
const MAX_BYTES = 1_000_000;

let ebpAnswer = httpAnswer(200, "{}");
let upstream: Upstream;
let service: TestService;
beforeAll(async () => {
  process.stdout.write(`fuzz: FUZZ_SECONDS=${SECONDS} FUZZ_SEED=${SEED}\n`);
  upstream = await startUpstream((_request, socket) => socket.write(ebpAnswer));
  service = await startService({ environment: { EBP_BASE_URL: upstream.url } });
  // What is compiled at first use is none of the input's cost.
  for (const query of [CANCEL, PREVIEW, LIST]) await service.graphql(query, { input: cancelInput() });
});
afterAll(async () => {
  await service.close();
  await upstream.close();
});

const LIST = `query ($after: String, $filter: CancellationFilter, $orderNo: String = "x") {
  cancellations(first: 2, after: $after, filter: $filter) { edges { cursor } }
  order(orderNo: $orderNo) { cancelledTotal }
}`;

/** Bytes over a connection of their own, and what comes back. */
function send(bytes: Buffer): Promise<string> {
  return new Promise((resolve) => {
    const pieces: Buffer[] = [];
    const socket = connect(Number(new URL(service.url).port), "127.0.0.1", () => socket.write(bytes));
    socket.on("data", (piece) => pieces.push(piece)).on("error", () => undefined);
    socket.on("close", () => resolve(Buffer.concat(pieces).toString("utf8")));
  });
}

function http(start: string, headers: Readonly<Record<string, string>>, body = Buffer.alloc(0)): Buffer {
  const all = { host: "a", connection: "close", "content-length": String(body.byteLength), ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return Buffer.concat([Buffer.from(`${start} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`), body]);
}

function graphql(query: string, variables: object): Buffer {
  const body = Buffer.from(toJson({ query, variables }));
  return http("POST /graphql", { "content-type": "application/json" }, body);
}

/** Each input is answered, with no fault of ours, within its CPU. How many were tried is printed. */
function fuzz(what: string, inputs: fc.Arbitrary<Buffer>): void {
  test(
    `${what} is answered without a fault, within 50 ms of CPU for 100 kB`,
    async () => {
      let tried = 0;
      await fc.assert(
        fc.asyncProperty(inputs, async (bytes) => {
          tried += 1;
          let answer = "";
          const bound = boundFor(bytes.byteLength);
          const cost = await cpuMs(bound, async () => (answer = await send(bytes)));
          const shown = bytes.toString("utf8", 0, 2_000);
          expect({ shown, answer }).toEqual({
            shown,
            answer: expect.stringMatching(/^HTTP\/1\.1 (?:2\d\d|4\d\d) (?![^]*INTERNAL_SERVER_ERROR)/u),
          });
          expect({ shown, isCheap: cost <= bound, cost: Math.min(cost, bound) }).toMatchObject({
            isCheap: true,
          });
        }),
        {
          seed: SEED,
          numRuns: 1_000_000,
          interruptAfterTimeLimit: (SECONDS * 1_000) / KINDS,
          markInterruptAsFailure: false,
          endOnFailure: true,
        },
      );
      process.stdout.write(`fuzz: ${what}: ${tried}\n`);
      expect(tried).toBeGreaterThan(5);
      expect((await fetch(`${service.url}/livez`)).status).toBe(200);
    },
    SECONDS * 1_000 + 120_000,
  );
}

/** `object` with one or two of its fields replaced. */
function spoiled(object: () => Record<string, unknown>, values: fc.Arbitrary<unknown>): fc.Arbitrary<object> {
  const change = fc.tuple(fc.constantFrom(...Object.keys(object())), values);
  return fc
    .array(change, { minLength: 1, maxLength: 2 })
    .map((changes) => ({ ...object(), ...Object.fromEntries(changes) }));
}

const text = hostileText(MAX_BYTES / 2);
const json = hostileJson(MAX_BYTES / 2);

describe("whatever a stranger sends", () => {
  const account = { accountNumber: "1234567890", bankCode: "001", accountHolderName: "John Doe" };
  const input = (): Record<string, unknown> => ({
    ...cancelInput(),
    storeId: "SIM-KR",
    expectedCancelledTotal: "0",
    refundAccount: account,
    reason: "changed mind",
    note: "none",
  });
  fuzz(
    "a cancel with variables made of it",
    fc.oneof(
      spoiled(input, json).map((one) => graphql(CANCEL, { input: one })),
      spoiled(input, json).map((one) => graphql(PREVIEW, { input: one })),
      spoiled(() => item(), json).map((one) => graphql(CANCEL, { input: { ...input(), items: [one] } })),
      spoiled(() => account, json).map((one) =>
        graphql(CANCEL, { input: { ...input(), refundAccount: one } }),
      ),
      json.map((one) => graphql(CANCEL, { input: one })),
    ),
  );

  const names = ["authorization", "accept-language", "accept", "content-type", "x-request-id", "traceparent"];
  const more = ["cookie", "origin", "apollo-require-preflight", "content-encoding", "x", "accept-encoding"];
  fuzz(
    "a request with headers made of it",
    fc
      .tuple(fc.constantFrom(...names, ...more), hostileText(12_000), fc.boolean())
      .map(([name, value, isRaw]) => {
        const inOneLine = value.replaceAll(/[\0\r\n]/gu, isRaw ? " " : "");
        const body = Buffer.from(JSON.stringify({ query: "{ __typename }" }));
        return http("POST /graphql", { "content-type": "application/json", [name]: inOneLine }, body);
      }),
  );

  fuzz(
    "a webhook with a body made of it, signed or not",
    fc
      .tuple(
        fc.oneof(
          text,
          spoiled(
            () => ({ eventType: "PAYMENT_VOIDED", eventTime: "2026-01-01T00:00:00Z", data: {} }),
            json,
          ).map(toJson),
          spoiled(
            () => ({
              orderNo: randomUUID(),
              voidedAmount: 1,
              currencyCode: "KRW",
              exponent: 0,
              resultCode: "0",
            }),
            json,
          ).map((data) => toJson({ eventType: "PAYMENT_VOIDED", eventTime: "2026-01-01T00:00:00Z", data })),
        ),
        fc.boolean(),
      )
      .map(([written, isSigned]) => {
        const body = Buffer.from(written).subarray(0, 60_000);
        const timestamp = String(Math.floor(Date.now() / 1_000));
        const signature = isSigned ? signWebhook(body, timestamp, WEBHOOK_SECRET) : "0".repeat(64);
        return http(
          "POST /webhooks/ebp",
          { [SIGNATURE_HEADER]: signature, [TIMESTAMP_HEADER]: timestamp },
          body,
        );
      }),
  );

  fuzz(
    "a cancel whose answer from EBP is made of it",
    fc
      .tuple(
        fc.oneof(
          text,
          spoiled(
            () => ({
              resultCode: "EBP-C-0004",
              message: "no",
              requestId: "r",
              timestamp: "t",
              data: {},
              errors: [],
            }),
            json,
          ).map(toJson),
        ),
        fc.constantFrom(200, 400, 500),
      )
      .map(([body, status]) => {
        ebpAnswer = httpAnswer(status, body);
        return graphql(CANCEL, { input: input() });
      }),
  );

  fuzz(
    "a page of the history with cursors and filters made of it",
    fc.oneof(
      json.map((after) => graphql(LIST, { after })),
      json.map((orderNo) => graphql(LIST, { orderNo })),
      fc
        .tuple(
          fc.constantFrom(..."orderNo orderNoPrefix reason createdFrom status itemId amountFrom".split(" ")),
          json,
        )
        .map(([name, value]) => graphql(LIST, { filter: { [name]: value } })),
    ),
  );

  const parameters = "after limit orderNo reason createdFrom status bom excel direction nobody".split(" ");
  fuzz(
    "an export with an address made of it",
    fc
      .tuple(
        fc.constantFrom("csv", "ndjson"),
        fc.constantFrom(...parameters),
        hostileText(8_000),
        fc.boolean(),
      )
      .map(([file, name, value, isEncoded]) => {
        const written = isEncoded
          ? encodeURIComponent(Buffer.from(value).toString("utf8"))
          : value.replaceAll(/[\s\0]/gu, "");
        return http(`GET /exports/cancellations.${file}?limit=1&${name}=${written.slice(0, 12_000)}`, {});
      }),
  );
});
