/** What it takes to call EBP for one store. Everything but the base URL is issued by EBP, per store and channel. */
export interface EbpStore {
  readonly storeId: string;
  /** Each RIC region has its own host, and so have dev, QA and production. May carry a path prefix. */
  readonly baseUrl: string;
  /** Expires one year after issue. */
  readonly accessKey: string;
  /** Signs the requests. Never sent, never logged. */
  readonly hashKey: string;
  readonly divisionCode: string;
  readonly channelCode: string;
  /** Regional integration code: KIC, AIC or EIC. */
  readonly ricCode: string;
  /** ISO 3166. */
  readonly countryCode: string;
  /** ISO 4217. */
  readonly currencyCode: string;
}
