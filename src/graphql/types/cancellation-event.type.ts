import { GraphQLDateTime } from "graphql-scalars";
import { Field, Int, ObjectType } from "type-graphql";
import type { CancellationEvent, EventEvidence } from "../../cancellation/model/cancellation.js";
import type { CancellationStatus as Status, EventSource as Source } from "../../cancellation/model/status.js";
import { CancellationStatus, EventSource } from "./enums.js";

@ObjectType("EventEvidence", {
  description: "What a step rests on. Never holds an account number or a holder name.",
})
export class EventEvidenceType implements EventEvidence {
  @Field(() => String, {
    nullable: true,
    description: "Why it proves what it proves, in words; an operator's note.",
  })
  basis!: string | null;

  @Field(() => Int, { nullable: true, description: "HTTP status of the answer." })
  httpStatus!: number | null;

  @Field(() => String, { nullable: true, description: "EBP's result code." })
  resultCode!: string | null;

  @Field(() => String, { nullable: true, description: "EBP's tracking id." })
  requestId!: string | null;

  @Field(() => String, { nullable: true, description: "EBP's time stamp, as EBP wrote it." })
  timestamp!: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      "SHA-256 in hex of EBP's answer to a cancel without a refund account: of its bytes as received. Null for other answers, for payment details and for webhooks: from the digest of a text that holds an account or a name, these could be found out by trying.",
  })
  digest!: string | null;
}

@ObjectType("CancellationEvent", {
  description:
    "One step in a cancellation's life, or something learnt of it that changed nothing: then `from` and `to` are the same.",
})
export class CancellationEventType implements CancellationEvent {
  @Field(() => GraphQLDateTime, { description: "When, by the database's clock." })
  at!: Date;

  @Field(() => CancellationStatus, {
    nullable: true,
    description: "The state before; null for the first step.",
  })
  from!: Status | null;

  @Field(() => CancellationStatus, { description: "The state after." })
  to!: Status;

  @Field(() => EventSource, { description: "Who or what caused the step." })
  source!: Source;

  @Field(() => String, {
    nullable: true,
    description: "The person or program behind it, where one is known.",
  })
  actor!: string | null;

  @Field(() => EventEvidenceType, { description: "What the step rests on." })
  evidence!: EventEvidence;
}
