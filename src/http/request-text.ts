import type { IncomingHttpHeaders } from "node:http";
import { MIMEType } from "node:util";
import type { preHandlerHookHandler } from "fastify";
import { InvalidArgumentError } from "../cancellation/model/errors.js";
import { ApiError } from "../messages/api-error.js";

// Texts identify orders and idempotency keys. A lenient decoder puts the same replacement character for whatever it cannot read, so two
// keys in EUC-KR would become one, and the second cancel would be answered as a repetition of the first.

const NOT_UTF8 = new ApiError(400, "BAD_REQUEST", ({ refusals }) => refusals.notUtf8);
const OTHER_CHARSET = new ApiError(415, "BAD_REQUEST", ({ refusals }) => refusals.otherCharset);
const ENCODED = new ApiError(415, "BAD_REQUEST", ({ refusals }) => refusals.compressed, {
  headers: { "accept-encoding": "identity" },
});

const UTF8_NAMES = ["utf-8", "utf8"];

/** The text of a JSON body, without a byte order mark. @throws ApiError unless it is UTF-8, and says nothing else. */
export function decodeBody(headers: IncomingHttpHeaders, body: Uint8Array): string {
  const { "content-encoding": encoding = "identity", "content-type": type = "" } = headers;
  if (encoding.toLowerCase() !== "identity") throw ENCODED;
  if (!isUtf8(type)) throw OTHER_CHARSET;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch {
    throw NOT_UTF8;
  }
}

function isUtf8(contentType: string): boolean {
  try {
    const charset = new MIMEType(contentType).params.get("charset") ?? "utf-8";
    return UTF8_NAMES.includes(charset.toLowerCase());
  } catch {
    // Fastify reads blanks around a type that the standard does not know.
    return false;
  }
}

/** A name that may be repeated. Anything else in its place may be a caller's data. */
const PARAMETER = /^[A-Za-z]{1,40}$/u;

/** Refuses an address whose parameters cannot be decoded. Each of its later readers would make something else of them. */
export const checkParameters: preHandlerHookHandler = ({ url }, _reply, done) => {
  const start = url.indexOf("?");
  const pairs = start === -1 ? [] : url.slice(start + 1).split("&");
  const unreadable = pairs.find((pair) => !isEncodedText(pair));
  if (unreadable === undefined) {
    done();
    return;
  }
  const [name = ""] = unreadable.split("=", 1);
  done(new InvalidArgumentError({ kind: "notEncoded", field: PARAMETER.test(name) ? name : null }));
};

/** Node reads bytes that are not percent-encoded as Latin-1. */
function isEncodedText(text: string): boolean {
  if (/[^\x20-\x7e]/u.test(text)) return false;
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
