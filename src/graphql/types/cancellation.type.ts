import { GraphQLDateTime } from "graphql-scalars";
import { Field, ID, Int, InterfaceType, ObjectType } from "type-graphql";
import type { MaskedRefundAccount } from "../../cancellation/model/cancel-request.js";
import {
  type Cancellation,
  type Discrepancy,
  type NextStep as Next,
  nextStepOf,
} from "../../cancellation/model/cancellation.js";
import type { AmountBasis as Basis } from "../../cancellation/model/store.js";
import { Decimal } from "../../cancellation/model/decimal.js";
import type {
  CancellationStatus as Status,
  ResolvedBy as Resolver,
  Settlement as Settled,
} from "../../cancellation/model/status.js";
import { DecimalScalar } from "./decimal.scalar.js";
import { AmountBasis, CancellationStatus, NextStep, ResolvedBy, Settlement } from "./enums.js";
import { CancellationFailureType } from "./failure.type.js";

@InterfaceType("Node", { description: "Anything with an id of its own, as Relay has it." })
export abstract class NodeType {
  @Field(() => ID, { description: "Unique among everything this service knows." })
  id!: string;
}

@ObjectType("MaskedRefundAccount", { description: "What may be shown of a refund account." })
export class MaskedRefundAccountType implements MaskedRefundAccount {
  @Field(() => String, { nullable: true, description: "The bank's code." })
  bankCode!: string | null;

  @Field(() => String, {
    description: "The last four characters of the account number; fewer when it is shorter than eight.",
  })
  accountNumberLast4!: string;

  @Field(() => String, {
    nullable: true,
    description: "The first letter of each part of the holder's name: `J** D**`.",
  })
  accountHolderName!: string | null;
}

@ObjectType("Discrepancy", {
  description:
    "Something EBP confirmed that is not what was asked, a proof against what was decided (field `status`), or an event of EBP that does not agree with it (field `event`). The status stands; a person should look.",
})
export class DiscrepancyType implements Discrepancy {
  @Field(() => String, {
    description: "EBP's field, such as `totalProductAmount` or `items.seq 2.amount`; `status` or `event`.",
  })
  field!: string;

  @Field(() => String, { description: "What was asked for, or decided." })
  asked!: string;

  @Field(() => String, { description: "What EBP confirmed." })
  confirmed!: string;
}

@ObjectType("Cancellation", {
  implements: NodeType,
  description: "One request to cancel a payment, and everything known about it.",
})
export class CancellationType extends NodeType {
  @Field(() => String, { description: "The EBP store." })
  storeId!: string;

  @Field(() => String, { description: "The order that the cancel is about." })
  orderNo!: string;

  @Field(() => String, { description: "The caller's key: one key, one cancel, for ever." })
  idempotencyKey!: string;

  @Field(() => CancellationStatus, { description: "What is known of it." })
  status!: Status;

  @Field(() => Boolean, {
    description:
      "True when nothing was cancelled and the same request may succeed under a new key: it never reached EBP, or was found out later not to have been carried out. False for a rejection, which would be rejected again, and for everything that is not FAILED.",
  })
  safeToRetry!: boolean;

  @Field(() => Settlement, {
    nullable: true,
    description: "What EBP has told since; null until the cancel has succeeded.",
  })
  settlement!: Settled | null;

  @Field(() => ResolvedBy, {
    nullable: true,
    description: "What decided it; null while it is PENDING or UNKNOWN.",
  })
  resolvedBy!: Resolver | null;

  @Field(() => DecimalScalar, { description: "The total asked for, in major units of the currency." })
  totalCancelAmount!: Decimal;

  @Field(() => String, { description: "ISO 4217 currency of every amount in it." })
  currencyCode!: string;

  @Field(() => AmountBasis, { description: "How the total followed from the items when it was asked for." })
  amountBasis!: Basis;

  @Field(() => MaskedRefundAccountType, { nullable: true, description: "Where a refund was to go, masked." })
  refundAccount!: MaskedRefundAccount | null;

  @Field(() => String, {
    nullable: true,
    description:
      "EBP's id of the return request; null unless SUCCEEDED. This and the fields below are what EBP confirmed: null is also not stated, or not readable.",
  })
  returnRequestId!: string | null;

  @Field(() => Int, { nullable: true, description: "Items that EBP processed." })
  processedCount!: number | null;

  @Field(() => DecimalScalar, {
    nullable: true,
    description: "Product amount cancelled: everything but DELIVERY.",
  })
  totalProductAmount!: Decimal | null;

  @Field(() => DecimalScalar, { nullable: true, description: "Tax in the product amount." })
  totalProductTaxAmount!: Decimal | null;

