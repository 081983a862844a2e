import type { ResolutionObstacle as Obstacle, UserError } from "../../cancellation/model/user-error.js";
import { GraphQLDateTime } from "graphql-scalars";
import { Field, ID, InterfaceType, ObjectType } from "type-graphql";
import { Decimal } from "../../cancellation/model/decimal.js";
import type { FailureDetail } from "../../cancellation/model/outcome.js";
import type { CancellationStatus as Status } from "../../cancellation/model/status.js";
import { DecimalScalar } from "./decimal.scalar.js";
import { CancellationStatus, ResolutionObstacle } from "./enums.js";
import { FailureDetailType } from "./failure.type.js";

@InterfaceType("UserError", {
  description:
    "Something the caller can act on. Every result of `cancelPayment` but SUCCEEDED brings at least one, so a client that looks only at `userErrors` cannot mistake it for success.",
})
export abstract class UserErrorType {
  @Field(() => String, {
    description: "The kind of error, such as AMOUNT_MISMATCH; one for each type of error.",
  })
  code!: string;

  @Field(() => String, {
    description: "What happened and what to do, in English, for developers and support staff.",
  })
  message!: string;

  @Field(() => String, {
    nullable: true,
    description:
      "Path of the input field to look at, such as `input.items.2.amount`; null when it is not about one.",
  })
  field!: string | null;
}

@ObjectType("InvalidInputError", {
  implements: UserErrorType,
  description: "A field cannot be accepted. This call stored nothing and sent nothing. Code INVALID_INPUT.",
})
export class InvalidInputErrorType extends UserErrorType {}

@ObjectType("AmountMismatchError", {
  implements: UserErrorType,
  description:
    "The total does not agree with the items under the store's amount basis. This call stored nothing and sent nothing. Code AMOUNT_MISMATCH.",
})
export class AmountMismatchErrorType extends UserErrorType {
  @Field(() => DecimalScalar, { description: "What the items add up to." })
  expected!: Decimal;

  @Field(() => DecimalScalar, { description: "The total that the request states." })
  actual!: Decimal;
}

@ObjectType("IdempotencyKeyReusedError", {
  implements: UserErrorType,
  description:
    "The key has been used in this store for a different request. This call sent nothing. Code IDEMPOTENCY_KEY_REUSED.",
})
export class IdempotencyKeyReusedErrorType extends UserErrorType {
  @Field(() => ID, { description: "The cancellation that the key stands for." })
  cancellationId!: string;
}

@ObjectType("CancelInProgressError", {
  implements: UserErrorType,
  description:
    "A cancel of this order is in flight or in doubt, and nothing else is sent until it is decided. Code CANCEL_IN_PROGRESS.",
})
export class CancelInProgressErrorType extends UserErrorType {
  @Field(() => ID, { description: "The cancellation that is in flight or in doubt." })
  cancellationId!: string;
}

@ObjectType("CancelledTotalChangedError", {
  implements: UserErrorType,
  description:
    "What is cancelled on the order is not what the caller expected: somebody else has cancelled since. This call sent nothing. Code CANCELLED_TOTAL_CHANGED.",
})
export class CancelledTotalChangedErrorType extends UserErrorType {
  @Field(() => DecimalScalar, { description: "The total the caller expected to be cancelled on the order." })
  expected!: Decimal;

  @Field(() => DecimalScalar, { description: "The total that is." })
  actual!: Decimal;
}

@ObjectType("RejectedByEbpError", {
  implements: UserErrorType,
  description: "EBP rejected the cancel: nothing was cancelled. Code REJECTED_BY_EBP.",
})
export class RejectedByEbpErrorType extends UserErrorType {
  @Field(() => String, { nullable: true, description: "EBP's result code, such as EBP-C-0010." })
  resultCode!: string | null;

  @Field(() => String, {
    nullable: true,
    description: "EBP's message, in the language asked for (ko or en).",
  })
  ebpMessage!: string | null;

