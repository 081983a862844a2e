import type { Exchange } from "./exchange.js";
import { asArray, asObject, asText, type JsonObject, parseJson, UNPARSABLE } from "./json.js";

/** EBP's envelope. Everything but the result code may be missing. Unknown fields stay in the raw answer. */
export interface Envelope {
  /** "0" or `EBP-<letter>-<number>`. */
  readonly resultCode: string;
  readonly message: string | null;
  readonly requestId: string | null;
  readonly timestamp: string | null;
  readonly data: JsonObject | null;
  readonly details: readonly EnvelopeDetail[];
}

export interface EnvelopeDetail {
  readonly field: string | null;
  readonly message: string;
}

export type AnswerText =
  | { readonly kind: "envelope"; readonly envelope: Envelope }
  /** Not EBP's: a gateway's page, another JSON document, an empty body. */
  | { readonly kind: "foreign" }
  /** Perhaps EBP's, but not readable: broken off, ambiguous, or not as documented. It proves nothing. */
  | { readonly kind: "illegible" };

/** A key that stands twice with different values makes the answer illegible: two readers would see two answers. */
function readAnswer(text: string): AnswerText {
  const document = parseJson(text);
  const fields = document === UNPARSABLE ? null : asObject(document);
  if (fields !== null && typeof fields["resultCode"] === "string" && fields["resultCode"] !== "") {
    return { kind: "envelope", envelope: envelopeOf(fields, fields["resultCode"]) };
  }
  const mayBeEbp =
    text.includes("resultCode") || (document === UNPARSABLE && text.trimStart().startsWith("{"));
  return { kind: mayBeEbp ? "illegible" : "foreign" };
}

function envelopeOf(fields: JsonObject, resultCode: string): Envelope {
  return {
    resultCode,
    message: asText(fields["message"]),
    requestId: asText(fields["requestId"]),
    timestamp: asText(fields["timestamp"]),
    data: asObject(fields["data"]),
    details: detailsOf(fields),
  };
}

/** API docs v0.5.12 show `error.errorDetails[]`, v0.5.21 `errors[]`. */
function detailsOf(fields: JsonObject): EnvelopeDetail[] {
  const entries = [...asArray(asObject(fields["error"])?.["errorDetails"]), ...asArray(fields["errors"])];
  return entries.map(asObject).flatMap((entry) => {
    const field = asText(entry?.["field"]) ?? asText(entry?.["header"]);
    const message = asText(entry?.["message"]);
    return field === null && message === null ? [] : [{ field, message: message ?? "" }];
  });
}

/** One exchange and its answer, as far as it can be read. */
export interface ReadExchange {
  readonly exchange: Exchange;
  readonly rawText: string;
  readonly text: AnswerText;
  /** Null when the answer is not EBP's or cannot be read. */
  readonly envelope: Envelope | null;
}

export function readExchange(exchange: Exchange): ReadExchange {
  const rawText = new TextDecoder().decode(exchange.body);
  const text = answerText(exchange, rawText);
  return { exchange, rawText, text, envelope: text.kind === "envelope" ? text.envelope : null };
}

/** Whether the answer is about this order; null when it does not state one. */
export function isSameOrder(envelope: Envelope | null, orderNo: string): boolean | null {
  const stated = envelope?.data?.["orderNo"] ?? null;
  return stated === null ? null : asText(stated) === orderNo;
}

function answerText({ end, headers, body }: Exchange, rawText: string): AnswerText {
  if (end !== "complete") return { kind: "illegible" };
  // Compressed although we did not accept that: it may say anything.
  const encoding = headers["content-encoding"] ?? "identity";
  if (body.byteLength > 0 && encoding !== "identity") return { kind: "illegible" };
  return readAnswer(rawText);
}
