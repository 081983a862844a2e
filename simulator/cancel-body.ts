import { parse, type LosslessNumber } from "lossless-json";
import { ITEM_TYPES } from "../src/cancellation/model/cancel-request.js";
import { sum, type Decimal } from "../src/cancellation/model/decimal.js";
import type { AmountBasis } from "../src/cancellation/model/store.js";
import type { EnvelopeDetail } from "../src/ebp/answer.js";
import { asArray, asDecimal, asInt32, asObject, type JsonObject } from "../src/ebp/json.js";

/** A cancel as the simulator read it. The refund account is checked and then left out. */
export interface SimulatedCancel {
  readonly storeId: string;
  readonly orderNo: string;
  readonly total: Decimal;
  readonly items: readonly SimulatedItem[];
}

export interface SimulatedItem {
  readonly seq: number;
  readonly itemType: string;
  readonly itemId: string;
  readonly quantity: number;
  readonly amount: Decimal;
  readonly taxAmount: Decimal | null;
  /** The amounts exactly as they were sent, to be echoed. */
  readonly written: { readonly amount: LosslessNumber; readonly taxAmount: LosslessNumber | null };
}

/** The document, numbers as written; undefined when it is not JSON. */
export function parseBody(body: Buffer): unknown {
  try {
    return parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch {
    return undefined;
  }
}

/** The order number, whatever else is wrong with the document. */
export function orderNoOf(document: unknown): string | null {
  const orderNo = asObject(document)?.["orderNo"];
  return typeof orderNo === "string" ? orderNo : null;
}

/** The fields that do not match EBP's table of the request body. */
export function checkSchema(document: unknown): EnvelopeDetail[] {
  const body = asObject(document);
  if (body === null) return [{ field: "body", message: "must be an object" }];
  const items = body["items"];
  return [
    ...fault("orderNo", isText(body["orderNo"]), "must be a string"),
    ...fault("totalCancelAmount", isNumber(body["totalCancelAmount"]), "must be a number"),
    ...accountFaults(body["refundAccount"]),
    ...fault("items", Array.isArray(items) && items.length > 0, "must be an array of at least one item"),
    ...asArray(items).flatMap((item, i) => itemFaults(asObject(item) ?? {}, `items[${i}]`)),
  ];
}

/** Only for a document without schema faults. */
export function readCancel(document: unknown, storeId: string): SimulatedCancel {
  const body = checked(asObject(document));
  return {
    storeId,
    orderNo: body["orderNo"] as string,
    total: checked(asDecimal(body["totalCancelAmount"])),
    items: asArray(body["items"]).map((item) => readItem(item as JsonObject)),
  };
}

/** The totals of some items. An item without tax adds none. */
export function totalsOf(
  items: readonly SimulatedItem[],
  basis: AmountBasis,
): { amount: Decimal; taxAmount: Decimal } {
  const times = ({ quantity }: SimulatedItem): number => (basis === "unit" ? quantity : 1);
  return {
    amount: sum(items.map((item) => item.amount.times(times(item)))),
    taxAmount: sum(items.map((item) => item.taxAmount?.times(times(item)) ?? item.amount.times(0))),
  };
}

function readItem(item: JsonObject): SimulatedItem {
  return {
    seq: checked(asInt32(item["seq"])),
    itemType: item["itemType"] as string,
    itemId: item["itemId"] as string,
    quantity: checked(asInt32(item["quantity"])),
    amount: checked(asDecimal(item["amount"])),
    taxAmount: asDecimal(item["taxAmount"]),
    written: {
      amount: item["amount"] as LosslessNumber,
      taxAmount: (item["taxAmount"] as LosslessNumber | undefined) ?? null,
    },
  };
}

/** For what `checkSchema` guarantees. */
function checked<T>(value: T | null): T {
  if (value === null) throw new TypeError("reading a cancel: its schema has not been checked");
  return value;
}

function itemFaults(item: JsonObject, path: string): EnvelopeDetail[] {
  const quantity = asInt32(item["quantity"]);
  const hasTax = item["taxAmount"] !== undefined;
  return [
    ...fault(`${path}.seq`, isNumber(item["seq"]) && asInt32(item["seq"]) !== null, "must be a whole number"),
    ...fault(
      `${path}.itemType`,
      ITEM_TYPES.some((type) => type === item["itemType"]),
      "must be an item type",
    ),
    ...fault(`${path}.itemId`, isText(item["itemId"]), "must be a string"),
    ...fault(
      `${path}.quantity`,
      isNumber(item["quantity"]) && quantity !== null && quantity > 0,
      "must be a whole number of at least 1",
    ),
    ...fault(`${path}.amount`, isNumber(item["amount"]), "must be a number"),
    ...fault(`${path}.taxAmount`, !hasTax || isNumber(item["taxAmount"]), "must be a number"),
  ];
}

/** The account number is a string, as in every published example. */
function accountFaults(account: unknown): EnvelopeDetail[] {
  if (account === undefined) return [];
  const fields = asObject(account);
  if (fields === null) return [{ field: "refundAccount", message: "must be an object" }];
  return ["accountNumber", "bankCode", "accountHolderName"].flatMap((name) =>
    fault(`refundAccount.${name}`, fields[name] === undefined || isText(fields[name]), "must be a string"),
  );
}

function fault(field: string, isRight: boolean, message: string): EnvelopeDetail[] {
  return isRight ? [] : [{ field, message }];
}

function isText(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}

function isNumber(value: unknown): boolean {
  return typeof value !== "string" && asDecimal(value) !== null;
}
