import { GraphQLDateTime } from "graphql-scalars";
import { Field, InterfaceType, ObjectType } from "type-graphql";
import type { Cancellation } from "../../cancellation/model/cancellation.js";
import { Decimal } from "../../cancellation/model/decimal.js";
import { type InvalidInputReason as Reason, pathOf, REASONS } from "../../cancellation/model/fault.js";
import type { UserError, UserErrorCode as Code } from "../../cancellation/model/user-error.js";
import { describeUserError, type Messages } from "../../messages/messages.js";
import { CancellationType, FailureDetailType } from "./cancellation.js";
import {
  CancellationStatus,
  DecimalScalar,
  InvalidInputReason,
  NextAction,
  NullableField,
  ResolutionObstacle,
  UserErrorCode,
} from "./leaf-types.js";

/** As it is shown: with the path as a list, and with words in the caller's language. */
type Shown<C extends Code> = Omit<Extract<UserError, { code: C }>, "field"> & {
  readonly field: readonly string[] | null;
  readonly message: string;
};
export type ShownError = { [C in Code]: Shown<C> }[Code];

/** The errors of an answer, in the caller's language. */
export function showErrors(errors: readonly UserError[], messages: Messages): ShownError[] {
  return errors.map((error) => ({
    ...error,
    ...(error.code === "INVALID_INPUT" && limitsOf(error)),
    field: pathOf(error.field),
    message: describeUserError(error, messages),
  }));
}

function limitsOf({ fault }: UserError<"INVALID_INPUT">): object {
  const { min = null, max = null } = fault as { readonly min?: Limit; readonly max?: Limit };
  return { reason: REASONS[fault.kind], min: decimalOf(min), max: decimalOf(max) };
}

type Limit = Decimal | number | null;

function decimalOf(limit: Limit): Decimal | null {
  return typeof limit === "number" ? new Decimal(limit) : limit;
}

@InterfaceType("UserError", {
  description:
    "A problem that you can act on. Every status except SUCCEEDED comes with at least one, so a client that looks only at `userErrors` cannot mistake another status for success.",
  resolveType: ({ code }: ShownError) => TYPES[code],
})
export abstract class UserErrorType {
  @Field(() => UserErrorCode, { description: "What happened, for programs. Each type has one code." })
  code!: Code;

  @Field(() => String, {
    description: "What happened and what to do, in the caller's language (Accept-Language: ko or en).",
  })
  message!: string;

  @NullableField(
    () => [String],
    'The path of the input field to correct, such as `["input", "items", "2", "amount"]`; null if it is not about one field.',
  )
  field!: readonly string[] | null;

  @Field(() => NextAction, { description: "What to do next, for programs." })
  nextAction!: UserError["nextAction"];
}

@InterfaceType("CancelPaymentError", {
  implements: UserErrorType,
  description: "An error of `cancelPayment` and `cancelPaymentPreview`.",
  resolveType: ({ code }: ShownError) => TYPES[code],
})
export abstract class CancelPaymentErrorType extends UserErrorType {}

@InterfaceType("OperatorError", {
  implements: UserErrorType,
  description: "An error of `refreshCancellation` and `resolveCancellation`.",
  resolveType: ({ code }: ShownError) => TYPES[code],
})
export abstract class OperatorErrorType extends UserErrorType {}

const OF_BOTH = [UserErrorType, CancelPaymentErrorType, OperatorErrorType];
const OF_CANCELS = [UserErrorType, CancelPaymentErrorType];
const OF_OPERATORS = [UserErrorType, OperatorErrorType];

@ObjectType("InvalidInputError", {
  implements: OF_BOTH,
  description:
    "A field of the input is invalid. All invalid fields are reported at once, each in an error of its own. Nothing was stored or sent.",
})
export class InvalidInputErrorType extends UserErrorType {
  @Field(() => InvalidInputReason, { description: "Why it is invalid, for programs." })
  reason!: Reason;

  @NullableField(
    () => DecimalScalar,
    "The smallest value, or the fewest characters or items, allowed; null if there is no such limit.",
  )
  min!: Decimal | null;

  @NullableField(
    () => DecimalScalar,
    "The largest value, or the most characters, items or decimal places, allowed; null if there is no such limit.",
  )
  max!: Decimal | null;
}

@ObjectType("AmountMismatchError", {
  implements: OF_CANCELS,
  description:
    "The total is not the sum of the items under the store's amount basis. Nothing was stored or sent.",
})
export class AmountMismatchErrorType extends UserErrorType {
  @Field(() => DecimalScalar, { description: "The total in the request." })
  statedTotal!: Decimal;

