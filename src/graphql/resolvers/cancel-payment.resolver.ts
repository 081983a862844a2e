import { Arg, Ctx, Mutation, Query, Resolver } from "type-graphql";
import { cancelPayment, type CancelPaymentDependencies } from "../../cancellation/cancel/cancel-payment.js";
import { previewCancel, type PreviewDependencies } from "../../cancellation/cancel/preview-cancel.js";
import { SendingHeldError } from "../../cancellation/model/errors.js";
import type { UserError } from "../../cancellation/model/user-error.js";
import type { GraphQLContext } from "../context.js";
import { refusal } from "../refusal.js";
import {
  CancelPaymentInputType,
  CancelPaymentPayloadType,
  CancelPaymentPreviewType,
} from "../types/cancel-payment.type.js";

@Resolver()
export class CancelPaymentResolver {
  constructor(
    private readonly forCancel: CancelPaymentDependencies,
    private readonly forPreview: PreviewDependencies,
  ) {}

  @Mutation(() => CancelPaymentPayloadType, {
    description:
      "Cancels a payment. Money moves at most once per idempotency key: the request is recorded before it is sent, and it is sent once. Calling it again with the same key returns the same cancellation in its current state.",
  })
  async cancelPayment(
    @Arg("input", () => CancelPaymentInputType, { description: "What to cancel." })
    input: CancelPaymentInputType,
    @Ctx() context: GraphQLContext,
  ): Promise<CancelPaymentPayloadType> {
    const { caller, language } = context;
    const result = await cancelPayment(this.forCancel, caller, input, language).catch(sayWhenToComeAgain);
    countReusedKeys(context, result.errors);
    return result;
  }

  @Query(() => CancelPaymentPreviewType, {
    description:
      "Checks an input as `cancelPayment` does, and returns the computed totals and the request that would be sent. Sends and stores nothing.",
  })
  async cancelPaymentPreview(
    @Arg("input", () => CancelPaymentInputType, { description: "What would be cancelled." })
    input: CancelPaymentInputType,
    @Ctx() context: GraphQLContext,
  ): Promise<CancelPaymentPreviewType> {
    const preview = await previewCancel(this.forPreview, context.caller, input);
    countReusedKeys(context, preview.errors);
    return preview;
  }
}

function sayWhenToComeAgain(error: unknown): never {
  if (!(error instanceof SendingHeldError)) throw error;
  const { retryAfterSeconds } = error;
  throw refusal(
    "SERVICE_UNAVAILABLE",
    503,
    `The database is being repaired, and no cancels are sent meanwhile. This call sent nothing; it is not known right now whether an earlier call with this key did. Repeat it with the same idempotency key in ${retryAfterSeconds} s.`,
    retryAfterSeconds,
  );
}

function countReusedKeys(context: GraphQLContext, errors: readonly UserError[]): void {
  context.reusedKeys += errors.filter(({ code }) => code === "IDEMPOTENCY_KEY_REUSED").length;
}
