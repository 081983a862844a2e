import type { Exchange } from "./exchange.js";
import { asArray, asObject, asText, type JsonObject, parseJson, UNPARSABLE } from "./json.js";

/** EBP's envelope. Everything but the result code may be missing; unknown fields are left in `fields` and the raw answer. */
export interface Envelope {
  /** "0" or `EBP-<letter>-<number>`. */
  readonly resultCode: string;
  readonly message: string | null;
  readonly requestId: string | null;
  readonly timestamp: string | null;
  readonly data: JsonObject | null;
  readonly details: readonly EnvelopeDetail[];
  /** The whole document. */
  readonly fields: JsonObject;
}

export interface EnvelopeDetail {
  readonly field: string | null;
  readonly message: string;
}

export type AnswerText =
  | { readonly kind: "envelope"; readonly envelope: Envelope }
  /** Not EBP's: a gateway's page, another JSON document, nothing at all. */
  | { readonly kind: "foreign" }
  /** May be EBP's, and cannot be read: broken off, ambiguous, or not as documented. Proves nothing either way. */
  | { readonly kind: "illegible" };

/**
 * Reads an answer without losing a digit. A key given twice with different values makes it illegible: two readers
 * would see two answers.
 */
export function readAnswer(text: string): AnswerText {
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
    fields,
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

/** What one exchange says, as far as it can be read. */
export interface ReadExchange {
  readonly happened: Exchange;
  /** The answer's body as text, whatever it is. */
  readonly rawText: string;
  readonly text: AnswerText;
  /** Null when the answer is not EBP's, or cannot be read. */
  readonly envelope: Envelope | null;
}

export function readExchange(happened: Exchange): ReadExchange {
  const rawText = new TextDecoder().decode(happened.body);
  const text = answerText(happened, rawText);
  return { happened, rawText, text, envelope: text.kind === "envelope" ? text.envelope : null };
}

/** Whether the answer is about this order; null when it does not state one. */
export function isSameOrder(envelope: Envelope | null, orderNo: string): boolean | null {
  const stated = envelope?.data?.["orderNo"] ?? null;
  return stated === null ? null : asText(stated) === orderNo;
}

function answerText({ end, headers, body }: Exchange, rawText: string): AnswerText {
  if (end !== "complete") return { kind: "illegible" };
  // Compressed although nobody asked for it: it may hold anything.
  const encoding = headers["content-encoding"] ?? "identity";
  if (body.byteLength > 0 && encoding !== "identity") return { kind: "illegible" };
  return readAnswer(rawText);
}
