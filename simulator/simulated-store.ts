import type { AmountBasis } from "../src/cancellation/model/store.js";
import type { EbpStore } from "../src/ebp/ebp-request.js";

/** A store the simulator knows: what a caller must present, and how its amounts add up. */
export type SimulatedStore = Omit<EbpStore, "baseUrl"> & {
  /** `unit` unless stated. */
  readonly amountBasis?: AmountBasis;
};
