import type { CancelPaymentInput } from "./cancel-request.js";
import type { Decimal } from "../decimal.js";
import type { Fault } from "../field-rules.js";
import { searchFor } from "./holds-account.js";
import * as limits from "../limits.js";

/**
 * A refund account that stands in another field as well: those are stored in the open, shown in the history and told to EBP. The
 * account is not repeated in what is said about it.
 *
 * Only for an account that has no fault of its own, and only texts within their limits are looked at; longer ones are refused, and
 * told by their length. That bounds the work: MAX_ITEMS + 4 identifiers and a reason and a note, some 53 000 characters, and 18
 * times as many in the worst of plain texts. Each is searched, as a text and not with a pattern, for at most four spellings of the
 * number and two of the name.
 */
export function accountElsewhereFaults(input: CancelPaymentInput): Fault[] {
  const { refundAccount: account } = input;
  if (account === null) return [];
  const wanted = searchFor(account);
  const identifies = (text: string, maxLength: number): boolean =>
    text.length <= maxLength && wanted.isIdentifiedBy(text);
  const isAll = (text: string, maxLength: number): boolean => text.length <= maxLength && wanted.isAll(text);
  const holds = (text: string | null, maxLength: number): boolean =>
    text !== null && text.length <= maxLength && wanted.holds(text);
  const isNumber = (value: Decimal | number | null): boolean => value !== null && wanted.isNumber(value);

  const items = input.items.length <= limits.MAX_ITEMS ? input.items : [];
  const faults: Fault[] = [];
  function tell(field: string, isThere: boolean): void {
    if (isThere) faults.push(elsewhere(`input.${field}`));
  }

  tell("idempotencyKey", identifies(input.idempotencyKey, limits.MAX_IDEMPOTENCY_KEY_LENGTH));
  tell("orderNo", isAll(input.orderNo, limits.MAX_IDENTIFIER_LENGTH));
  tell("totalCancelAmount", isNumber(input.totalCancelAmount));
  tell("expectedCancelledTotal", isNumber(input.expectedCancelledTotal));
  tell("refundAccount.bankCode", identifies(account.bankCode ?? "", limits.MAX_BANK_CODE_LENGTH));
  for (const [index, { seq, quantity, itemId, amount, taxAmount }] of items.entries()) {
    tell(`items.${index}.itemId`, isAll(itemId, limits.MAX_IDENTIFIER_LENGTH));
    tell(`items.${index}.seq`, isNumber(seq));
    tell(`items.${index}.quantity`, isNumber(quantity));
    tell(`items.${index}.amount`, isNumber(amount));
    tell(`items.${index}.taxAmount`, isNumber(taxAmount));
  }
  tell("reason", holds(input.reason, limits.MAX_REASON_LENGTH));
  tell("note", holds(input.note, limits.MAX_NOTE_LENGTH));
  return faults;
}

/** The same of a store that is none of the caller's, before anything else is looked at. */
export function isAccountAsStore({ storeId, refundAccount }: CancelPaymentInput): boolean {
  if (storeId === null || refundAccount === null || storeId.length > limits.MAX_IDENTIFIER_LENGTH)
    return false;
  return searchFor(refundAccount).isIdentifiedBy(storeId);
}

export function elsewhere(field: string): Fault {
  const expected = "no refund account: it belongs in input.refundAccount alone";
  return { field, expected, found: "the account's number or holder" };
}
