import type { AmountBasis, StoreCredentials } from "../src/cancellation/model/store.js";

/** A store the simulator knows: what a caller must present, and how its amounts add up. */
export type SimulatedStore = StoreCredentials & {
  /** `unit` unless stated. */
  readonly amountBasis?: AmountBasis;
};
