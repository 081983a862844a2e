import { registerEnumType } from "type-graphql";
import { HISTORY_ORDER_FIELDS, ORDER_DIRECTIONS } from "../../cancellation/history/cursors.js";
import { ITEM_TYPES } from "../../cancellation/model/cancel-request.js";
import { NEXT_STEPS } from "../../cancellation/model/cancellation.js";
import { PAYMENT_STATES } from "../../cancellation/model/payment-gateway.js";
import { AMOUNT_BASES } from "../../cancellation/model/store.js";
import { RESOLUTION_OBSTACLES } from "../../cancellation/model/user-error.js";
import { OPERATOR_OUTCOMES } from "../../cancellation/reconcile/operators.js";
import { CANCELLATION_GROUPS } from "../../cancellation/history/stats.js";
import { LIVE_STATUS_LIMIT_MS, UNAVAILABLE_REASONS } from "../../cancellation/history/live-status.js";
import {
  CANCELLATION_STATUSES,
  EVENT_SOURCES,
  RESOLVERS,
  SETTLEMENTS,
} from "../../cancellation/model/status.js";

/** type-graphql takes an enum as an object whose keys are its names. */
function named<const T extends string>(values: readonly T[]): { readonly [K in T]: K } {
  return Object.fromEntries(values.map((value) => [value, value])) as { readonly [K in T]: K };
}

export const ItemType = named(ITEM_TYPES);
registerEnumType(ItemType, {
  name: "ItemType",
  description: "EBP's kinds of order lines.",
  valuesConfig: {
    PHYSICAL: { description: "Goods." },
    DIGITAL: { description: "Software, e-gift cards." },
    SUBSCRIPTION: { description: "Rental, care plans." },
    DELIVERY: { description: "A shipping fee; summed apart from the products." },
    SERVICE: { description: "Installation, haul-away." },
  },
});

export const CancellationStatus = named(CANCELLATION_STATUSES);
registerEnumType(CancellationStatus, {
  name: "CancellationStatus",
  description: "What is known of a cancellation.",
  valuesConfig: {
    PENDING: { description: "The intent is committed; the one send may be under way." },
    SUCCEEDED: { description: "Proven: EBP accepted the cancel." },
    FAILED: { description: "Proven: nothing was cancelled." },
    UNKNOWN: {
      description:
        "Perhaps sent, and nothing proves yet whether money moved. Never sent again; decided by evidence only.",
    },
  },
});

export const Settlement = named(SETTLEMENTS);
registerEnumType(Settlement, {
  name: "Settlement",
  description: "What EBP has told since a cancel succeeded.",
  valuesConfig: {
    AWAITED: { description: "Nothing yet." },
    VOIDED: { description: "The payment was voided before capture." },
    REFUND_REQUESTED: { description: "The refund of a captured payment was accepted." },
  },
});

export const ResolvedBy = named(RESOLVERS);
registerEnumType(ResolvedBy, {
  name: "ResolvedBy",
  description: "What brought the evidence that decided a cancellation.",
  valuesConfig: {
    RESPONSE: { description: "EBP's answer to the cancel, or the fact that it never left." },
    LOOKUP: { description: "EBP's payment details, read later." },
    WEBHOOK: { description: "A signed event from EBP." },
    OPERATOR: { description: "A person, with a note." },
  },
});

export const EventSource = named(EVENT_SOURCES);
registerEnumType(EventSource, {
  name: "EventSource",
  description: "Who or what caused a step in a cancellation's life.",
  valuesConfig: {
    CALLER: { description: "The caller who asked for the cancel." },
    RESPONSE: { description: "EBP's answer, or the lack of one." },
    LOOKUP: { description: "EBP's payment details, read later." },
    WEBHOOK: { description: "A signed event from EBP." },
    OPERATOR: { description: "A person." },
    RECOVERY: { description: "Recovery of a cancellation whose process went away." },
  },
});

export const NextStep = named(NEXT_STEPS);
registerEnumType(NextStep, {
  name: "NextStep",
  description: "What happens next to a cancellation that is not decided.",
  valuesConfig: {
    OUTCOME: {
      description:
        "It is in flight: its outcome is recorded, or its process goes away and it comes into doubt.",
    },
    LOOKUP: {
      description: "EBP is asked what became of it, at `nextCheckAt`; a webhook may decide it before.",
    },
    OPERATOR: {
      description:
        "No lookup can decide it: a person has to find out, and to resolve it. A webhook may still decide it.",
    },
  },
});

