import { GraphQLDateTime } from "graphql-scalars";
import { Field, ID, InterfaceType, ObjectType } from "type-graphql";
import { Decimal } from "../../cancellation/model/decimal.js";
import type { UserError } from "../../cancellation/model/user-error.js";
import { FailureDetailType } from "./cancellation.js";
import { CancellationStatus, DecimalScalar, NullableField, ResolutionObstacle } from "./leaf-types.js";

@InterfaceType("UserError", {
  description:
    "A problem that you can act on. `cancelPayment` returns at least one with every status but SUCCEEDED, so a client that looks only at `userErrors` cannot mistake another status for success.",
  resolveType: ({ code }: UserError) => TYPES[code],
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

  @NullableField(
    () => String,
    "Path of the input field that caused it, such as `input.items.2.amount`; null if it is not about one field.",
  )
  field!: string | null;
}

/** The fields of one kind of error in the domain. */
type ErrorWith<Code> = Omit<Extract<UserError, { code: Code }>, "code">;

@ObjectType("InvalidInputError", {
  implements: UserErrorType,
  description:
    "A field of the input is invalid. This call stored nothing and sent nothing. Code INVALID_INPUT.",
})
export class InvalidInputErrorType extends UserErrorType implements ErrorWith<"INVALID_INPUT"> {}

@ObjectType("AmountMismatchError", {
  implements: UserErrorType,
  description:
    "The total is not the sum of the items under the store's amount basis. This call stored nothing and sent nothing. Code AMOUNT_MISMATCH.",
})
export class AmountMismatchErrorType extends UserErrorType implements ErrorWith<"AMOUNT_MISMATCH"> {
  @Field(() => DecimalScalar, { description: "The sum of the items." })
  expected!: Decimal;

  @Field(() => DecimalScalar, { description: "The total in the request." })
  actual!: Decimal;
}

@ObjectType("IdempotencyKeyReusedError", {
  implements: UserErrorType,
  description:
    "This key has been used in this store for a different request. This call sent nothing. Code IDEMPOTENCY_KEY_REUSED.",
})
export class IdempotencyKeyReusedErrorType
  extends UserErrorType
  implements ErrorWith<"IDEMPOTENCY_KEY_REUSED">
{
  @Field(() => ID, { description: "The cancellation that the key stands for." })
  cancellationId!: string;
}

@ObjectType("CancelInProgressError", {
  implements: UserErrorType,
  description:
    "Another cancel of this order is PENDING or UNKNOWN. No other cancel of the order is sent until it is decided. Code CANCEL_IN_PROGRESS.",
})
export class CancelInProgressErrorType extends UserErrorType implements ErrorWith<"CANCEL_IN_PROGRESS"> {
  @Field(() => ID, { description: "The cancellation that is PENDING or UNKNOWN." })
  cancellationId!: string;
}

@ObjectType("CancelledTotalChangedError", {
  implements: UserErrorType,
  description:
    "The total already cancelled on the order is not the one you expected: somebody else has cancelled meanwhile. This call sent nothing. Code CANCELLED_TOTAL_CHANGED.",
})
export class CancelledTotalChangedErrorType
  extends UserErrorType
  implements ErrorWith<"CANCELLED_TOTAL_CHANGED">
{
  @Field(() => DecimalScalar, { description: "The total that you expected." })
  expected!: Decimal;

  @Field(() => DecimalScalar, { description: "The total that is cancelled." })
  actual!: Decimal;
}

@ObjectType("RejectedByEbpError", {
  implements: UserErrorType,
  description: "EBP rejected the cancel. Nothing was cancelled. Code REJECTED_BY_EBP.",
})
export class RejectedByEbpErrorType extends UserErrorType implements ErrorWith<"REJECTED_BY_EBP"> {
  @NullableField(() => String, "EBP's result code, such as EBP-C-0010.")
  resultCode!: string | null;

  @NullableField(() => String, "EBP's message, in the language you asked for (ko or en).")
  ebpMessage!: string | null;

  @NullableField(() => String, "EBP's tracking id. Quote it to EBP's support.")
  requestId!: string | null;

  @Field(() => [FailureDetailType], { description: "One for each header or field that EBP rejected." })
  details!: ErrorWith<"REJECTED_BY_EBP">["details"];
}

@ObjectType("NotSentError", {
  implements: UserErrorType,
  description:
    "The cancel never reached EBP, so nothing was cancelled. You may try again with a new idempotency key. Code NOT_SENT.",
})
export class NotSentErrorType extends UserErrorType implements ErrorWith<"NOT_SENT"> {}

@ObjectType("NotCancelledError", {
  implements: UserErrorType,
  description:
    "The outcome was unknown; since then, it has been proven that nothing was cancelled. You may try again with a new idempotency key. Code NOT_CANCELLED.",
})
export class NotCancelledErrorType extends UserErrorType implements ErrorWith<"NOT_CANCELLED"> {}

@ObjectType("NotInDoubtError", {
  implements: UserErrorType,
  description:
    "An operator can decide only a cancellation that is UNKNOWN. Nothing was changed. Code NOT_IN_DOUBT.",
})
export class NotInDoubtErrorType extends UserErrorType implements ErrorWith<"NOT_IN_DOUBT"> {
  @Field(() => CancellationStatus, { description: "The cancellation's status." })
  status!: ErrorWith<"NOT_IN_DOUBT">["status"];
}

@ObjectType("NotYetFailedError", {
  implements: UserErrorType,
  description:
    "There are obstacles to deciding that this cancellation has FAILED. Nothing was changed. Wait, or name all obstacles in `evenThough`. Code NOT_YET_FAILED.",
})
export class NotYetFailedErrorType extends UserErrorType implements ErrorWith<"NOT_YET_FAILED"> {
  @Field(() => [ResolutionObstacle], { description: "The obstacles that you did not name." })
  obstacles!: ErrorWith<"NOT_YET_FAILED">["obstacles"];

  @NullableField(() => GraphQLDateTime, "When EBP can no longer be carrying it out (RFC 3339).")
  settledAt!: Date | null;
}

@ObjectType("OutcomeUnknownError", {
  implements: UserErrorType,
  description:
    "It may have been sent, and it is not known yet whether money moved. It is not sent again. Do not repeat it with another key. Code OUTCOME_UNKNOWN.",
})
export class OutcomeUnknownErrorType extends UserErrorType implements ErrorWith<"OUTCOME_UNKNOWN"> {
  @Field(() => ID, { description: "The cancellation. Read it again later." })
  cancellationId!: string;
}

const TYPES = {
  INVALID_INPUT: InvalidInputErrorType,
  AMOUNT_MISMATCH: AmountMismatchErrorType,
  IDEMPOTENCY_KEY_REUSED: IdempotencyKeyReusedErrorType,
  CANCEL_IN_PROGRESS: CancelInProgressErrorType,
  CANCELLED_TOTAL_CHANGED: CancelledTotalChangedErrorType,
  REJECTED_BY_EBP: RejectedByEbpErrorType,
  NOT_SENT: NotSentErrorType,
  NOT_CANCELLED: NotCancelledErrorType,
  OUTCOME_UNKNOWN: OutcomeUnknownErrorType,
  NOT_YET_FAILED: NotYetFailedErrorType,
  NOT_IN_DOUBT: NotInDoubtErrorType,
} as const satisfies Record<UserError["code"], new () => UserErrorType>;

/** For the schema: only their interface refers to them. */
export const USER_ERROR_TYPES = Object.values(TYPES);