  @Field(() => DecimalScalar, { description: "The sum of the items." })
  computedTotal!: Decimal;
}

@ObjectType("IdempotencyKeyReusedError", {
  implements: OF_CANCELS,
  description:
    "The key was used in this store for a different request. This call sent nothing. What to do depends on what became of that request: see `cancellation`, or `nextAction`.",
})
export class IdempotencyKeyReusedErrorType extends UserErrorType {
  @Field(() => CancellationType, {
    description: "The cancellation of the first request with this key. Needs the scope `cancellations:read`.",
  })
  cancellation!: Cancellation;
}

@ObjectType("CancelInProgressError", {
  implements: OF_BOTH,
  description:
    "This cancel, or another one of the order, is still PENDING or UNKNOWN. Until it is decided, no other cancel of the order is sent.",
})
export class CancelInProgressErrorType extends UserErrorType {
  @Field(() => CancellationType, {
    description: "The cancellation that is PENDING or UNKNOWN. Needs the scope `cancellations:read`.",
  })
  cancellation!: Cancellation;
}

@ObjectType("CancelledTotalChangedError", {
  implements: OF_CANCELS,
  description:
    "The total already cancelled on the order is not the one you expected: somebody else has cancelled meanwhile. This call sent nothing.",
})
export class CancelledTotalChangedErrorType extends UserErrorType {
  @Field(() => DecimalScalar, { description: "The total that you expected." })
  expectedTotal!: Decimal;

  @Field(() => DecimalScalar, { description: "The total that is cancelled now." })
  currentTotal!: Decimal;
}

@ObjectType("RejectedByEbpError", {
  implements: OF_BOTH,
  description:
    "EBP rejected the cancel. Nothing was cancelled. Once the cause is removed, send a new request with a new key.",
})
export class RejectedByEbpErrorType extends UserErrorType {
  @NullableField(() => String, "EBP's result code, such as EBP-C-0010.")
  resultCode!: string | null;

  @NullableField(
    () => String,
    "EBP's message, as EBP sent it: in the language of the request that was sent (ko or en).",
  )
  ebpMessage!: string | null;

  @NullableField(() => String, "EBP's tracking id. Quote it to EBP's support.")
  requestId!: string | null;

  @Field(() => [FailureDetailType], { description: "One for each header or field that EBP rejected." })
  details!: Extract<UserError, { code: "REJECTED_BY_EBP" }>["details"];
}

@ObjectType("NotSentError", {
  implements: OF_BOTH,
  description: "The cancel did not reach EBP, so nothing was cancelled. Try again with a new key.",
})
export class NotSentErrorType extends UserErrorType {}

@ObjectType("NotCancelledError", {
  implements: OF_BOTH,
  description:
    "The outcome was unknown; since then, it has been proven that nothing was cancelled. Try again with a new key.",
})
export class NotCancelledErrorType extends UserErrorType {}

@ObjectType("OutcomeUnknownError", {
  implements: OF_BOTH,
  description:
    "The cancel may have been sent, and it is not known whether money moved. It is not sent again. Do not repeat it with another key.",
})
export class OutcomeUnknownErrorType extends UserErrorType {
  @Field(() => CancellationType, { description: "The cancellation. Read it again later." })
  cancellation!: Cancellation;
}

@ObjectType("NotInDoubtError", {
  implements: OF_OPERATORS,
  description: "An operator can decide only a cancellation that is UNKNOWN. Nothing was changed.",
})
export class NotInDoubtErrorType extends UserErrorType {
  @Field(() => CancellationStatus, { description: "The cancellation's status." })
  status!: Extract<UserError, { code: "NOT_IN_DOUBT" }>["status"];
}

@ObjectType("NotYetFailedError", {
  implements: OF_OPERATORS,
  description:
    "There are obstacles to deciding that this cancellation has FAILED. Nothing was changed. Wait, or name all obstacles in `evenThough`.",
})
export class NotYetFailedErrorType extends UserErrorType {
  @Field(() => [ResolutionObstacle], { description: "The obstacles that you did not name." })
  obstacles!: Extract<UserError, { code: "NOT_YET_FAILED" }>["obstacles"];

  @NullableField(
    () => GraphQLDateTime,
    "From this time on, EBP cannot still be carrying it out; null if that is not known.",
  )
  settledAt!: Date | null;
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
} as const satisfies Record<Code, new () => UserErrorType>;

/** For the schema: only their interfaces refer to them. */
export const USER_ERROR_TYPES = Object.values(TYPES);
