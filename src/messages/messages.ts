import type { Fault } from "../cancellation/model/fault.js";
import { LANGUAGES, type Language } from "../cancellation/model/payment-gateway.js";
import type { UserError } from "../cancellation/model/user-error.js";
import Negotiator from "negotiator";
import { ENGLISH } from "./english.js";
import { KOREAN } from "./korean.js";
import type { Messages } from "./catalogue.js";

export type { Messages, Refusals, Text } from "./catalogue.js";

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
