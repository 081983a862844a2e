import type { IncomingHttpHeaders } from "node:http";
import type { EnvelopeDetail } from "../src/ebp/answer.js";
import { signRequest } from "../src/ebp/signatures.js";
import type { SimulatedStore } from "./simulated-store.js";

type Check = (value: string, store: SimulatedStore | undefined, body: Buffer) => boolean;

/** Every required header of EBP's documentation with what makes its value right. An unknown store makes none right. */
const REQUIRED: readonly (readonly [header: string, isRight: Check])[] = [
  ["Content-Type", (value) => /^application\/json;\s*charset=utf-8$/iu.test(value)],
  ["Content-Length", (value, _store, body) => value === String(body.byteLength)],
  ["Accept", (value) => value === "application/json"],
  ["X-Store-Id", (_value, store) => store !== undefined],
  ["X-Access-Key", (value, store) => value === store?.accessKey],
  ["X-EBP-Signature", (value, store, body) => value === (store && signRequest(body, store.hashKey))],
  ["X-Division-Code", (value, store) => value === store?.divisionCode],
  ["X-Channel-Code", (value, store) => value === store?.channelCode],
  ["X-Ric-Code", (value, store) => value === store?.ricCode],
  ["X-Country-Code", (value, store) => value === store?.countryCode],
  ["X-Currency-Code", (value, store) => value === store?.currencyCode],
];

/** One entry for each header that is missing or wrong; the signature is checked over the bytes as received. */
export function checkHeaders(
  headers: IncomingHttpHeaders,
  store: SimulatedStore | undefined,
  body: Buffer,
): EnvelopeDetail[] {
  return REQUIRED.flatMap(([header, isRight]) => {
    const value = headers[header.toLowerCase()];
    if (typeof value !== "string" || value === "")
      return { field: header, message: "Missing Mandatory Header" };
    return isRight(value, store, body) ? [] : { field: header, message: "Invalid Header Value" };
  });
}
