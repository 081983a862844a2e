import { stringify } from "lossless-json";
import type { CancelItem, CancelRequest, RefundAccount } from "../cancellation/model/cancel-request.js";
import { Decimal } from "../cancellation/model/decimal.js";

/** Writes a Decimal as a JSON number with every digit it has, never with an exponent. */
const DECIMALS = {
  test: (value: unknown): boolean => Decimal.isDecimal(value),
  stringify: (value: unknown): string => (value as Decimal).toFixed(),
};

/**
 * The body of Cancel Payment, fields in the order of the published examples. Serialise once: the signature is over
 * these characters.
 */
export function cancelBody(request: CancelRequest): string {
  return json(cancelFields(request, request.refundAccount));
}

/** The same body for a person to read, with another account in place of the real one. */
export function readableCancelBody(request: CancelRequest, shownAccount: RefundAccount | null): string {
  return json(cancelFields(request, shownAccount), 2);
}

function json(fields: object, indent?: number): string {
  const text = stringify(fields, null, indent, [DECIMALS]);
  if (text === undefined) throw new TypeError("serialising the body of a cancel: it has no JSON form");
  return text;
}

function cancelFields(request: CancelRequest, refundAccount: RefundAccount | null): object {
  return {
    orderNo: request.orderNo,
    totalCancelAmount: request.totalCancelAmount,
    ...(refundAccount !== null && { refundAccount: accountFields(refundAccount) }),
    items: request.items.map(itemFields),
  };
}

/** EBP's table calls the account number a number, its examples send a string; only a string keeps leading zeros. */
function accountFields(account: RefundAccount): object {
  return {
    accountNumber: account.accountNumber,
    ...(account.bankCode !== null && { bankCode: account.bankCode }),
    ...(account.accountHolderName !== null && { accountHolderName: account.accountHolderName }),
  };
}

function itemFields(item: CancelItem): object {
  return {
    seq: item.seq,
    itemType: item.itemType,
    itemId: item.itemId,
    quantity: item.quantity,
    amount: item.amount,
    ...(item.taxAmount !== null && { taxAmount: item.taxAmount }),
  };
}
