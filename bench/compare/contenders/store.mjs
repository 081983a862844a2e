/** The store that everybody cancels for. Its keys open nothing. */
export const STORE = {
  storeId: "KR01",
  accessKey: "compared-access-key",
  hashKey: "compared-hash-key",
  divisionCode: "KR",
  channelCode: "WEB",
  ricCode: "KIC",
  countryCode: "KR",
  currencyCode: "KRW",
};

/** The same store as the service's settings. */
export function storeSettings(upstreamUrl) {
  return {
    EBP_BASE_URL: upstreamUrl,
    EBP_STORE_ID: STORE.storeId,
    EBP_ACCESS_KEY: STORE.accessKey,
    EBP_HASH_KEY: STORE.hashKey,
    EBP_DIVISION_CODE: STORE.divisionCode,
    EBP_CHANNEL_CODE: STORE.channelCode,
    EBP_RIC_CODE: STORE.ricCode,
    EBP_COUNTRY_CODE: STORE.countryCode,
    EBP_CURRENCY_CODE: STORE.currencyCode,
  };
}
