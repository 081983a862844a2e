import { Arg, Ctx, Mutation, Resolver } from "type-graphql";
import { cancelPayment, type CancelPaymentParts } from "../cancellation/cancel/cancel-payment.js";
import { CancelPaymentInputType, toCancelPaymentInput } from "./cancel-payment.input.js";
import { CancelPaymentPayloadType, toPayload } from "./cancel-payment.payload.type.js";
import { countReusedKeys, type GraphQLContext } from "./context.js";

@Resolver()
export class CancelPaymentResolver {
  constructor(private readonly parts: CancelPaymentParts) {}

  @Mutation(() => CancelPaymentPayloadType, {
    description:
      "Cancels a payment. Money moves at most once per idempotency key: the intent is committed before anything is sent, it is sent once, and a repeated call gets the first call's cancellation in its present state.",
  })
  async cancelPayment(
    @Arg("input", () => CancelPaymentInputType, { description: "What to cancel." })
    input: CancelPaymentInputType,
    @Ctx() context: GraphQLContext,
  ): Promise<CancelPaymentPayloadType> {
    const { caller, language } = context;
    const result = await cancelPayment(this.parts, caller, toCancelPaymentInput(input), language);
    countReusedKeys(context, result.errors);
    return toPayload(result);
  }
}
