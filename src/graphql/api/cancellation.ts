import { GraphQLDateTime } from "graphql-scalars";
import { Ctx, Field, FieldResolver, ID, Int, InterfaceType, ObjectType, Resolver, Root } from "type-graphql";
import { validate as isUuid } from "uuid";
import type { MaskedRefundAccount } from "../../cancellation/model/cancel-request.js";
import type { ApiField, Cancellation, Discrepancy } from "../../cancellation/model/cancellation.js";
import { Decimal } from "../../cancellation/model/decimal.js";
import { InvalidArgumentError } from "../../cancellation/model/errors.js";
import type { Failure, FailureDetail } from "../../cancellation/model/outcome.js";
import type { GraphQLContext } from "../context.js";
import {
  AmountBasis,
  CancellationStatus,
  DecimalScalar,
  NullableField,
  ResolvedBy,
  Settlement,
} from "./leaf-types.js";

@ObjectType("MaskedRefundAccount", { description: "A refund account, masked." })
export class MaskedRefundAccountType implements MaskedRefundAccount {
  @NullableField(() => String, "The bank's code.")
  bankCode!: string | null;

  @Field(() => String, {
    description: "The last four characters of the account number; fewer if it is shorter than eight.",
  })
  accountNumberLast4!: string;

  @NullableField(
    () => String,
    "The first letter of each part of the holder's name, such as `J** D**`; null if the request did not name the holder.",
  )
  accountHolderName!: string | null;
}

