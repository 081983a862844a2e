import { GraphQLDateTime } from "graphql-scalars";
import { Field, Int, ObjectType } from "type-graphql";
import type { MaskedRefundAccount } from "../../cancellation/model/cancel-request.js";
import type {
  CancellationEvent,
  CancellationItem,
  Discrepancy,
  EventEvidence,
} from "../../cancellation/model/cancellation.js";
import { Decimal } from "../../cancellation/model/decimal.js";
import type { Failure, FailureDetail } from "../../cancellation/model/outcome.js";
import { DecimalScalar } from "./decimal.scalar.js";
import { CancellationStatus, EventSource, ItemType } from "./enums.js";
import { NullableField } from "./nullable-field.js";

@ObjectType("MaskedRefundAccount", { description: "A refund account, masked." })
export class MaskedRefundAccountType implements MaskedRefundAccount {
  @NullableField(() => String, "The bank's code.")
  bankCode!: string | null;

  @Field(() => String, {
    description: "The last four characters of the account number; fewer if it is shorter than eight.",
  })
  accountNumberLast4!: string;

  @NullableField(() => String, "The first letter of each part of the holder's name: `J** D**`.")
  accountHolderName!: string | null;
}

@ObjectType("Discrepancy", {
  description:
    "A difference that a person should look at: EBP confirmed something else than was requested, or later evidence contradicts the decision. The status stays.",
})
export class DiscrepancyType implements Discrepancy {
  @Field(() => String, {
    description:
      "EBP's field that differs, such as `totalProductAmount` or `items.seq 2.amount`. `status` for evidence against the decision, `event` for an event of EBP that does not fit.",
  })
  field!: string;

  @Field(() => String, { description: "What was requested, or decided." })
  asked!: string;

  @Field(() => String, { description: "What EBP confirmed." })
  confirmed!: string;
}

@ObjectType("FailureDetail", { description: "A header or field that EBP rejected." })
export class FailureDetailType implements FailureDetail {
  @NullableField(() => String, "The header or field; null if EBP names none.")
  field!: string | null;

  @Field(() => String, { description: "What EBP says about it." })
  message!: string;
}

@ObjectType("CancellationFailure", {
  description: "Why a cancellation has not succeeded, from EBP's answer or from what was found out later.",
})
export class CancellationFailureType implements Failure {
  @NullableField(() => String, "EBP's result code; null if there was no answer from EBP.")
  resultCode!: string | null;

  @Field(() => String, { description: "EBP's message, or one of this service if EBP gave none." })
  message!: string;

  @Field(() => [FailureDetailType], { description: "One for each header or field that EBP rejected." })
  details!: readonly FailureDetail[];
}

@ObjectType("CancellationItem", {
  description: "One line of a cancellation: what was requested, and what EBP confirmed.",
})
export class CancellationItemType implements CancellationItem {
  @Field(() => Int, { description: "Line number within the order." })
  seq!: number;

  @Field(() => ItemType, { description: "The kind of line." })
  itemType!: CancellationItem["itemType"];

  @Field(() => String, { description: "The item's id in the order." })
  itemId!: string;

  @Field(() => Int, { description: "Units to cancel." })
  quantity!: number;

  @Field(() => DecimalScalar, {
    description:
      "The requested amount: per unit or for the whole line, depending on the cancellation's `amountBasis`.",
  })
  amount!: Decimal;

  @NullableField(
    () => DecimalScalar,
    "The tax included in `amount`, on the same basis; null if the request did not state it.",
  )
  taxAmount!: Decimal | null;

  @Field(() => DecimalScalar, { description: "What this line adds to the total." })
  lineTotal!: Decimal;

  @NullableField(() => Int, "Units that EBP confirmed; null if it did not.")
  confirmedQuantity!: number | null;

  @NullableField(() => DecimalScalar, "The amount that EBP confirmed; null if it did not.")
  confirmedAmount!: Decimal | null;

  @NullableField(() => DecimalScalar, "The tax that EBP confirmed; null if it did not.")
  confirmedTaxAmount!: Decimal | null;
}

@ObjectType("EventEvidence", {
  description: "The evidence for an event. It never contains an account number or a holder's name.",
})
export class EventEvidenceType implements EventEvidence {
  @NullableField(
    () => String,
    "The rule that was applied, in words; for an operator's decision, the operator's note.",
  )
  basis!: string | null;

  @NullableField(() => Int, "HTTP status of EBP's answer.")
  httpStatus!: number | null;

  @NullableField(() => String, "EBP's result code.")
  resultCode!: string | null;

  @NullableField(() => String, "EBP's tracking id.")
  requestId!: string | null;

  @NullableField(() => String, "EBP's timestamp, as EBP wrote it.")
  timestamp!: string | null;

  @NullableField(
    () => String,
    "SHA-256 (hex) of the bytes of EBP's answer to a cancel without a refund account. Null for every other answer: a digest of a text with an account number would let somebody find the number by trying.",
  )
  digest!: string | null;
}

@ObjectType("CancellationEvent", {
  description:
    "Something that happened to a cancellation. If it did not change the status, `from` and `to` are the same.",
})
export class CancellationEventType implements CancellationEvent {
  @Field(() => GraphQLDateTime, { description: "When, by the database's clock." })
  at!: Date;

  @NullableField(() => CancellationStatus, "The status before; null for the first event.")
  from!: CancellationEvent["from"];

  @Field(() => CancellationStatus, { description: "The status after." })
  to!: CancellationEvent["to"];

  @Field(() => EventSource, { description: "Who or what caused it." })
  source!: CancellationEvent["source"];

  @NullableField(() => String, "The person or program that caused it; null if not known.")
  actor!: string | null;

  @Field(() => EventEvidenceType, { description: "The evidence for it." })
  evidence!: EventEvidence;
}
