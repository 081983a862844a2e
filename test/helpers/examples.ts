import { SCOPES, type Caller } from "../../src/cancellation/model/caller.js";
import { readFileSync } from "node:fs";
import { parse, type LosslessNumber } from "lossless-json";
import type { CancelItem, CancelRequest, ItemType } from "../../src/cancellation/model/cancel-request.js";
import { Decimal } from "../../src/cancellation/model/decimal.js";

export const PUBLISHED_CANCELS = ["order-unit", "item-unit", "amount-unit"] as const;

/** The text of a published example, byte for byte. */
export function published(name: string): string {
  return readFileSync(new URL(`../ebp/published/${name}.json`, import.meta.url), "utf8");
}

interface PublishedRequest {
  orderNo: string;
  totalCancelAmount: LosslessNumber;
  refundAccount: { accountNumber: string; bankCode: string; accountHolderName: string };
  items: {
    seq: LosslessNumber;
    itemType: ItemType;
    itemId: string;
    quantity: LosslessNumber;
    amount: LosslessNumber;
    taxAmount: LosslessNumber;
  }[];
}

/** A published example as a request of this service. */
export function publishedRequest(name: string, storeId: string): CancelRequest {
  const body = parse(published(`${name}.request`)) as PublishedRequest;
  return cancelRequest({
    storeId,
    orderNo: body.orderNo,
    totalCancelAmount: new Decimal(body.totalCancelAmount.toString()),
    refundAccount: body.refundAccount,
    items: body.items.map((item) => ({
      seq: Number(item.seq),
      itemType: item.itemType,
      itemId: item.itemId,
      quantity: Number(item.quantity),
      amount: new Decimal(item.amount.toString()),
      taxAmount: new Decimal(item.taxAmount.toString()),
    })),
  });
}

/** One PHYSICAL item of 1000, and what a test changes about it. */
export function cancelRequest(changes: Partial<CancelRequest> = {}): CancelRequest {
  const items = changes.items ?? [cancelItem()];
  return {
    idempotencyKey: "key-1",
    storeId: "SIM-KR",
    orderNo: "ORD-1",
    totalCancelAmount: items.reduce(
      (total, item) => total.plus(item.amount.times(item.quantity)),
      new Decimal(0),
    ),
    refundAccount: null,
    reason: null,
    note: null,
    expectedCancelledTotal: null,
    ...changes,
    items,
  };
}

export function cancelItem(changes: Partial<CancelItem> = {}): CancelItem {
  return {
    seq: 1,
    itemType: "PHYSICAL",
    itemId: "P001",
    quantity: 1,
    amount: new Decimal(1000),
    taxAmount: null,
    ...changes,
  };
}

/** Somebody who may do everything for these stores. */
export function callerOf(...storeIds: string[]): Caller {
  return { subject: "somebody", scopes: SCOPES, storeIds };
}
