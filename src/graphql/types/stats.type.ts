import { GraphQLDateTime } from "graphql-scalars";
import { Field, Int, ObjectType } from "type-graphql";
import type { Decimal } from "../../cancellation/model/decimal.js";
import type { CancellationStat } from "../../cancellation/history/stats.js";
import { DecimalScalar } from "./decimal.scalar.js";
import { CancellationStatus, ItemType, Settlement } from "./enums.js";
import { NullableField } from "./nullable-field.js";

@ObjectType("CancellationStat", {
  description:
    "Sums over a group of cancellations with the same currency. Fields that you did not group by are null. Empty groups are left out.",
})
export class CancellationStatType implements Omit<CancellationStat, "period"> {
  @NullableField(() => CancellationStatus, "Their status, if grouped by STATUS.")
  status!: CancellationStat["status"];

  @NullableField(
    () => Settlement,
    "If grouped by SETTLEMENT: theirs, or null for those that have not SUCCEEDED.",
  )
  settlement!: CancellationStat["settlement"];

  @NullableField(
    () => String,
    "If grouped by DAY, WEEK or MONTH: the first date of the period in the time zone, as yyyy-mm-dd.",
  )
  periodStart!: string | null;

  @NullableField(
    () => GraphQLDateTime,
    "When the period begins. Use it as `createdFrom`, and `periodBefore` as `createdBefore`, to list its cancellations.",
  )
  periodFrom!: Date | null;

  @NullableField(
    () => GraphQLDateTime,
    "When the next period begins. A day has 23 or 25 hours if the clocks changed. Your filter may cover only a part of the period.",
  )
  periodBefore!: Date | null;

  @NullableField(() => String, "Their store, if grouped by STORE.")
  storeId!: string | null;

  @NullableField(() => ItemType, "The kind of lines, if grouped by ITEM_TYPE.")
  itemType!: CancellationStat["itemType"];

  @NullableField(() => String, "If grouped by REASON: theirs, or null for those without one.")
  reason!: string | null;

  @NullableField(
    () => String,
    "If grouped by FAILURE_CODE: EBP's result code in their `failure`, or null for those without one.",
  )
  failureCode!: string | null;

  @Field(() => String, {
    description: "ISO 4217 code of the currency. Amounts of different currencies are never added up.",
  })
  currencyCode!: string;

  @Field(() => Int, {
    description: "Number of cancellations; if grouped by ITEM_TYPE, of those with a line of this kind.",
  })
  count!: number;

  @Field(() => DecimalScalar, {
    description:
      "The requested total, whether or not the cancels succeeded: group by STATUS to tell. If grouped by ITEM_TYPE, the part of the lines of this kind.",
  })
  amount!: Decimal;

  @Field(() => DecimalScalar, {
    description: "The tax included in the amount, as far as the lines state it.",
  })
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
