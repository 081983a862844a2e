import { createHash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  createWebhookReader,
  SIGNATURE_HEADER,
  signWebhook,
  TIMESTAMP_HEADER,
} from "../../src/ebp/webhook.js";
import { published } from "../helpers/examples.js";

const SECRET = "whsec-test";
const SECRETS = new Map([
  ["whsec-other", ["STORE-3"]],
  [SECRET, ["STORE-1", "STORE-2"]],
]);
const TIMESTAMP = "1767129253";
const reader = createWebhookReader({ secrets: SECRETS, amounts: "minor" });

interface Vector {
  readonly timestamp: string;
  readonly body: string;
  readonly secret: string;
  readonly signature: string;
}
const { webhook: vectors } = JSON.parse(published("signature-vectors")) as { webhook: readonly Vector[] };

function signed(body: Buffer, timestamp = TIMESTAMP, secret = SECRET): IncomingHttpHeaders {
  return { [SIGNATURE_HEADER]: signWebhook(body, timestamp, secret), [TIMESTAMP_HEADER]: timestamp };
}

test.each(vectors)("takes $body with the signature computed independently", (vector) => {
  const body = Buffer.from(vector.body);
  const headers = { [SIGNATURE_HEADER]: vector.signature, [TIMESTAMP_HEADER]: vector.timestamp };
  expect(reader.read(headers, body)).toMatchObject({ signedAt: Number(vector.timestamp), body });
});

test("takes a signature in capitals for the same", () => {
  const body = Buffer.from("{}");
  const headers = { ...signed(body), [SIGNATURE_HEADER]: signWebhook(body, TIMESTAMP, SECRET).toUpperCase() };
  expect(reader.read(headers, body)).not.toBeNull();
});

test("names the stores of the secret that signed it, and no others", () => {
  const body = Buffer.from("{}");
  expect(reader.read(signed(body, TIMESTAMP, "whsec-other"), body)?.event.storeIds).toEqual(["STORE-3"]);
});

test("gives the same body the same digest, whenever and by whom it was signed", () => {
  const body = Buffer.from(vectors[0]?.body ?? "");
  const digests = [signed(body), signed(body, "1"), signed(body, TIMESTAMP, "whsec-other")].map(
    (headers) => reader.read(headers, body)?.event.digest,
  );
  expect(new Set(digests)).toEqual(new Set([createHash("sha256").update(body).digest("hex")]));
});

test("does not judge when it was signed", () => {
  const body = Buffer.from("{}");
  for (const timestamp of ["0", "1", "999999999999"]) {
    expect(reader.read(signed(body, timestamp), body)?.signedAt).toBe(Number(timestamp));
  }
});

describe("refuses", () => {
  const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array));

  function flipped(buffer: Buffer, bit: number): Buffer {
    const copy = Buffer.from(buffer);
    const index = (bit >> 3) % copy.byteLength;
    copy[index] = (copy[index] ?? 0) ^ (1 << (bit & 7));
    return copy;
  }

  test("any body with any one bit of it flipped", () => {
    fc.assert(
      fc.property(
        bytes.filter((body) => body.byteLength > 0),
        fc.nat(),
        (body, bit) => {
          expect(reader.read(signed(body), body)).not.toBeNull();
          expect(reader.read(signed(body), flipped(body, bit))).toBeNull();
        },
      ),
    );
  });

  test("a signature with any one bit of it flipped", () => {
    const body = Buffer.from(vectors[0]?.body ?? "");
    const signature = Buffer.from(signWebhook(body, TIMESTAMP, SECRET), "hex");
    for (let bit = 0; bit < 256; bit += 1) {
      const headers = { ...signed(body), [SIGNATURE_HEADER]: flipped(signature, bit).toString("hex") };
      expect(reader.read(headers, body)).toBeNull();
    }
  });

  test("any other time stamp than the one that was signed", () => {
    const body = Buffer.from("{}");
    fc.assert(
      fc.property(fc.stringMatching(/^\d{1,12}$/u), fc.string({ maxLength: 14 }), (timestamp, other) => {
        fc.pre(other !== timestamp);
        const headers = { ...signed(body, timestamp), [TIMESTAMP_HEADER]: other };
        expect(reader.read(headers, body)).toBeNull();
      }),
    );
    expect(reader.read({ ...signed(body, "7"), [TIMESTAMP_HEADER]: "07" }, body)).toBeNull();
    // A byte moved from the body to the time stamp.
    const moved = { ...signed(Buffer.from("1.{}"), "17"), [TIMESTAMP_HEADER]: "17.1" };
    expect(reader.read(moved, body)).toBeNull();
  });

  test("what was signed with any other secret", () => {
    fc.assert(
      fc.property(bytes, fc.nat(), (body, bit) => {
        const other = flipped(Buffer.from(SECRET), bit & ~7).toString("latin1");
        expect(reader.read(signed(body, TIMESTAMP, other), body)).toBeNull();
        expect(reader.read(signed(body, TIMESTAMP, ""), body)).toBeNull();
      }),
    );
  });

  const body = Buffer.from("{}");
  const right = signWebhook(body, TIMESTAMP, SECRET);
  const headersOf = (signature: unknown, timestamp: unknown): IncomingHttpHeaders =>
    ({ [SIGNATURE_HEADER]: signature, [TIMESTAMP_HEADER]: timestamp }) as IncomingHttpHeaders;
  test.each<[string, IncomingHttpHeaders]>([
    ["no headers", {}],
    ["no signature", { [TIMESTAMP_HEADER]: TIMESTAMP }],
    ["no time stamp", { [SIGNATURE_HEADER]: right }],
    ["a list of signatures", headersOf([right], TIMESTAMP)],
    ["two signatures", headersOf(`${right}, ${right}`, TIMESTAMP)],
    ["a signature with something behind it", headersOf(`${right}00`, TIMESTAMP)],
    ["a signature cut off", headersOf(right.slice(0, 62), TIMESTAMP)],
    ["a signature with a prefix", headersOf(`sha256=${right}`, TIMESTAMP)],
    ["a line break behind the signature", headersOf(`${right}\n`, TIMESTAMP)],
    ["a list of time stamps", headersOf(right, [TIMESTAMP])],
    ...["", "-1", "1.5", "1e3", " 1", "1234567890123", "١"].map(
      (timestamp): [string, IncomingHttpHeaders] => [
        `the signed time stamp ${JSON.stringify(timestamp)}`,
        signed(body, timestamp),
      ],
    ),
  ])("%s", (_what, headers) => {
    expect(reader.read(headers, body)).toBeNull();
  });

  test("everything while no secret is configured, and to be made with an empty one", () => {
    const none = createWebhookReader({ secrets: new Map(), amounts: "minor" });
    expect(none.read(signed(body), body)).toBeNull();
    expect(() => createWebhookReader({ secrets: new Map([["", ["STORE-1"]]]), amounts: "minor" })).toThrow(
      TypeError,
    );
  });
});
