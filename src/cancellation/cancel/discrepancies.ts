import type { CancelItem } from "../model/cancel-request.js";
import type { Discrepancy } from "../model/cancellation.js";
import type { Decimal } from "../model/decimal.js";
import type { Confirmation, ConfirmedItem } from "../model/outcome.js";
import type { AmountBasis } from "../model/store.js";
import { computeTotals } from "../request/amount-rule.js";

/** Every difference between the request and EBP's confirmation. A field that EBP leaves out is no difference, except the totals and the count, which it promises. */
export function findDiscrepancies(
  items: readonly CancelItem[],
  basis: AmountBasis,
  confirmed: Confirmation,
): Discrepancy[] {
  const asked = computeTotals(items, basis);
  return [
    ...promised("totalProductAmount", asked.productTotal, confirmed.totalProductAmount),
    ...promised("totalProductTaxAmount", asked.productTax, confirmed.totalProductTaxAmount),
    ...promised("totalDeliveryAmount", asked.deliveryTotal, confirmed.totalDeliveryAmount),
    ...promised("totalDeliveryTaxAmount", asked.deliveryTax, confirmed.totalDeliveryTaxAmount),
    ...differs("processedCount", String(items.length), confirmed.processedCount?.toString() ?? "not stated"),
    ...(confirmed.returnRequestId === null
      ? [{ field: "returnRequestId", asked: "an id", confirmed: "not stated" }]
      : []),
    ...items.flatMap((item) => itemDiscrepancies(item, confirmed.items)),
    ...confirmed.items
      .filter((line) => !items.some((item) => item.seq === line.seq))
      .map((line) => ({ field: `items.seq ${line.seq}`, asked: "nothing", confirmed: "an item" })),
  ];
}

function itemDiscrepancies(item: CancelItem, confirmed: readonly ConfirmedItem[]): Discrepancy[] {
  const field = `items.seq ${item.seq}`;
  const [line, ...more] = confirmed.filter((candidate) => candidate.seq === item.seq);
  if (line === undefined) return [{ field, asked: "an item", confirmed: "not stated" }];
  if (more.length > 0) return [{ field, asked: "an item", confirmed: `${more.length + 1} items` }];
  return [
    ...differs(`${field}.itemId`, item.itemId, line.itemId ?? item.itemId),
    ...differs(`${field}.itemType`, item.itemType, line.itemType ?? item.itemType),
    ...differs(`${field}.quantity`, String(item.quantity), String(line.quantity ?? item.quantity)),
    ...stated(`${field}.amount`, item.amount, line.amount),
    ...stated(`${field}.taxAmount`, item.taxAmount, line.taxAmount),
  ];
}

/** For a field that EBP promises on every success: its absence is a difference too. */
function promised(field: string, asked: Decimal | null, confirmed: Decimal | null): Discrepancy[] {
  return asked === null ? [] : differs(field, asked.toFixed(), confirmed?.toFixed() ?? "not stated");
}

function stated(field: string, asked: Decimal | null, confirmed: Decimal | null): Discrepancy[] {
  return asked === null || confirmed === null ? [] : differs(field, asked.toFixed(), confirmed.toFixed());
}

function differs(field: string, asked: string, confirmed: string): Discrepancy[] {
  return asked === confirmed ? [] : [{ field, asked, confirmed }];
}
