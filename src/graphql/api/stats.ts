import { GraphQLDateTime } from "graphql-scalars";
import { Arg, Ctx, Field, Int, ObjectType, Query, Resolver } from "type-graphql";
import { checkFilter } from "../../cancellation/history/filter.js";
import type { CancellationHistory } from "../../cancellation/history/history.js";
import {
  checkGrouping,
  MAX_STATS,
  type CancellationGroup as Group,
  type CancellationStat,
} from "../../cancellation/history/stats.js";
import type { Decimal } from "../../cancellation/model/decimal.js";
import { TooManyError, TooSlowError } from "../../cancellation/model/errors.js";
import type { Stores } from "../../cancellation/model/store.js";
import type { GraphQLContext } from "../context.js";
import { Refusal } from "../plugins/errors.js";
import { STATS_POINTS } from "../plugins/limits.js";
import { CancellationFilterType } from "./history-input.js";
import {
  CancellationGroup,
  CancellationStatus,
  DecimalScalar,
  ItemType,
  NullableField,
  Settlement,
} from "./leaf-types.js";

@ObjectType("CancellationStat", {
  description:
    "Sums over a group of cancellations with the same currency. Fields that you did not group by are null. Empty groups are left out.",
})
export class CancellationStatType implements Omit<CancellationStat, "period"> {
  @NullableField(() => CancellationStatus, "The status, if grouped by STATUS.")
  status!: CancellationStat["status"];

  @NullableField(
    () => Settlement,
    "The settlement, if grouped by SETTLEMENT; null for those that have not SUCCEEDED.",
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

  @NullableField(() => String, "The store, if grouped by STORE.")
  storeId!: string | null;

  @NullableField(() => ItemType, "The kind of lines, if grouped by ITEM_TYPE.")
  itemType!: CancellationStat["itemType"];

  @NullableField(() => String, "The reason, if grouped by REASON; null for those without one.")
  reason!: string | null;

  @NullableField(
    () => String,
    "EBP's result code in their `failure`, if grouped by FAILURE_CODE; null for those without one.",
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

@Resolver()
export class StatsResolver {
  constructor(
    private readonly stores: Stores,
    private readonly history: CancellationHistory,
  ) {}

  @Query(() => [CancellationStatType], {
    complexity: STATS_POINTS,
    description: `Sums over cancellations, for charts. Sorted by period, then by status, settlement, store, item type, reason, failure code and currency. At most ${MAX_STATS}.`,
  })
  async cancellationStats(
    @Arg("filter", () => CancellationFilterType, {
      nullable: true,
      description:
        "Conditions on the cancellations; all of them by default. If grouped by ITEM_TYPE, `itemId` and `itemType` also select which lines are summed up; otherwise whole cancellations are.",
    })
    filter: CancellationFilterType | null | undefined,
    @Arg("groupBy", () => [CancellationGroup], {
      description:
        "How to group, besides by currency: each value once, and at most one of DAY, WEEK and MONTH. Empty for one sum per currency.",
    })
    groupBy: Group[],
    @Arg("timeZone", () => String, {
      nullable: true,
      description:
        'The time zone in which days, weeks and months begin: its IANA name, such as "Asia/Seoul". UTC by default.',
    })
    timeZone: string | null | undefined,
    @Arg("largest", () => Int, {
      nullable: true,
      description: `Return only this many sums, 1 to ${MAX_STATS}: those with the largest counts. For example for reasons, which can be more than a chart can show. All by default.`,
    })
    largest: number | null | undefined,
    @Ctx() { caller }: GraphQLContext,
  ): Promise<CancellationStatType[]> {
    const grouping = checkGrouping(groupBy, timeZone, largest);
    const checked = checkFilter(filter ?? {}, caller, this.stores);
    const stats = await this.history.stats(checked, grouping).catch(refuseTooMuch);
    return stats.map(toStatType);
  }
}

/** @throws GraphQLError that says how to ask for less. */
function refuseTooMuch(error: unknown): never {
  if (error instanceof TooManyError)
    throw new Refusal(({ refusals }) => refusals.tooManySums(MAX_STATS), TOO_COMPLEX);
  if (error instanceof TooSlowError) throw new Refusal(({ refusals }) => refusals.sumsTooSlow, TOO_COMPLEX);
  throw error;
}

const TOO_COMPLEX = { code: "QUERY_TOO_COMPLEX" };
