import { Field, Int, ObjectType } from "type-graphql";
import type { ItemType as ItemTypeName } from "../../cancellation/model/cancel-request.js";
import { Decimal } from "../../cancellation/model/decimal.js";
import type { OrderLine } from "../../cancellation/history/history.js";
import { DecimalScalar } from "./decimal.scalar.js";
import { ItemType } from "./enums.js";

@ObjectType("OrderLine", {
  description: "What has been cancelled of one line of an order: of one `seq`, item type and item id.",
})
export class OrderLineType implements OrderLine {
  @Field(() => Int, { description: "Line number within the order." })
  seq!: number;

  @Field(() => ItemType, { description: "The kind of line." })
  itemType!: ItemTypeName;

  @Field(() => String, { description: "The item's id in the order." })
  itemId!: string;

  @Field(() => Int, { description: "Units cancelled." })
  cancelledQuantity!: number;

  @Field(() => DecimalScalar, { description: "Amount cancelled: what the line added to the totals." })
  cancelledAmount!: Decimal;

  @Field(() => Int, { description: "Units in cancels that are in flight or in doubt." })
  inDoubtQuantity!: number;

  @Field(() => DecimalScalar, { description: "Amount in cancels that are in flight or in doubt." })
  inDoubtAmount!: Decimal;
}

@ObjectType("OrderCancellations", {
  description:
    "An order as far as its cancels tell: an order nobody has cancelled looks like one that does not exist.",
})
export class OrderCancellationsType {
  @Field(() => String, { description: "The EBP store." })
  storeId!: string;

  @Field(() => String, { description: "The order." })
  orderNo!: string;

  @Field(() => String, { description: "ISO 4217 currency of the store." })
  currencyCode!: string;

  @Field(() => DecimalScalar, { description: "Total of the cancels that have SUCCEEDED." })
  cancelledTotal!: Decimal;

  @Field(() => DecimalScalar, { description: "Total asked for by cancels that are in flight or in doubt." })
  inDoubtTotal!: Decimal;
}