  @Field(() => DecimalScalar, { nullable: true, description: "Delivery amount cancelled." })
  totalDeliveryAmount!: Decimal | null;

  @Field(() => DecimalScalar, { nullable: true, description: "Tax in the delivery amount." })
  totalDeliveryTaxAmount!: Decimal | null;

  @Field(() => String, {
    nullable: true,
    description: "EBP's tracking id of its answer, to quote to EBP's support.",
  })
  requestId!: string | null;

  @Field(() => CancellationFailureType, {
    nullable: true,
    description: "Why it is not SUCCEEDED; null while PENDING.",
  })
  failure!: Cancellation["failure"];

  @Field(() => [DiscrepancyType], {
    description: "Where EBP's confirmation is not what was asked, and proofs against what was decided.",
  })
  discrepancies!: readonly Discrepancy[];

  @Field(() => String, {
    nullable: true,
    description: "Why the payment was cancelled, as the caller put it.",
  })
  reason!: string | null;

  @Field(() => String, { nullable: true, description: "The caller's note." })
  note!: string | null;

  @Field(() => String, {
    nullable: true,
    description: "Subject of the caller's token; null when authentication was off.",
  })
  requestedBy!: string | null;

  @Field(() => NextStep, {
    nullable: true,
    description: "What happens next; null when it is decided.",
  })
  nextStep!: Next | null;

  @Field(() => GraphQLDateTime, {
    nullable: true,
    description:
      "When EBP is asked next what became of it, or, while that or the cancel itself is under way, when the lease of who is at it runs out. Null when it is decided, or when only an operator can decide it.",
  })
  nextCheckAt!: Date | null;

  @Field(() => Int, {
    description:
      "How often EBP has been asked by schedule what became of it. What each look showed is in `events`.",
  })
  lookups!: number;

  @Field(() => GraphQLDateTime, {
    nullable: true,
    description: "When it came into doubt; null when it never was.",
  })
  inDoubtSince!: Date | null;

  @Field(() => GraphQLDateTime, { description: "When the intent was committed, by the database's clock." })
  createdAt!: Date;

  @Field(() => GraphQLDateTime, {
    nullable: true,
    description: "When the first byte went out to EBP; null when none did, or when that is not known.",
  })
  sentAt!: Date | null;

  @Field(() => GraphQLDateTime, { nullable: true, description: "When it was decided; null while it is not." })
  resolvedAt!: Date | null;

  @Field(() => GraphQLDateTime, {
    nullable: true,
    description:
      "When the retention period ended and personal data were erased; null before that. From then on `note` and `refundAccount` are null.",
  })
  erasedAt!: Date | null;
}

/** An instance: it is how the executor tells which kind of Node this is. Field by field: copies of copies would be half of what a cancel allocates. */
export function toCancellationType(cancellation: Cancellation): CancellationType {
  const shown = new CancellationType();
  shown.id = cancellation.id;
  shown.storeId = cancellation.storeId;
  shown.orderNo = cancellation.orderNo;
  shown.idempotencyKey = cancellation.idempotencyKey;
  shown.status = cancellation.status;
  shown.safeToRetry = cancellation.safeToRetry;
  shown.settlement = cancellation.settlement;
  shown.resolvedBy = cancellation.resolvedBy;
  shown.totalCancelAmount = cancellation.totalCancelAmount;
  shown.currencyCode = cancellation.currencyCode;
  shown.amountBasis = cancellation.amountBasis;
  shown.refundAccount = cancellation.refundAccount;
  shown.returnRequestId = cancellation.returnRequestId;
  shown.processedCount = cancellation.processedCount;
  shown.totalProductAmount = cancellation.totalProductAmount;
  shown.totalProductTaxAmount = cancellation.totalProductTaxAmount;
  shown.totalDeliveryAmount = cancellation.totalDeliveryAmount;
  shown.totalDeliveryTaxAmount = cancellation.totalDeliveryTaxAmount;
  shown.requestId = cancellation.requestId;
  shown.failure = cancellation.failure;
  shown.discrepancies = cancellation.discrepancies;
  shown.reason = cancellation.reason;
  shown.note = cancellation.note;
  shown.requestedBy = cancellation.requestedBy;
  shown.nextStep = nextStepOf(cancellation);
  shown.nextCheckAt = cancellation.nextCheckAt;
  shown.lookups = cancellation.lookups;
  shown.inDoubtSince = cancellation.inDoubtSince;
  shown.createdAt = cancellation.createdAt;
  shown.sentAt = cancellation.sentAt;
  shown.resolvedAt = cancellation.resolvedAt;
  shown.erasedAt = cancellation.erasedAt;
  return shown;
}
