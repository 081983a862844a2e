import { Field, InputType, Int } from "type-graphql";
import type {
  CancelItem,
  CancelPaymentInput,
  ItemType as ItemTypeName,
  RefundAccount,
} from "../../cancellation/model/cancel-request.js";
import { Decimal } from "../../cancellation/model/decimal.js";
import { DecimalScalar } from "./decimal.scalar.js";
import { ItemType } from "./enums.js";

@InputType("CancelItemInput", { description: "One line of the order to cancel." })
export class CancelItemInputType {
  @Field(() => Int, { description: "Line number within the order, zero or more; no two items share one." })
  seq!: number;

  @Field(() => ItemType, { description: "The kind of line." })
  itemType!: ItemTypeName;

  @Field(() => String, { description: "The item's id in the order, 1 to 100 characters." })
  itemId!: string;

  @Field(() => Int, { description: "Units to cancel, 1 to 1 000 000." })
  quantity!: number;

  @Field(() => DecimalScalar, {
    description:
      "The amount to cancel, zero or more, no finer than the currency's smallest unit. Per unit or per line, as the store's amount basis says.",
  })
  amount!: Decimal;

  @Field(() => DecimalScalar, { nullable: true, description: "The tax in `amount`, on the same basis." })
  taxAmount?: Decimal | null;
}

@InputType("RefundAccountInput", {
  description:
    "Bank account for a refund that cannot go back to the instrument. Kept encrypted; shown masked only.",
})
export class RefundAccountInputType {
  @Field(() => String, {
    description: "4 to 34 letters or digits; spaces and hyphens are taken out, leading zeros stay.",
  })
  accountNumber!: string;

  @Field(() => String, { nullable: true, description: 'The bank\'s code, such as "001".' })
  bankCode?: string | null;

  @Field(() => String, { nullable: true, description: "Name of the account's holder, 1 to 100 characters." })
  accountHolderName?: string | null;
}

@InputType("CancelPaymentInput", {
  description: "A request to cancel a payment: the whole order, some items, or an amount of an item.",
})
export class CancelPaymentInputType {
  @Field(() => String, {
    description:
      "1 to 255 characters, chosen by the caller: one key per intention. Within a store a key stands for one request for ever; the same request again gets the first one's cancellation.",
  })
  idempotencyKey!: string;

  @Field(() => String, {
    nullable: true,
    description: "The EBP store. May be left out by a caller who can act for exactly one.",
  })
  storeId?: string | null;

  @Field(() => String, { description: "The order, 1 to 100 characters." })
  orderNo!: string;

  @Field(() => DecimalScalar, {
    description: "More than zero; must agree with the items under the store's amount basis.",
  })
  totalCancelAmount!: Decimal;

  @Field(() => [CancelItemInputType], { description: "What to cancel, 1 to 500 lines." })
  items!: CancelItemInputType[];

  @Field(() => RefundAccountInputType, { nullable: true, description: "Where a refund may go." })
  refundAccount?: RefundAccountInputType | null;

  @Field(() => String, {
    nullable: true,
    description: "Why, up to 500 characters. Kept here, not sent to EBP.",
  })
  reason?: string | null;

  @Field(() => String, {
    nullable: true,
    description: "A note, up to 2 000 characters. Kept here, not sent to EBP.",
  })
  note?: string | null;

  @Field(() => DecimalScalar, {
    nullable: true,
    description:
      "What you believe is already cancelled on this order. When it is not so, nothing is sent and CancelledTotalChangedError tells what is.",
  })
  expectedCancelledTotal?: Decimal | null;
}

export function toCancelPaymentInput(input: CancelPaymentInputType): CancelPaymentInput {
  return {
    idempotencyKey: input.idempotencyKey,
    storeId: input.storeId ?? null,
    orderNo: input.orderNo,
    totalCancelAmount: input.totalCancelAmount,
    items: input.items.map(toCancelItem),
    refundAccount: toRefundAccount(input.refundAccount ?? null),
    reason: input.reason ?? null,
    note: input.note ?? null,
    expectedCancelledTotal: input.expectedCancelledTotal ?? null,
  };
}

function toCancelItem({
  seq,
  itemType,
  itemId,
  quantity,
  amount,
  taxAmount,
}: CancelItemInputType): CancelItem {
  return { seq, itemType, itemId, quantity, amount, taxAmount: taxAmount ?? null };
}

function toRefundAccount(account: RefundAccountInputType | null): RefundAccount | null {
  if (account === null) return null;
  const { accountNumber, bankCode, accountHolderName } = account;
  return { accountNumber, bankCode: bankCode ?? null, accountHolderName: accountHolderName ?? null };
}
