import { createHash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { MAX_IDENTIFIER_LENGTH } from "../cancellation/model/limits.js";
import type { ReceivedWebhook, WebhookEvent, WebhookKind } from "../cancellation/model/webhook-event.js";
import { readInstant } from "./instant.js";
import { asObject, asString, asText, type JsonObject } from "./json-values.js";
import { parseJson } from "./parse-json.js";
import { storableText } from "./storable-text.js";
import { verifyWebhook, type WebhookSecrets } from "./verify-webhook.js";
import { readWebhookAmount, type WebhookAmounts } from "./webhook-amount.js";

export interface WebhookReaderOptions {
  readonly secrets: WebhookSecrets;
  /** Whether EBP states amounts in minor units of the currency, by its `exponent`, or in major ones. */
  readonly amounts: WebhookAmounts;
}

export interface WebhookReader {
  /** Null when the signature is not right: nothing of the body has been looked at then. */
  read(headers: IncomingHttpHeaders, body: Buffer): ReceivedWebhook | null;
}

const KINDS: ReadonlyMap<string, WebhookKind> = new Map([
  ["PAYMENT_VOIDED", "VOIDED"],
  ["PAYMENT_REFUND_REQUESTED", "REFUND_REQUESTED"],
  ["PAYMENT_CAPTURED", "CAPTURED"],
]);

/** EBP's names for events and states. Only what has this form is kept in the open. */
const NAME = /^[A-Z][A-Z0-9_]{0,59}$/u;
const RESULT_CODE = /^(?:0|EBP-[A-Z]-\d{4})$/u;
const CURRENCY_CODE = /^[A-Z]{3}$/u;

/**
 * Reads EBP's webhooks. A genuine one is always read, whatever its body: what cannot be read of it is null, because EBP
 * would only send the same again. @throws TypeError for an empty secret, with which anyone could sign.
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
    paymentStatus: matching(data?.["paymentStatus"], NAME),
    resultCode: matching(data?.["resultCode"], RESULT_CODE),
    isOfSuccess: isOfSuccess(data),
    digest: createHash("sha256").update(body).digest("hex"),
  };
}

/** Null also for bytes that are not UTF-8: a replacement character could make another order's number of one. */
function readFields(body: Buffer): JsonObject | null {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch {
    return null;
  }
  return asObject(parseJson(text));
}

/** A result code that is stated has to be "0", and FAIL is a published state. A code that cannot be read is not "0" either. */
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

function matching(value: unknown, form: RegExp): string | null {
  const text = asString(value);
  return text !== null && form.test(text) ? text : null;
}
