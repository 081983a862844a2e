import { HeaderMap } from "@apollo/server";
import { GraphQLError } from "graphql";
import { Arg, Ctx, Mutation, Resolver } from "type-graphql";
import { cancelPayment, type CancelPaymentDependencies } from "../../cancellation/cancel/cancel-payment.js";
import { SendingHeldError } from "../../cancellation/model/errors.js";
import { CancelPaymentInputType, toCancelPaymentInput } from "../types/cancel-payment.input.js";
import { CancelPaymentPayloadType, toPayload } from "../types/cancel-payment.payload.type.js";
import { countReusedKeys, type GraphQLContext } from "../context.js";

@Resolver()
export class CancelPaymentResolver {
  constructor(private readonly parts: CancelPaymentDependencies) {}

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
    const cancel = cancelPayment(this.parts, caller, toCancelPaymentInput(input), language);
    const result = await cancel.catch(sayWhenToComeAgain);
    countReusedKeys(context, result.errors);
    return toPayload(result);
  }
}

/** As for other requests that cannot be served now, with 503 and `retry-after`. */
function sayWhenToComeAgain(error: unknown): never {
  if (!(error instanceof SendingHeldError)) throw error;
  const { retryAfterSeconds } = error;
  throw new GraphQLError(
    `The database is being put right, and no cancel is sent meanwhile. This call sent nothing; whether an earlier call with this key did cannot be told now. Repeat it with the same idempotency key in ${retryAfterSeconds} s.`,
    {
      extensions: {
        code: "SERVICE_UNAVAILABLE",
        retryAfterSeconds,
        http: { status: 503, headers: new HeaderMap([["retry-after", String(retryAfterSeconds)]]) },
      },
    },
  );
}
