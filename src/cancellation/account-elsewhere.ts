import type { CancelPaymentInput } from "./cancel-request.js";
import { Decimal } from "./decimal.js";
import type { Fault } from "./field-rules.js";
import { holdsAccount, identifiesAccount, isAccountNumber } from "./holds-account.js";
import { MAX_ACCOUNT_NUMBER_LENGTH } from "./limits.js";

/**
 * A refund account that stands in another field as well: those are stored in the open, shown in the history and told to EBP. The
 * account is not repeated in what is said about it.
 */
export function accountElsewhereFaults(input: CancelPaymentInput): Fault[] {
  const { refundAccount: account, items } = input;
  if (account === null) return [];
  const amounts = {
    totalCancelAmount: input.totalCancelAmount,
    expectedCancelledTotal: input.expectedCancelledTotal,
  };
  const fields: readonly (readonly [field: string, holds: boolean])[] = [
    ...(["idempotencyKey", "orderNo"] as const).map(
      (field) => [field, identifiesAccount(input[field], account)] as const,
    ),
    ...Object.entries(amounts).map(
      ([field, amount]) => [field, isAccountNumber(inDigits(amount), account)] as const,
    ),
    ["refundAccount.bankCode", identifiesAccount(account.bankCode ?? "", account)],
    ...items.flatMap(({ seq, quantity, itemId, amount, taxAmount }, index) => [
      [`items.${index}.itemId`, identifiesAccount(itemId, account)] as const,
      ...Object.entries({ seq, quantity, amount, taxAmount }).map(
        ([field, value]) => [`items.${index}.${field}`, isAccountNumber(inDigits(value), account)] as const,
      ),
    ]),
    ...(["reason", "note"] as const).map(
      (field) => [field, holdsAccount(input[field] ?? "", account)] as const,
    ),
  ];
  return fields.flatMap(([field, holds]) => (holds ? [elsewhere(`input.${field}`)] : []));
}

/** Nothing for what has more digits than any account: written out it could fill the memory. */
function inDigits(value: Decimal | number | null): string {
  if (value === null) return "";
  const amount = new Decimal(value);
  return amount.isInteger() && amount.e <= MAX_ACCOUNT_NUMBER_LENGTH ? amount.toFixed() : "";
}

/** Of an account in a field that is refused for another reason, before anything else is looked at. */
export function elsewhere(field: string): Fault {
  const expected = "no refund account: it belongs in input.refundAccount alone";
  return { field, expected, found: "the account's number or holder" };
}
