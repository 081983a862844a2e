import type { Language } from "../cancellation/model/payment-gateway.js";
import type { EbpStore } from "./ebp-store.js";
import { signRequest } from "./signature.js";

const LOCALES: Readonly<Record<Language, string>> = { en: "en-US", ko: "ko-KR" };

/**
 * Every header EBP's documentation names, required or not, for these body bytes. There is no Accept-Encoding on purpose:
 * the answer is kept as evidence and has to be readable as it came.
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
