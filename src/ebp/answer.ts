import { createHash } from "node:crypto";
import type { Evidence } from "../cancellation/model/outcome.js";
import type { Exchange } from "./exchange.js";
import { asArray, asObject, asText, type JsonObject, parseJson, UNPARSABLE } from "./json.js";
import type { RefundAccount } from "../cancellation/model/cancel-request.js";

/** EBP's envelope. Everything but the result code may be missing. Unknown fields stay in the raw answer. */
interface Envelope {
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

export function isSuccess({ httpStatus }: Pick<Exchange, "httpStatus">): boolean {
  return httpStatus !== null && httpStatus >= 200 && httpStatus <= 299;
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

/** EBP's result codes. */
export const PUBLISHED_CODE = /^(?:0|EBP-[A-Z]-\d{4})$/u;

/**
 * What is kept of an exchange, so that anyone can check the conclusion. Every field but `rawAnswer` is storable, bounded and free of
 * the refund account; the raw answer is stored encrypted and never shown.
 * @param namesNobody the answer can hold neither account nor name. Otherwise no digest is kept: an account could be found from it
 * by trying them all.
 */
export function evidenceOf(
  { exchange: { httpStatus, body }, rawText, envelope }: ReadExchange,
  basis: string,
  redactor: Redactor,
  namesNobody: boolean,
): Evidence {
  const isAnswered = httpStatus !== null;
  return {
    basis,
    httpStatus,
    resultCode: resultCodeOf(envelope, redactor),
    requestId: redactor.identifier(envelope?.requestId ?? null),
    timestamp: redactor.identifier(envelope?.timestamp ?? null),
    digest: isAnswered && namesNobody ? createHash("sha256").update(body).digest("hex") : null,
    rawAnswer: isAnswered ? rawText : null,
  };
}

/** A code of the published form is shown as it is, even if its digits appear in the account. */
export function resultCodeOf(envelope: Envelope | null, redactor: Redactor): string | null {
  const code = envelope?.resultCode ?? null;
  return code !== null && PUBLISHED_CODE.test(code) ? code : redactor.identifier(code);
}

export const REDACTED = "[redacted]";

/** Identifiers keep shorter numbers and Latin names: removing two letters from every tracking id would destroy them. */
const MIN_LENGTH_IN_IDENTIFIERS = 6;
/** The mask shows the first letter of a name. */
const MIN_NAME_LENGTH = 2;

/** Makes EBP's texts fit to be shown: storable, bounded and without the refund account. */
export interface Redactor {
  /** A message for people. */
  message(text: string): string;
  /** A result code, a tracking id and the like. */
  identifier(text: string): string;
  identifier(text: string | null): string | null;
}

/**
 * Removes the account's number and its holder's name, as sent and as escaped in JSON. Other spellings are not looked for. It searches
 * for plain texts, not patterns, so the work grows with the text alone.
 */
export function createRedactor(account: RefundAccount | null): Redactor {
  const everywhere = account === null ? [] : secretsOf(account);
  const inIdentifiers = everywhere.filter(
    (secret) => secret.length >= MIN_LENGTH_IN_IDENTIFIERS || /[^\x20-\x7e]/u.test(secret),
  );

  function identifier(text: string): string;
  function identifier(text: string | null): string | null;
  function identifier(text: string | null): string | null {
    return text === null ? null : storableText(takeOut(text, inIdentifiers), MAX_CODE_LENGTH);
  }

  return {
    identifier,
    message: (text) => storableText(takeOut(text, everywhere), MAX_MESSAGE_LENGTH),
  };
}

function secretsOf({ accountNumber, accountHolderName }: RefundAccount): string[] {
  const name = accountHolderName?.trim() ?? "";
  const names = name.length < MIN_NAME_LENGTH ? [] : [name, JSON.stringify(name).slice(1, -1)];
  // The longest first: a shorter one may be part of it and would leave the rest.
  return [...new Set([accountNumber, ...names])].sort((a, b) => b.length - a.length);
}

function takeOut(text: string, secrets: readonly string[]): string {
  return secrets.reduce((rest, secret) => rest.replaceAll(secret, REDACTED), text);
}

/** Longer than any message of EBP. */
export const MAX_MESSAGE_LENGTH = 1_000;
/** For result codes, tracking ids and item ids. EBP's have fewer than 30 characters. */
export const MAX_CODE_LENGTH = 200;

/** PostgreSQL refuses NUL and lone surrogates in text and in jsonb. */
const NOT_STORABLE = /\0|\p{Surrogate}/gu;

/** Text that PostgreSQL can store, of at most `maxLength` UTF-16 units; other characters become U+FFFD. */
export function storableText(text: string, maxLength = Number.POSITIVE_INFINITY): string {
  const bounded = text.length > maxLength ? text.slice(0, maxLength) : text;
  return bounded.replace(NOT_STORABLE, "\uFFFD");
}