  @Field(() => String, { nullable: true, description: "EBP's tracking id, to quote to EBP's support." })
  requestId!: string | null;

  @Field(() => [FailureDetailType], { description: "EBP's details, one for each header or field it names." })
  details!: readonly FailureDetail[];
}

@ObjectType("NotSentError", {
  implements: UserErrorType,
  description:
    "The cancel never reached EBP: nothing was cancelled, and it is safe to try again with a new idempotency key. Code NOT_SENT.",
})
export class NotSentErrorType extends UserErrorType {}

@ObjectType("NotCancelledError", {
  implements: UserErrorType,
  description:
    "It was in doubt, and has been found since to have cancelled nothing: it is safe to try again with a new idempotency key. Code NOT_CANCELLED.",
})
export class NotCancelledErrorType extends UserErrorType {}

@ObjectType("NotInDoubtError", {
  implements: UserErrorType,
  description:
    "Only a cancellation in doubt can be resolved by hand. Nothing was changed. Code NOT_IN_DOUBT.",
})
export class NotInDoubtErrorType extends UserErrorType {
  @Field(() => CancellationStatus, { description: "What it is instead." })
  status!: Status;
}

@ObjectType("NotYetFailedError", {
  implements: UserErrorType,
  description:
    "Something speaks against calling this cancellation FAILED. Nothing was changed. Wait, or name all of it in `evenThough`. Code NOT_YET_FAILED.",
})
export class NotYetFailedErrorType extends UserErrorType {
  @Field(() => [ResolutionObstacle], { description: "What speaks against it and was not named." })
  obstacles!: readonly Obstacle[];

  @Field(() => GraphQLDateTime, {
    nullable: true,
    description: "When EBP's settling time is over. RFC 3339.",
  })
  settledAt!: Date | null;
}

@ObjectType("OutcomeUnknownError", {
  implements: UserErrorType,
  description:
    "It may have been sent, and nothing proves yet whether money moved. It is not sent again; do not repeat it under another key. Code OUTCOME_UNKNOWN.",
})
export class OutcomeUnknownErrorType extends UserErrorType {
  @Field(() => ID, { description: "The cancellation to read again later." })
  cancellationId!: string;
}

/** One type and one code for each kind of error in the domain. */
const TYPES = {
  InvalidInput: { type: InvalidInputErrorType, code: "INVALID_INPUT" },
  AmountMismatch: { type: AmountMismatchErrorType, code: "AMOUNT_MISMATCH" },
  IdempotencyKeyReused: { type: IdempotencyKeyReusedErrorType, code: "IDEMPOTENCY_KEY_REUSED" },
  CancelInProgress: { type: CancelInProgressErrorType, code: "CANCEL_IN_PROGRESS" },
  CancelledTotalChanged: { type: CancelledTotalChangedErrorType, code: "CANCELLED_TOTAL_CHANGED" },
  RejectedByEbp: { type: RejectedByEbpErrorType, code: "REJECTED_BY_EBP" },
  NotSent: { type: NotSentErrorType, code: "NOT_SENT" },
  NotCancelled: { type: NotCancelledErrorType, code: "NOT_CANCELLED" },
  OutcomeUnknown: { type: OutcomeUnknownErrorType, code: "OUTCOME_UNKNOWN" },
  NotYetFailed: { type: NotYetFailedErrorType, code: "NOT_YET_FAILED" },
  NotInDoubt: { type: NotInDoubtErrorType, code: "NOT_IN_DOUBT" },
} as const satisfies Record<UserError["kind"], { type: new () => UserErrorType; code: string }>;

/** Every error type, for the schema: they are reached through their interface only. */
export const USER_ERROR_TYPES = Object.values(TYPES).map(({ type }) => type);

export function toUserError(error: UserError): UserErrorType {
  const { type, code } = TYPES[error.kind];
  return Object.assign(new type(), error, { code });
}
