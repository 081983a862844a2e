import { createHash } from "node:crypto";
import { stringify } from "lossless-json";
import type { CancelItem, CancelRequest, RefundAccount } from "../cancellation/model/cancel-request.js";
import { Decimal } from "../cancellation/model/decimal.js";
import type { StoreCredentials } from "../cancellation/model/store.js";
import type { Language } from "../cancellation/model/payment-gateway.js";
import { maskRefundAccount } from "../cancellation/request/field-rules.js";

/** What it takes to call EBP for one store. */
export interface EbpStore extends StoreCredentials {
  readonly baseUrl: string;
}

/** Cancel Payment, EBP_API_232. */
export const CANCEL_METHOD = "POST";
export const CANCEL_PATH = "/api/v2/payment/cancel";

/** Get Payment Details, EBP_API_237. */
export const DETAIL_METHOD = "POST";
export const DETAIL_PATH = "/api/v2/payment/detail";

export function cancelUrl(baseUrl: string): URL {
  return endpointUrl(baseUrl, CANCEL_PATH);
}

export function detailUrl(baseUrl: string): URL {
  return endpointUrl(baseUrl, DETAIL_PATH);
}

/** The base URL may end in a slash or carry a path prefix. */
function endpointUrl(baseUrl: string, path: string): URL {
  return new URL(baseUrl.replace(/\/+$/u, "") + path);
}

const LOCALES: Readonly<Record<Language, string>> = { en: "en-US", ko: "ko-KR" };

/**
 * Every header that EBP documents, required or not. No Accept-Encoding: the answer is kept as evidence and must be readable
 * as it came.
 */
export function requestHeaders(store: EbpStore, body: Buffer, language: Language): Record<string, string> {
  return {
    "Content-Type": "application/json; charset=utf-8",
    "Content-Length": String(body.byteLength),
    Accept: "application/json",
    "Accept-Language": LOCALES[language],
    "Time-Zone": "UTC",
    "X-System-Language": language,
    "X-Language-Code": language,
    "X-Access-Key": store.accessKey,
    "X-EBP-Signature": signRequest(body, store.hashKey),
    "X-Division-Code": store.divisionCode,
    "X-Store-Id": store.storeId,
    "X-Channel-Code": store.channelCode,
    "X-Ric-Code": store.ricCode,
    "X-Country-Code": store.countryCode,
    "X-Currency-Code": store.currencyCode,
  };
}

/** Writes a Decimal as a JSON number with every digit it has, never with an exponent. */
const DECIMALS = {
  test: (value: unknown): boolean => Decimal.isDecimal(value),
  stringify: (value: unknown): string => (value as Decimal).toFixed(),
};

/** The body of Cancel Payment, fields in the order of the published examples. Serialise once: these bytes are signed. */
export function cancelBody(request: CancelRequest): string {
  return writtenBody(request, request.refundAccount);
}

function writtenBody(request: CancelRequest, refundAccount: RefundAccount | null, indent?: number): string {
  const fields = {
    orderNo: request.orderNo,
    totalCancelAmount: request.totalCancelAmount,
    ...(refundAccount !== null && { refundAccount: accountFields(refundAccount) }),
    items: request.items.map(itemFields),
  };
  const text = stringify(fields, null, indent, [DECIMALS]);
  if (text === undefined) throw new TypeError("serialising the body of a cancel: it has no JSON form");
  return text;
}

/** EBP's table calls the account number a number, but its examples send a string. Only a string keeps leading zeros. */
function accountFields({ accountNumber, bankCode, accountHolderName }: RefundAccount): object {
  return {
    accountNumber,
    ...(bankCode !== null && { bankCode }),
    ...(accountHolderName !== null && { accountHolderName }),
  };
}

function itemFields({ seq, itemType, itemId, quantity, amount, taxAmount }: CancelItem): object {
  return { seq, itemType, itemId, quantity, amount, ...(taxAmount !== null && { taxAmount }) };
}

/** Always as many stars, so that the mask does not show the number's length. */
const HIDDEN_DIGITS = "******";

/** The cancel as it would be sent, with the refund account masked. */
export function describeRequest(request: CancelRequest): string {
  const { refundAccount } = request;
  return writtenBody(request, refundAccount === null ? null : masked(refundAccount), 2);
}

function masked(account: RefundAccount): RefundAccount {
  const { accountNumberLast4, ...shown } = maskRefundAccount(account);
  return { ...shown, accountNumber: HIDDEN_DIGITS + accountNumberLast4 };
}

/**
 * EBP's request signature: lower-case hex SHA-256 of the message followed by the store's hash key, in UTF-8.
 * @param message for a POST, the body bytes exactly as sent.
 */
export function signRequest(message: Buffer, hashKey: string): string {
  return createHash("sha256").update(message).update(hashKey, "utf8").digest("hex");
}
