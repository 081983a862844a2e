import { GraphQLError } from "graphql";
import { Arg, Ctx, Int, Query, Resolver } from "type-graphql";
import { TooManyError, TooSlowError } from "../../cancellation/model/errors.js";
import { checkFilter } from "../../cancellation/history/filter.js";
import type { CancellationHistory } from "../../cancellation/history/history.js";
import { MAX_PERIODS } from "../../cancellation/history/periods.js";
import {
  checkGrouping,
  MAX_STATS,
  type CancellationGroup as Group,
} from "../../cancellation/history/stats.js";
import type { Stores } from "../../cancellation/model/store.js";
import type { GraphQLContext } from "../context.js";
import { CancellationGroup } from "../types/enums.js";
import { CancellationFilterType } from "../types/history.input.js";
import { STATS_POINTS } from "../plugins/limits/limits.js";
import { CancellationStatType, toStatType } from "../types/stats.type.js";

@Resolver()
export class StatsResolver {
  constructor(
    private readonly stores: Stores,
    private readonly history: CancellationHistory,
  ) {}

  @Query(() => [CancellationStatType], {
    complexity: STATS_POINTS,
    description: `Sums over cancellations, as a chart needs them: in the order of their periods, then of status, settlement, store, item type, reason, failure code and currency. At most ${MAX_STATS}.`,
  })
  async cancellationStats(
    @Arg("filter", () => CancellationFilterType, {
      nullable: true,
      description:
        "Which; all when left out. With `itemId` or `itemType` and grouped by ITEM_TYPE, only the lines that meet it are summed up; otherwise whole cancellations are.",
    })
    filter: CancellationFilterType | null | undefined,
    @Arg("groupBy", () => [CancellationGroup], {
      description:
        "What sums are told apart by besides their currency, each once, and at most one of DAY, WEEK and MONTH. None for one sum of each currency.",
    })
    groupBy: Group[],
    @Arg("timeZone", () => String, {
      nullable: true,
      description:
        'Where days, weeks and months begin: the IANA name of a time zone, such as "Asia/Seoul". UTC when left out.',
    })
    timeZone: string | null | undefined,
    @Arg("largest", () => Int, {
      nullable: true,
      description: `Only so many sums, 1 to ${MAX_STATS}: those with the largest counts. For reasons, which may be more than a chart can show. All when left out.`,
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

/** @throws GraphQLError that says what to ask for instead. */
function refuseTooMuch(error: unknown): never {
  if (error instanceof TooManyError)
    throw tooComplex(
      `These are more than ${MAX_STATS} sums, or over more than ${MAX_PERIODS} periods. Group by less or by longer periods, ask for the \`largest\`, or narrow the filter, such as with \`createdFrom\`.`,
    );
  if (error instanceof TooSlowError)
    throw tooComplex("Summing this up takes too long. Narrow the filter, such as with `createdFrom`.");
  throw error;
}

function tooComplex(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: "QUERY_TOO_COMPLEX" } });
}
