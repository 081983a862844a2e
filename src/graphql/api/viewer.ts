import { Ctx, Field, ID, Int, ObjectType, Query, Resolver } from "type-graphql";
import type { Store, Stores } from "../../cancellation/model/store.js";
import type { GraphQLContext } from "../context.js";
import { AmountBasis, NullableField } from "./leaf-types.js";

@ObjectType("Store", { description: "An EBP store." })
export class StoreType implements Store {
  @Field(() => ID, { description: "EBP's id of the store, as in `storeId`." })
  id!: string;

  @Field(() => String, { description: "ISO 4217 code of the currency of all its amounts." })
  currencyCode!: string;

  @Field(() => Int, { description: "How many decimal places its amounts may have: 0 for KRW, 2 for USD." })
  currencyDecimals!: number;

  @Field(() => AmountBasis, { description: "How it computes the total of a cancel from the items." })
  amountBasis!: Store["amountBasis"];
}

@ObjectType("Viewer", { description: "Who is calling, and what they may do." })
export class ViewerType {
  @NullableField(() => String, "The subject of your token; null if authentication is off.")
  subject!: string | null;

  @Field(() => [String], { description: "The scopes of your token, such as `cancellations:read`." })
  scopes!: readonly string[];

  @Field(() => [StoreType], { description: "The stores that you can act for." })
  stores!: Store[];
}

@Resolver()
export class ViewerResolver {
  constructor(private readonly stores: Stores) {}

  @Query(() => ViewerType, { complexity: 0, description: "Who is calling, and what they may do." })
  viewer(@Ctx() { caller: { subject, scopes, storeIds } }: GraphQLContext): ViewerType {
    const stores = storeIds.flatMap((id) => this.stores.get(id) ?? []);
    return { subject, scopes, stores };
  }
}
