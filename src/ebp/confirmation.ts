import type { Confirmation, ConfirmedItem } from "../cancellation/model/outcome.js";
import { asArray, asDecimal, asInt32, asObject, asText, type JsonObject } from "./json-values.js";
import type { Redactor } from "./redactor.js";

/** Twice the lines a request may have. What goes past it stays in the raw answer. */
const MAX_CONFIRMED_ITEMS = 1_000;

/** What the `data` of an accepting answer says was cancelled. What is missing or cannot be read is null. */
export function readConfirmation(data: JsonObject | null, redactor: Redactor): Confirmation {
  const items = asArray(data?.["items"]).slice(0, MAX_CONFIRMED_ITEMS);
  return {
    returnRequestId: redactor.identifier(asText(data?.["returnRequestId"])),
    processedCount: asInt32(data?.["processedCount"]),
    totalProductAmount: asDecimal(data?.["totalProductAmount"]),
    totalProductTaxAmount: asDecimal(data?.["totalProductTaxAmount"]),
    totalDeliveryAmount: asDecimal(data?.["totalDeliveryAmount"]),
    totalDeliveryTaxAmount: asDecimal(data?.["totalDeliveryTaxAmount"]),
    items: items.flatMap((item) => readItem(asObject(item), redactor) ?? []),
  };
}

/** Null without a readable `seq`: such a line cannot be matched with what was asked for. */
function readItem(item: JsonObject | null, redactor: Redactor): ConfirmedItem | null {
  const seq = asInt32(item?.["seq"]);
  if (item === null || seq === null) return null;
  return {
    seq,
    itemType: redactor.identifier(asText(item["itemType"])),
    itemId: redactor.identifier(asText(item["itemId"])),
    quantity: asInt32(item["quantity"]),
    amount: asDecimal(item["amount"]),
    taxAmount: asDecimal(item["taxAmount"]),
  };
}
