import { GraphQLDateTime } from "graphql-scalars";
import { Field, Int, ObjectType } from "type-graphql";
import type { Decimal } from "../../cancellation/model/decimal.js";
import type { CancellationStat } from "../../cancellation/history/stats.js";
import type { ItemType as ItemTypeName } from "../../cancellation/model/cancel-request.js";
import type { CancellationStatus as Status, Settlement as Settled } from "../../cancellation/model/status.js";
import { DecimalScalar } from "./decimal.scalar.js";
import { CancellationStatus, ItemType, Settlement } from "./enums.js";

@ObjectType("CancellationStat", {
  description:
    "One sum over cancellations of one currency. What was not grouped by is null. A group of nothing is left out.",
})
export class CancellationStatType implements Omit<CancellationStat, "period"> {
  @Field(() => CancellationStatus, { nullable: true, description: "Their status, when grouped by STATUS." })
  status!: Status | null;

  @Field(() => Settlement, {
    nullable: true,
    description: "When grouped by SETTLEMENT: theirs, or null for those that have not SUCCEEDED.",
  })
  settlement!: Settled | null;

  @Field(() => String, {
    nullable: true,
    description:
      "When grouped by DAY, WEEK or MONTH: the first date of the period in the time zone, as yyyy-mm-dd.",
  })
  periodStart!: string | null;

  @Field(() => GraphQLDateTime, {
    nullable: true,
    description:
      "The moment at which the period of `periodStart` begins; with `periodBefore` a `createdFrom` and `createdBefore` that find what is in it.",
  })
  periodFrom!: Date | null;

  @Field(() => GraphQLDateTime, {
    nullable: true,
    description:
      "The moment at which the period after that of `periodStart` begins: 23 or 25 hours after a day's `periodFrom` where clocks were changed. The filter may have cut off a part.",
  })
  periodBefore!: Date | null;

  @Field(() => String, { nullable: true, description: "Their store, when grouped by STORE." })
  storeId!: string | null;

  @Field(() => ItemType, { nullable: true, description: "The kind of lines, when grouped by ITEM_TYPE." })
  itemType!: ItemTypeName | null;

  @Field(() => String, {
    nullable: true,
    description: "When grouped by REASON: theirs, or null for those asked for without one.",
  })
  reason!: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      "When grouped by FAILURE_CODE: EBP's result code of their `failure`, or null for those without one.",
  })
  failureCode!: string | null;

  @Field(() => String, {
    description: "ISO 4217 currency of the amounts: what is of two currencies is never added up.",
  })
  currencyCode!: string;

  @Field(() => Int, {
    description: "How many cancellations; by ITEM_TYPE, how many that have a line of this kind.",
  })
  count!: number;

  @Field(() => DecimalScalar, {
    description:
      "What was asked for, whether or not it succeeded: group by STATUS to tell these apart. By ITEM_TYPE, what the lines of this kind add to it.",
  })
  amount!: Decimal;

  @Field(() => DecimalScalar, { description: "The tax in the amount, as far as lines state it." })
  taxAmount!: Decimal;
}

export function toStatType({ period, ...stat }: CancellationStat): CancellationStatType {
  return {
    ...stat,
    periodStart: period?.start ?? null,
    periodFrom: period?.from ?? null,
    periodBefore: period?.before ?? null,
  };
}
