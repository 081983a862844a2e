import { GraphQLError } from "graphql";
import { Arg, Ctx, Int, Query, Resolver } from "type-graphql";
import { TooManyError, TooSlowError } from "../../cancellation/model/errors.js";
import { checkFilter } from "../../cancellation/history/filter.js";
import type { CancellationHistory } from "../../cancellation/history/history.js";
import {
  checkGrouping,
  MAX_STATS,
  type CancellationGroup as Group,
} from "../../cancellation/history/stats.js";
import type { Stores } from "../../cancellation/model/store.js";
import type { GraphQLContext } from "../context.js";
import { CancellationGroup } from "../types/enums.js";
import { CancellationFilterType } from "../types/history.input.js";
import { STATS_POINTS } from "../plugins/limits.js";
import { CancellationStatType, toStatType } from "../types/stats.type.js";

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
    throw tooComplex(
      `The result has more than ${MAX_STATS} sums. Group by less or by longer periods, use \`largest\`, or narrow the filter, for example with \`createdFrom\`.`,
    );
  if (error instanceof TooSlowError)
    throw tooComplex(
      "Computing these sums takes too long. Narrow the filter, for example with `createdFrom`.",
    );
  throw error;
}

function tooComplex(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: "QUERY_TOO_COMPLEX" } });
}
