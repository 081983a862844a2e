import type { SimulatedStore } from "./simulated-store.js";

/** The store that works out of the box. Its keys open nothing but the simulator. */
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
