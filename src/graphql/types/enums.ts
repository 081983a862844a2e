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
  description: "The kind of an order line, as EBP defines it.",
  valuesConfig: {
    PHYSICAL: { description: "Goods." },
    DIGITAL: { description: "Software, e-gift cards." },
    SUBSCRIPTION: { description: "Rental, care plans." },
    DELIVERY: { description: "A shipping fee; not counted as a product." },
    SERVICE: { description: "Installation, haul-away." },
  },
});

export const CancellationStatus = named(CANCELLATION_STATUSES);
registerEnumType(CancellationStatus, {
  name: "CancellationStatus",
  description: "What is known about whether money moved.",
  valuesConfig: {
    PENDING: { description: "Recorded; it is being sent, or about to be." },
    SUCCEEDED: { description: "Proven: EBP accepted the cancel." },
    FAILED: { description: "Proven: nothing was cancelled." },
    UNKNOWN: {
      description:
        "It may have been sent, and it is not known yet whether money moved. It is never sent again; evidence will decide it.",
    },
  },
});

export const Settlement = named(SETTLEMENTS);
registerEnumType(Settlement, {
  name: "Settlement",
  description: "What EBP has reported since a cancel succeeded.",
  valuesConfig: {
    AWAITED: { description: "Nothing yet." },
    VOIDED: { description: "The payment was voided before capture." },
    REFUND_REQUESTED: { description: "The refund of a captured payment was accepted." },
  },
});

export const ResolvedBy = named(RESOLVERS);
registerEnumType(ResolvedBy, {
  name: "ResolvedBy",
  description: "Where the evidence came from that decided a cancellation.",
  valuesConfig: {
    RESPONSE: { description: "EBP's answer to the cancel, or the fact that it was never sent." },
    LOOKUP: { description: "EBP's payment details, looked up later." },
    WEBHOOK: { description: "A signed webhook from EBP." },
    OPERATOR: { description: "A person, who left a note." },
  },
});

export const EventSource = named(EVENT_SOURCES);
registerEnumType(EventSource, {
  name: "EventSource",
  description: "Who or what caused an event of a cancellation.",
  valuesConfig: {
    CALLER: { description: "The caller who requested the cancel." },
    RESPONSE: { description: "EBP's answer, or that there was none." },
    LOOKUP: { description: "EBP's payment details, looked up later." },
    WEBHOOK: { description: "A signed webhook from EBP." },
    OPERATOR: { description: "A person." },
    RECOVERY: { description: "Recovery, after the process that sent the cancel was lost." },
  },
});

export const NextStep = named(NEXT_STEPS);
registerEnumType(NextStep, {
  name: "NextStep",
  description: "What happens next to a cancellation that is not decided.",
  valuesConfig: {
    OUTCOME: {
      description: "The cancel is running. It is decided, or becomes UNKNOWN.",
    },
    LOOKUP: {
      description: "This service asks EBP about it at `nextCheckAt`. A webhook may decide it earlier.",
    },
    OPERATOR: {
      description:
        "No lookup can decide it. An operator must find out and resolve it. A webhook may still decide it.",
    },
  },
});

export const OperatorOutcome = named(OPERATOR_OUTCOMES);
registerEnumType(OperatorOutcome, {
  name: "OperatorOutcome",
  description: "An operator's decision on a cancellation that is UNKNOWN.",
  valuesConfig: {
    SUCCEEDED: { description: "EBP carried it out: money moved." },
    FAILED: {
      description:
        "EBP did not carry it out and will not: no money moved. It may be tried again with a new key.",
    },
  },
});

export const ResolutionObstacle = named(RESOLUTION_OBSTACLES);
registerEnumType(ResolutionObstacle, {
  name: "ResolutionObstacle",
  description: "An obstacle to deciding that a cancellation has FAILED.",
  valuesConfig: {
    SETTLING: { description: "EBP may still be carrying it out." },
    CANCEL_SHOWN: { description: "EBP's payment details show a cancel of this order, in part or in full." },
    EVENT_OF_SUCCESS: {
      description:
        "EBP has sent a webhook about a cancel of this order that belongs to no cancellation here.",
    },
  },
});

export const PaymentCancelState = named(PAYMENT_STATES);
registerEnumType(PaymentCancelState, {
  name: "PaymentCancelState",
  description: "What the status of a payment says about cancels.",
  valuesConfig: {
    UNCANCELLED: { description: "Nothing is cancelled." },
    CANCELLED_IN_PART: { description: "A part is cancelled; EBP does not say how much." },
    WHOLLY_CANCELLED: { description: "All of it is cancelled." },
    UNCLEAR: { description: "The status says nothing about cancels, or is not known to this service." },
  },
});

export const UnavailableReason = named(UNAVAILABLE_REASONS);
registerEnumType(UnavailableReason, {
  name: "LiveStatusUnavailableReason",
  description: "Why the payment's status at EBP cannot be shown.",
  valuesConfig: {
    TIMED_OUT: { description: `EBP did not answer within ${LIVE_STATUS_LIMIT_MS / 1_000} s.` },
    NOT_REACHED: { description: "No connection to EBP could be made." },
    REFUSED: {
      description: "EBP answered with an error code, for example because it does not know the order.",
    },
    NOT_READABLE: { description: "EBP's answer could not be read, or was not about this payment." },
    TOO_MANY: { description: "EBP was not asked: too many of these lookups are running." },
  },
});

const [UNIT, LINE] = AMOUNT_BASES;
export const AmountBasis = { UNIT, LINE } as const;
registerEnumType(AmountBasis, {
  name: "AmountBasis",
  description: "How the total is computed from the items. A setting of the store.",
  valuesConfig: {
    UNIT: { description: "The sum of quantity × amount." },
    LINE: { description: "The sum of amount." },
  },
});

export const CancellationOrderField = named(HISTORY_ORDER_FIELDS);
registerEnumType(CancellationOrderField, {
  name: "CancellationOrderField",
  description: "What a history can be sorted by. Ties are sorted by creation time.",
  valuesConfig: {
    CREATED_AT: { description: "When the cancel was requested." },
    RESOLVED_AT: {
      description: "When it was decided. Lists only SUCCEEDED and FAILED cancellations.",
    },
    TOTAL_CANCEL_AMOUNT: { description: "The requested total. Only for stores with the same currency." },
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
  description: "How to group sums of cancellations. They are always grouped by currency as well.",
  valuesConfig: {
    STATUS: { description: "By current status." },
    SETTLEMENT: { description: "By settlement; null for those that have not SUCCEEDED." },
    DAY: { description: "By the day of the request, in the time zone." },
    WEEK: { description: "By the week of the request, starting on Monday." },
    MONTH: { description: "By the month of the request." },
    STORE: { description: "By store." },
    ITEM_TYPE: {
      description:
        "By kind of line. Amounts are then those of the lines of that kind. `count` is the number of cancellations with such a line; one with several kinds counts once in each.",
    },
    REASON: { description: "By exact reason; null for those without one." },
    FAILURE_CODE: { description: "By EBP's result code in `failure`; null for those without one." },
  },
});
