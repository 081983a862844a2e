import { Arg, Ctx, Query, Resolver } from "type-graphql";
import { previewCancel, type PreviewDependencies } from "../../cancellation/cancel/preview-cancel.js";
import { CancelPaymentInputType, toCancelPaymentInput } from "../types/cancel-payment.input.js";
import { countReusedKeys, type GraphQLContext } from "../context.js";
import { CancelPaymentPreviewType, toPreviewType } from "../types/preview.type.js";

@Resolver()
export class PreviewResolver {
  constructor(private readonly parts: PreviewDependencies) {}

  @Query(() => CancelPaymentPreviewType, {
    description:
      "Every check of `cancelPayment`, the computed totals, and what would be sent. Sends and stores nothing.",
  })
  async cancelPaymentPreview(
    @Arg("input", () => CancelPaymentInputType, { description: "What would be cancelled." })
    input: CancelPaymentInputType,
    @Ctx() context: GraphQLContext,
  ): Promise<CancelPaymentPreviewType> {
    const preview = await previewCancel(this.parts, context.caller, toCancelPaymentInput(input));
    countReusedKeys(context, preview.errors);
    return toPreviewType(preview);
  }
}
