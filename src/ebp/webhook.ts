import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { Decimal } from "../cancellation/model/decimal.js";
import { MAX_IDENTIFIER_LENGTH } from "../cancellation/model/limits.js";
import type {
  ReceivedWebhook,
  WebhookAmounts,
  WebhookEvent,
  WebhookKind,
} from "../cancellation/model/webhook-inbox.js";
import { PUBLISHED_CODE, storableText } from "./answer.js";
import {
  asDecimal,
  asInt32,
  asObject,
  asString,
  asText,
  type JsonObject,
  matching,
  parseJson,
  readInstant,
} from "./json.js";

export interface WebhookReaderOptions {
  readonly secrets: WebhookSecrets;
  readonly amounts: WebhookAmounts;
}

export interface WebhookReader {
  /** Null for a wrong signature; the body is not read then. */
  read(headers: IncomingHttpHeaders, body: Buffer): ReceivedWebhook | null;
}

const KINDS: ReadonlyMap<string, WebhookKind> = new Map([
  ["PAYMENT_VOIDED", "VOIDED"],
  ["PAYMENT_REFUND_REQUESTED", "REFUND_REQUESTED"],
  ["PAYMENT_REFUNDED", "REFUNDED"],
  ["PAYMENT_CAPTURED", "CAPTURED"],
]);

/** EBP's names for events and states. Only texts of this form are stored unencrypted. */
const NAME = /^[A-Z][A-Z0-9_]{0,59}$/u;
const CURRENCY_CODE = /^[A-Z]{3}$/u;

/**
 * Reads EBP's webhooks. A genuine one is always accepted, whatever its body, because EBP would only send the same again: fields that
 * cannot be read are null.
 * @throws TypeError for an empty secret, with which anyone could sign.
 */
export function createWebhookReader({ secrets, amounts }: WebhookReaderOptions): WebhookReader {
  if (secrets.has("")) throw new TypeError("reading webhooks: a webhook secret is empty");
  return {
    read(headers, body) {
      const verified = verifyWebhook(headers, body, secrets);
      if (verified === null) return null;
      const { storeIds, signedAt } = verified;
      return { event: readEvent(body, storeIds, amounts), signedAt, body };
    },
  };
}

function readEvent(body: Buffer, storeIds: readonly string[], amounts: WebhookAmounts): WebhookEvent {
  const fields = readFields(body);
  const data = asObject(fields?.["data"]);
  const eventType = matching(fields?.["eventType"], NAME);
  const kind = KINDS.get(eventType ?? "") ?? "OTHER";
  return {
    kind,
    eventType,
    eventTime: readInstant(fields?.["eventTime"]),
    storeIds,
    orderNo: orderNoOf(data),
    amount: data === null ? null : readWebhookAmount(kind, data, amounts),
    currencyCode: matching(data?.["currencyCode"], CURRENCY_CODE),
    refundedAt: kind === "REFUNDED" ? readInstant(data?.["refundedAt"]) : null,
    paymentStatus: matching(data?.["paymentStatus"], NAME),
    resultCode: matching(data?.["resultCode"], PUBLISHED_CODE),
    isOfSuccess: isOfSuccess(data),
    digest: createHash("sha256").update(body).digest("hex"),
  };
}

/** Null also for bytes that are not UTF-8: a replacement character could turn an order number into another one. */
function readFields(body: Buffer): JsonObject | null {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch {
    return null;
  }
  return asObject(parseJson(text));
}

/** A stated result code has to be "0", and FAIL is a published state. A code that cannot be read is not "0" either. */
function isOfSuccess(data: JsonObject | null): boolean {
  const resultCode = data?.["resultCode"] ?? null;
  const isCode = resultCode === null || asText(resultCode) === "0";
  return data !== null && isCode && data["paymentStatus"] !== "FAIL";
}

function orderNoOf(data: JsonObject | null): string | null {
  const orderNo = asString(data?.["orderNo"]) ?? "";
  const isOrderNo =
    orderNo !== "" && orderNo.length <= MAX_IDENTIFIER_LENGTH && storableText(orderNo) === orderNo;
  return isOrderNo ? orderNo : null;
}

/** A webhook secret as issued, and the stores it was issued for. */
export type WebhookSecrets = ReadonlyMap<string, readonly string[]>;

interface VerifiedWebhook {
  /** The stores whose secret signed it. */
  readonly storeIds: readonly string[];
  /** Unix seconds that the signature covers. */
  readonly signedAt: number;
}

/** An HMAC-SHA256. EBP does not say whether its hex is in lower case. */
const SIGNATURE = /^[\dA-Fa-f]{64}$/u;
/** Up to the year 33658. */
const UNIX_SECONDS = /^\d{1,12}$/u;

/**
 * Checks the signature over the bytes as received; null when no secret made it. Its age is not checked here. Every secret is tried, so
 * that the time this takes does not tell which one is right.
 */
function verifyWebhook(
  headers: IncomingHttpHeaders,
  body: Buffer,
  secrets: WebhookSecrets,
): VerifiedWebhook | null {
  const signature = headers[SIGNATURE_HEADER];
  const timestamp = headers[TIMESTAMP_HEADER];
  if (typeof signature !== "string" || !SIGNATURE.test(signature)) return null;
  if (typeof timestamp !== "string" || !UNIX_SECONDS.test(timestamp)) return null;
  const given = Buffer.from(signature, "hex");
  const signers = [...secrets].filter(([secret]) =>
    timingSafeEqual(given, Buffer.from(signWebhook(body, timestamp, secret), "hex")),
  );
  if (signers.length === 0) return null;
  return { storeIds: signers.flatMap(([, storeIds]) => storeIds), signedAt: Number(timestamp) };
}

/** ISO 4217 knows no currency with more decimal places. */
const MAX_EXPONENT = 4;

/**
 * The fields that may state an event's amount; the first one present counts. EBP does not publish the field of a void. But a void is
 * always of the whole payment, so any amount of the payment is the voided one.
 */
const AMOUNT_FIELDS: Readonly<Record<WebhookKind, readonly string[]>> = {
  VOIDED: ["voidedAmount", "amount"],
  REFUND_REQUESTED: ["refundRequestedAmount"],
  REFUNDED: ["refundedAmount"],
  CAPTURED: ["capturedAmount"],
  OTHER: [],
};

/** In major units, exact. Null when it is missing, negative, or not readable without a guess. */
export function readWebhookAmount(
  kind: WebhookKind,
  data: JsonObject,
  amounts: WebhookAmounts,
): Decimal | null {
  const stated = AMOUNT_FIELDS[kind].map((field) => data[field]).find((value) => (value ?? null) !== null);
  const amount = asDecimal(stated);
  if (amount === null || amount.isNegative()) return null;
  return amounts === "major" ? amount : fromMinorUnits(amount, asInt32(data["exponent"]));
}

function fromMinorUnits(amount: Decimal, exponent: number | null): Decimal | null {
  if (exponent === null || exponent < 0 || exponent > MAX_EXPONENT || !amount.isInteger()) return null;
  return amount.times(new Decimal(10).pow(-exponent));
}

export const SIGNATURE_HEADER = "x-webhook-signature";
/** Unix seconds, as text. */
export const TIMESTAMP_HEADER = "x-webhook-signature-timestamp";

/**
 * EBP's webhook signature: hex HMAC-SHA256, keyed with the webhook secret, of the time stamp, a full stop and the body.
 * @param body the bytes exactly as received.
 */
export function signWebhook(body: Buffer, timestamp: string, secret: string): string {
  return createHmac("sha256", secret).update(`${timestamp}.`, "utf8").update(body).digest("hex");
}
