import { Field, ObjectType } from "type-graphql";
import type { OperatorResult } from "../../cancellation/reconcile/operators.js";
import { CancellationType, toCancellationType } from "./cancellation.type.js";
import { toUserError, UserErrorType } from "./user-error.type.js";

@ObjectType("ResolveCancellationPayload", { description: "What became of an operator's decision." })
export class ResolveCancellationPayloadType {
  @Field(() => CancellationType, {
    nullable: true,
    description:
      "The cancellation as it stands now; null when it was not found, or the note cannot be accepted.",
  })
  cancellation!: CancellationType | null;

  @Field(() => [UserErrorType], { description: "Empty if, and only if, the decision was recorded." })
  userErrors!: UserErrorType[];
}

@ObjectType("RefreshCancellationPayload", { description: "What a look at a cancellation has shown." })
export class RefreshCancellationPayloadType {
  @Field(() => CancellationType, {
    nullable: true,
    description: "The cancellation as it stands now; null when there is none with this id.",
  })
  cancellation!: CancellationType | null;

  @Field(() => [UserErrorType], { description: "Empty if, and only if, the cancel has SUCCEEDED." })
  userErrors!: UserErrorType[];
}

export function toResolvePayload(result: OperatorResult): ResolveCancellationPayloadType {
  return toPayload(result);
}

export function toRefreshPayload(result: OperatorResult): RefreshCancellationPayloadType {
  return toPayload(result);
}

function toPayload({ cancellation, errors }: OperatorResult): ResolveCancellationPayloadType {
  return {
    cancellation: cancellation === null ? null : toCancellationType(cancellation),
    userErrors: errors.map(toUserError),
  };
}
