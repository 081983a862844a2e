import type { UnavailableReason } from "../cancellation/history/live-status.js";
import type { Fault, FaultKind } from "../cancellation/model/fault.js";
import type { FailureCause } from "../cancellation/model/outcome.js";
import { LANGUAGES, type Language } from "../cancellation/model/payment-gateway.js";
import type { UserError, UserErrorCode } from "../cancellation/model/user-error.js";
import Negotiator from "negotiator";
import { ENGLISH } from "./english.js";
import { KOREAN } from "./korean.js";
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

/** A language that is missing here does not compile. */
export const MESSAGES: Readonly<Record<Language, Messages>> = { en: ENGLISH, ko: KOREAN };

export function describeFault(fault: Fault, { faults }: Messages): string {
  return (faults[fault.kind] as (of: Fault) => string)(fault);
}

export function describeUserError(error: UserError, messages: Messages): string {
  if (error.code === "INVALID_INPUT") return describeFault(error.fault, messages);
  return (messages.userErrors[error.code] as (of: UserError) => string)(error);
}

/** A browser's has some 100 characters. One of 15 000, which anybody may send, takes 9 ms to read. */
export const MAX_ACCEPT_LANGUAGE_LENGTH = 1_000;

/** The caller's preferred one of our languages; English when it prefers none of them, or says so at too great length. */
export function chooseLanguage(acceptLanguage = ""): Language {
  if (acceptLanguage.length > MAX_ACCEPT_LANGUAGE_LENGTH) return "en";
  const negotiator = new Negotiator({ headers: { "accept-language": acceptLanguage } });
  const preferred = negotiator.language([...LANGUAGES]);
  return LANGUAGES.find((language) => language === preferred) ?? "en";
}
