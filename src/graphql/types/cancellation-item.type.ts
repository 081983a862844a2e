import { Field, Int, ObjectType } from "type-graphql";
import type { CancellationItem } from "../../cancellation/model/cancellation.js";
import type { ItemType as ItemTypeName } from "../../cancellation/model/cancel-request.js";
import { Decimal } from "../../cancellation/model/decimal.js";
import { DecimalScalar } from "./decimal.scalar.js";
import { ItemType } from "./enums.js";

@ObjectType("CancellationItem", {
  description: "One line of a cancellation: what was asked, and what EBP confirmed.",
})
export class CancellationItemType implements CancellationItem {
  @Field(() => Int, { description: "Line number within the order." })
  seq!: number;

  @Field(() => ItemType, { description: "The kind of line." })
  itemType!: ItemTypeName;

  @Field(() => String, { description: "The item's id in the order." })
  itemId!: string;

  @Field(() => Int, { description: "Units to cancel." })
  quantity!: number;

  @Field(() => DecimalScalar, {
    description:
      "The amount as it was asked for: per unit or per line, as the cancellation's `amountBasis` says.",
  })
  amount!: Decimal;

  @Field(() => DecimalScalar, {
    nullable: true,
    description: "The tax in `amount`, on the same basis; null when not stated.",
  })
  taxAmount!: Decimal | null;

  @Field(() => DecimalScalar, { description: "What the line adds to the total." })
  lineTotal!: Decimal;

  @Field(() => Int, {
    nullable: true,
    description: "Units that EBP confirmed; null when it has not, or did not state them.",
  })
  confirmedQuantity!: number | null;

  @Field(() => DecimalScalar, {
    nullable: true,
    description: "The amount that EBP confirmed; null when it has not.",
  })
  confirmedAmount!: Decimal | null;

  @Field(() => DecimalScalar, {
    nullable: true,
    description: "The tax that EBP confirmed; null when it has not.",
  })
  confirmedTaxAmount!: Decimal | null;
}
