import type { Cancellation } from "../model/cancellation.js";
import type { UserError } from "../model/user-error.js";

/** What an operator gets who looks at a cancellation, or decides it. */
export interface OperatorResult {
  /** As it stands now; null when there is none, or when what was asked cannot be accepted. */
  readonly cancellation: Cancellation | null;
  readonly errors: readonly UserError[];
}