@ObjectType("Discrepancy", {
  description:
    "A difference that a person should look at: EBP confirmed something else than was requested, or later evidence contradicts the decision. The status does not change.",
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
  cause!: Failure["cause"];

  @NullableField(() => String, "EBP's result code; null if there was no answer from EBP.")
  resultCode!: string | null;

  @NullableField(() => String, "EBP's message, as EBP sent it; null if it sent none.")
  ebpMessage!: string | null;

  @Field(() => [FailureDetailType], { description: "One for each header or field that EBP rejected." })
  details!: readonly FailureDetail[];
}

@Resolver(() => CancellationFailureType)
export class CancellationFailureResolver {
  @FieldResolver(() => String, {
    complexity: 0,
    description: "Why it has not succeeded, in the caller's language.",
  })
  message(@Root() { cause }: Failure, @Ctx() { messages }: GraphQLContext): string {
    return messages.failures[cause];
  }
}

@InterfaceType("Node", {
  description: "An object with an id of its own, as Relay defines it.",
  resolveType: (found: object) => ("status" in found ? "Cancellation" : "Order"),
})
export abstract class NodeType {
  @Field(() => ID, { description: "Unique among all objects of this service." })
  id!: string;
}

/** @throws InvalidArgumentError for anything but a UUID. The message does not quote it: people paste anything there. */
export function checkedId(field: string, id: string): string {
  if (isUuid(id)) return id.toLowerCase();
  throw new InvalidArgumentError({ kind: "notAnId", field });
}

/** Declares what the API shows of a cancellation; resolvers return the domain's object itself. What costs a query is in the resolver. */
@ObjectType("Cancellation", {
  implements: NodeType,
  description: "One request to cancel a payment, and everything known about it.",
})
export class CancellationType extends NodeType implements Pick<Cancellation, ApiField> {
  @Field(() => ID, { description: "The EBP store." })
  storeId!: string;

  @Field(() => String, { description: "The order whose payment is cancelled." })
  orderNo!: string;

  @Field(() => String, {
    description: "The caller's key. Within a store, a key belongs to one request forever.",
  })
  idempotencyKey!: string;

  @Field(() => CancellationStatus, { description: "What is known about whether money moved." })
  status!: Cancellation["status"];

  @Field(() => Boolean, {
    description:
      "True if nothing was cancelled and the same request may succeed under a new key: it never reached EBP, or EBP did not carry it out. False after a rejection, because EBP would reject it again, and for every status but FAILED.",
  })
  safeToRetry!: boolean;

  @NullableField(() => Settlement, "What EBP has reported since the cancel succeeded; null until it has.")
  settlement!: Cancellation["settlement"];

  @NullableField(() => ResolvedBy, "What kind of evidence decided it; null while it is PENDING or UNKNOWN.")
  resolvedBy!: Cancellation["resolvedBy"];

  @Field(() => DecimalScalar, { description: "The total to cancel, in major units of the currency." })
  totalCancelAmount!: Decimal;

  @Field(() => String, { description: "ISO 4217 code of the currency of all its amounts." })
  currencyCode!: string;

  @Field(() => AmountBasis, {
    description: "How the total was computed from the items at the time of the request.",
  })
  amountBasis!: Cancellation["amountBasis"];

  @NullableField(
    () => MaskedRefundAccountType,
    "The bank account for a refund, masked; null if the request named none.",
  )
  refundAccount!: Cancellation["refundAccount"];

  @NullableField(
    () => String,
    "EBP's id of the return request. Null unless SUCCEEDED, or if EBP did not state it readably.",
  )
  returnRequestId!: string | null;

  @NullableField(
    () => Int,
    "Number of items that EBP processed. Null unless SUCCEEDED, or if EBP did not state it readably.",
  )
  processedCount!: number | null;

  @NullableField(
    () => DecimalScalar,
    "Amount that EBP cancelled for products: every item type but DELIVERY. Null unless SUCCEEDED, or if EBP did not state it readably.",
  )
  totalProductAmount!: Decimal | null;

  @NullableField(
    () => DecimalScalar,
    "Tax included in the product amount. Null unless SUCCEEDED, or if EBP did not state it readably.",
  )
  totalProductTaxAmount!: Decimal | null;

  @NullableField(
    () => DecimalScalar,
    "Amount that EBP cancelled for delivery. Null unless SUCCEEDED, or if EBP did not state it readably.",
  )
  totalDeliveryAmount!: Decimal | null;

  @NullableField(
    () => DecimalScalar,
    "Tax included in the delivery amount. Null unless SUCCEEDED, or if EBP did not state it readably.",
  )
  totalDeliveryTaxAmount!: Decimal | null;

  @NullableField(() => String, "EBP's tracking id of its answer. Quote it to EBP's support.")
  requestId!: string | null;

  @NullableField(
    () => CancellationFailureType,
    "Why it has not succeeded; null while PENDING and once SUCCEEDED.",
  )
  failure!: Cancellation["failure"];

  @Field(() => [DiscrepancyType], {
    description:
      "Differences between what was requested and what EBP confirmed, and later evidence that contradicts the decision.",
  })
  discrepancies!: Cancellation["discrepancies"];

  @NullableField(() => String, "The reason for the cancel, as the caller gave it.")
  reason!: string | null;

  @NullableField(() => String, "The caller's note.")
  note!: string | null;

  @NullableField(() => String, "Subject of the caller's token; null if authentication was off.")
  requestedBy!: string | null;

  @NullableField(
    () => GraphQLDateTime,
    "When this service asks EBP about it next; while the cancel or a lookup is running, its deadline. Null once it is decided, or if only an operator can decide it.",
  )
  nextCheckAt!: Date | null;

  @Field(() => Int, {
    description:
      "How often this service has asked EBP on schedule about the outcome. `events` has what each lookup showed.",
  })
  lookups!: number;

  @NullableField(
    () => GraphQLDateTime,
    "When it became UNKNOWN, also if it has been decided since; null if it never was.",
  )
  inDoubtSince!: Date | null;

  @Field(() => GraphQLDateTime, {
    description: "When the request was recorded, by the database's clock. Nothing is sent before that.",
  })
  createdAt!: Date;

  @NullableField(
    () => GraphQLDateTime,
    "When its first byte was sent to EBP; null if none was, or if that is not known.",
  )
  sentAt!: Date | null;

  @NullableField(() => GraphQLDateTime, "When it was decided; null while PENDING or UNKNOWN.")
  resolvedAt!: Date | null;

  @NullableField(
    () => GraphQLDateTime,
    "When the refund was carried out, as EBP states it; null unless `settlement` is REFUNDED.",
  )
  refundedAt!: Date | null;

  @NullableField(
    () => GraphQLDateTime,
    "When its personal data was erased at the end of the retention period; null before. Since then, `note` and `refundAccount` are null.",
  )
  erasedAt!: Date | null;
}
