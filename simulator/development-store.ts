import type { AmountBasis, StoreCredentials } from "../src/cancellation/model/store.js";

/** A store the simulator knows: what a caller must present, and how its amounts add up. */
export type SimulatedStore = StoreCredentials & {
  /** `unit` unless stated. */
  readonly amountBasis?: AmountBasis;
};

/** The store that works out of the box. Its keys are good for the simulator only. */
export const DEVELOPMENT_STORE: SimulatedStore = {
  storeId: "SIM-KR",
  accessKey: "simulator-access-key",
  hashKey: "simulator-hash-key",
  divisionCode: "SIM",
  channelCode: "WEB",
  ricCode: "KIC",
  countryCode: "KR",
  currencyCode: "KRW",
  amountBasis: "unit",
};