export const OperatorOutcome = named(OPERATOR_OUTCOMES);
registerEnumType(OperatorOutcome, {
  name: "OperatorOutcome",
  description: "What an operator can find out about a cancellation in doubt.",
  valuesConfig: {
    SUCCEEDED: { description: "EBP carried it out: the money moved." },
    FAILED: {
      description:
        "EBP did not carry it out and will not: no money moved, and it may be tried again under a new key.",
    },
  },
});

export const ResolutionObstacle = named(RESOLUTION_OBSTACLES);
registerEnumType(ResolutionObstacle, {
  name: "ResolutionObstacle",
  description: "What speaks against calling a cancellation FAILED.",
  valuesConfig: {
    SETTLING: { description: "EBP may still be carrying it out: the settling time is not over." },
    CANCEL_SHOWN: { description: "EBP's payment details show a cancel of this order, in part or in full." },
    EVENT_OF_SUCCESS: {
      description: "A webhook of EBP tells of a cancel of this order that no cancellation here accounts for.",
    },
  },
});

export const PaymentCancelState = named(PAYMENT_STATES);
registerEnumType(PaymentCancelState, {
  name: "PaymentCancelState",
  description: "What the state of a payment says of cancels.",
  valuesConfig: {
    UNCANCELLED: { description: "No cancel of any amount." },
    CANCELLED_IN_PART: { description: "Some cancel; of how much, EBP does not say." },
    WHOLLY_CANCELLED: { description: "All of it is cancelled." },
    UNCLEAR: { description: "The state says nothing about cancels, by what is known of EBP's words." },
  },
});

export const UnavailableReason = named(UNAVAILABLE_REASONS);
registerEnumType(UnavailableReason, {
  name: "LiveStatusUnavailableReason",
  description: "Why EBP's view of a payment cannot be shown.",
  valuesConfig: {
    TIMED_OUT: { description: `EBP did not answer within ${LIVE_STATUS_LIMIT_MS / 1_000} s.` },
    NOT_REACHED: { description: "No connection to EBP could be made." },
    REFUSED: { description: "EBP answered with an error code: of an order it does not know, among others." },
    NOT_READABLE: { description: "What came is no readable answer about this payment." },
    TOO_MANY: { description: "EBP was not asked: too many such questions are under way at this moment." },
  },
});

const [UNIT, LINE] = AMOUNT_BASES;
export const AmountBasis = { UNIT, LINE } as const;
registerEnumType(AmountBasis, {
  name: "AmountBasis",
  description: "How the total follows from the items; a setting of the store.",
  valuesConfig: {
    UNIT: { description: "The sum of quantity × amount." },
    LINE: { description: "The sum of amount." },
  },
});

export const CancellationOrderField = named(HISTORY_ORDER_FIELDS);
registerEnumType(CancellationOrderField, {
  name: "CancellationOrderField",
  description: "What a history can be ordered by. Among equals, what was asked for first is the smaller.",
  valuesConfig: {
    CREATED_AT: { description: "When the cancel was asked for." },
    RESOLVED_AT: {
      description: "When it was decided. Lists only what has been: PENDING and UNKNOWN have no place in it.",
    },
    TOTAL_CANCEL_AMOUNT: { description: "The total asked for. For stores of one currency only." },
  },
});

export const OrderDirection = named(ORDER_DIRECTIONS);
registerEnumType(OrderDirection, {
  name: "OrderDirection",
  description: "Which end comes first.",
  valuesConfig: {
    ASC: { description: "The oldest, or the smallest, first." },
    DESC: { description: "The newest, or the largest, first." },
  },
});

export const CancellationGroup = named(CANCELLATION_GROUPS);
registerEnumType(CancellationGroup, {
  name: "CancellationGroup",
  description: "What sums of cancellations can be told apart by. They always are by currency.",
  valuesConfig: {
    STATUS: { description: "By what is known of it now." },
    SETTLEMENT: { description: "By what EBP has told since; null for those that have not SUCCEEDED." },
    DAY: { description: "By the day on which the cancel was asked for, in the time zone." },
    WEEK: { description: "By the week, from Monday, in which the cancel was asked for." },
    MONTH: { description: "By the month in which the cancel was asked for." },
    STORE: { description: "By store." },
    ITEM_TYPE: {
      description:
        "By kind of line. Amounts are then of the lines of that kind, and so add up to those of the whole cancellations; `count` is of the cancellations that have one, and one that has several kinds counts in each.",
    },
    REASON: { description: "By reason, word for word; null for those asked for without one." },
    FAILURE_CODE: { description: "By EBP's result code of the `failure`; null for those without one." },
  },
});
