import type { UnavailableReason } from "../cancellation/history/live-status.js";
import type { Fault, FaultKind } from "../cancellation/model/fault.js";
import type { FailureCause } from "../cancellation/model/outcome.js";
import type { UserError, UserErrorCode } from "../cancellation/model/user-error.js";
import type { ENGLISH_REFUSALS } from "./english-refusals.js";

/**
 * Every text that a caller can get, in one language. A message never names a path, an id or a value of the caller: those are in fields
 * of their own.
 */
export interface Messages {
  /** Of inputs that cannot be accepted. */
  readonly faults: { readonly [Kind in FaultKind]: (fault: Fault<Kind>) => string };
  /** Of user errors. INVALID_INPUT has those of its fault. */
  readonly userErrors: {
    readonly [Code in Exclude<UserErrorCode, "INVALID_INPUT">]: (error: UserError<Code>) => string;
  };
  /** Why a cancel has not succeeded. */
  readonly failures: Readonly<Record<FailureCause, string>>;
  /** Why the status of a payment at EBP cannot be shown. */
  readonly unavailable: Readonly<Record<UnavailableReason, string>>;
  /** Of requests that are refused as a whole. */
  readonly refusals: Refusals;
}

/** What the English has, every language has. */
export type Refusals = {
  readonly [Name in keyof typeof ENGLISH_REFUSALS]: (typeof ENGLISH_REFUSALS)[Name] extends string
    ? string
    : (typeof ENGLISH_REFUSALS)[Name];
};

/** A text in whichever language is asked for. */
export type Text = (messages: Messages) => string;
