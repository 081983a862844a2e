import Negotiator from "negotiator";
import { LANGUAGES, type Language } from "../cancellation/model/payment-gateway.js";

/** The caller's preferred one of the languages EBP speaks; English when it prefers none of them. */
export function chooseLanguage(acceptLanguage: string | undefined): Language {
  const preferred = new Negotiator({ headers: { "accept-language": acceptLanguage } }).language([
    ...LANGUAGES,
  ]);
  return LANGUAGES.find((language) => language === preferred) ?? "en";
}
