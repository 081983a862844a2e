import "reflect-metadata";
import { GraphQLError, GraphQLScalarType, Kind } from "graphql";
import { isLosslessNumber } from "lossless-json";
import { Field, registerEnumType } from "type-graphql";
import { HISTORY_ORDER_FIELDS, ORDER_DIRECTIONS } from "../../cancellation/history/cursors.js";
import { LIVE_STATUS_LIMIT_MS, UNAVAILABLE_REASONS } from "../../cancellation/history/live-status.js";
import { CANCELLATION_GROUPS } from "../../cancellation/history/stats.js";
import { ITEM_TYPES } from "../../cancellation/model/cancel-request.js";
import { NEXT_STEPS } from "../../cancellation/model/cancellation.js";
import { Decimal, readPlainDecimal } from "../../cancellation/model/decimal.js";
import { PAYMENT_STATES } from "../../cancellation/model/payment-gateway.js";
import {
  CANCELLATION_STATUSES,
  EVENT_SOURCES,
  RESOLVERS,
  SETTLEMENTS,
} from "../../cancellation/model/status.js";
import { AMOUNT_BASES } from "../../cancellation/model/store.js";
import { INVALID_INPUT_REASONS } from "../../cancellation/model/fault.js";
import { NEXT_ACTIONS, RESOLUTION_OBSTACLES, USER_ERROR_CODES } from "../../cancellation/model/user-error.js";
import { OPERATOR_OUTCOMES } from "../../cancellation/reconcile/operators.js";

/** A field that may be null. */
export function NullableField(type: Parameters<typeof Field>[0], description: string): PropertyDecorator {
  return Field(type, { nullable: true, description });
}

const SCIENTIFIC = /^(-?\d{1,40}(?:\.\d{1,40})?)[eE]([+-]?\d{1,3})$/u;
/** Past this many places either way a number is a mistake, and writing it out would only cost memory. */
const MAX_EXPONENT = 40;

const EXPECTED = 'a decimal such as "1999.90"';

/** Exact decimals. Out: always a string in plain notation. In: see the description. */
export const DecimalScalar = new GraphQLScalarType<Decimal, string>({
  name: "Decimal",
  // Digits with a point: the lexical form is that of XML Schema's decimal.
  specifiedByURL: "https://www.w3.org/TR/xmlschema-2/#decimal",
  description:
    'An exact decimal number, in major units of its currency when it is an amount. Returned as a string in plain notation without trailing zeros, such as "1999.9". ' +
    "Accepted as a string, or as an Int or Float literal; in variables, a JSON number only if a double holds it exactly.",
  serialize(value) {
    if (value instanceof Decimal) return value.toFixed();
    throw new GraphQLError("Decimal cannot represent a value that is not a decimal");
  },
  parseValue(value) {
    if (typeof value === "string") return parse(value);
    // A number that came here as a number was held exactly: the body's reader keeps every other one as its text.
    if (typeof value === "number") return parse(String(value));
    if (isLosslessNumber(value)) {
      throw new GraphQLError(
        "Decimal cannot take this JSON number: it has more digits than a double holds, so it may have been rounded on its way here. Send it as a string",
      );
    }
    throw new GraphQLError(`Decimal expects ${EXPECTED}`);
  },
  parseLiteral(node) {
    if (node.kind === Kind.STRING || node.kind === Kind.INT || node.kind === Kind.FLOAT)
      return parse(node.value);
    throw new GraphQLError(`Decimal expects ${EXPECTED}`, { nodes: node });
  },
});

function parse(text: string): Decimal {
  const plain = readPlainDecimal(text);
  if (plain !== null) return plain;
  const exponent = SCIENTIFIC.exec(text)?.[2];
  if (exponent !== undefined && Math.abs(Number(exponent)) <= MAX_EXPONENT) return new Decimal(text);
  throw new GraphQLError(
    `Decimal expects ${EXPECTED}, of at most 40 digits either side of the point and an exponent of at most ${MAX_EXPONENT}`,
  );
}

/** Registers a union of the domain: type-graphql takes an enum as an object whose keys are its names. */
function enumOf<const T extends string>(
  values: readonly T[],
  name: string,
  description: string,
  meanings: Readonly<Record<T, string>>,
): { readonly [K in T]: K } {
  const type = Object.fromEntries(values.map((value) => [value, value])) as { readonly [K in T]: K };
  const valuesConfig: Partial<Record<T, { description: string }>> = {};
  for (const value of values) valuesConfig[value] = { description: meanings[value] };
  registerEnumType(type, { name, description, valuesConfig });
  return type;
}

export const ItemType = enumOf(ITEM_TYPES, "ItemType", "The kind of an order line, as EBP defines it.", {
  PHYSICAL: "Goods.",
  DIGITAL: "Software, e-gift cards.",
  SUBSCRIPTION: "Rental, care plans.",
  DELIVERY: "A shipping fee; not counted as a product.",
  SERVICE: "Installation, haul-away.",
});

export const CancellationStatus = enumOf(
  CANCELLATION_STATUSES,
  "CancellationStatus",
  "What is known about whether money moved.",
  {
    PENDING: "Recorded; it is being sent, or about to be.",
    SUCCEEDED: "Proven: EBP accepted the cancel.",
    FAILED: "Proven: nothing was cancelled.",
    UNKNOWN:
      "It may have been sent, and it is not known yet whether money moved. It is never sent again; evidence will decide it.",
  },
);

export const Settlement = enumOf(
  SETTLEMENTS,
  "Settlement",
  "What EBP has reported since a cancel succeeded.",
  {
    AWAITED: "Nothing yet.",
    VOIDED: "The payment was voided before capture.",
    REFUND_REQUESTED: "The refund of a captured payment was accepted. The money is on its way.",
    REFUNDED: "The refund of a captured payment was carried out.",
  },
);

export const ResolvedBy = enumOf(RESOLVERS, "ResolvedBy", "What kind of evidence decided a cancellation.", {
  RESPONSE: "EBP's answer to the cancel, or the fact that it was never sent.",
  LOOKUP: "EBP's payment details, looked up later.",
  WEBHOOK: "A signed webhook from EBP.",
  OPERATOR: "A person, who left a note.",
});

export const EventSource = enumOf(
  EVENT_SOURCES,
  "EventSource",
  "Who or what caused an event of a cancellation.",
  {
    CALLER: "The caller who requested the cancel.",
    RESPONSE: "EBP's answer, or the fact that there was none.",
    LOOKUP: "EBP's payment details, looked up later.",
    WEBHOOK: "A signed webhook from EBP.",
    OPERATOR: "A person.",
    RECOVERY: "Recovery, after the process that sent the cancel was lost.",
  },
);

export const NextStep = enumOf(
  NEXT_STEPS,
  "NextStep",
  "What happens next to a cancellation that is not decided.",
  {
    OUTCOME: "The cancel is running. It will be decided, or become UNKNOWN.",
    LOOKUP: "This service asks EBP about it at `nextCheckAt`. A webhook may decide it earlier.",
    OPERATOR:
      "No lookup can decide it. An operator must find out and resolve it. A webhook may still decide it.",
  },
);

export const OperatorOutcome = enumOf(
  OPERATOR_OUTCOMES,
  "OperatorOutcome",
  "An operator's decision on a cancellation that is UNKNOWN.",
  {
    SUCCEEDED: "EBP carried it out: money moved.",
    FAILED: "EBP did not carry it out and will not: no money moved. It may be tried again with a new key.",
  },
);

export const UserErrorCode = enumOf(USER_ERROR_CODES, "UserErrorCode", "The kind of a user error.", {
  INVALID_INPUT: "A field of the input is invalid.",
  AMOUNT_MISMATCH: "The total is not the sum of the items.",
  IDEMPOTENCY_KEY_REUSED: "The key was used for another request.",
  CANCEL_IN_PROGRESS: "A cancel of this order is not decided yet.",
  CANCELLED_TOTAL_CHANGED: "Somebody else has cancelled on this order meanwhile.",
  REJECTED_BY_EBP: "EBP rejected the cancel. Nothing was cancelled.",
  NOT_SENT: "The cancel did not reach EBP. Nothing was cancelled.",
  NOT_CANCELLED: "The outcome was unknown, and it is now proven that nothing was cancelled.",
  OUTCOME_UNKNOWN: "It is not known whether money moved.",
  NOT_IN_DOUBT: "The cancellation is not UNKNOWN, so an operator cannot decide it.",
  NOT_YET_FAILED: "There are obstacles to deciding that it has FAILED.",
});

export const NextAction = enumOf(
  NEXT_ACTIONS,
  "NextAction",
  "What to do after an error. Also in `extensions.nextAction` of top-level errors.",
  {
    CORRECT_INPUT: "Correct the input and send it again. The same key may be used.",
    RETRY_SAME_KEY:
      "Send exactly the same request again, with the same key. It is never sent to EBP a second time.",
    RETRY_NEW_KEY:
      "Nothing was cancelled. Send a new request with a new key; after a rejection by EBP, once its cause is removed.",
    WAIT: "Do not send another cancel. Read the cancellation again later, or follow it.",
    RELOAD_ORDER: "Read the order again, and let a person decide whether to cancel anything else.",
    NONE: "There is nothing to do.",
  },
);

export const InvalidInputReason = enumOf(
  INVALID_INPUT_REASONS,
  "InvalidInputReason",
  "Why an input is invalid. Also in `extensions.reason` of top-level errors about arguments.",
  {
    REQUIRED: "It is missing.",
    BLANK: "It is empty, or has only spaces.",
    TOO_SHORT: "It has fewer characters or items than `min`.",
    TOO_LONG: "It has more characters or items than `max`.",
    OUT_OF_RANGE: "The number is less than `min` or more than `max`.",
    TOO_MANY_DECIMALS: "It has more decimal places than the currency: more than `max`.",
    DUPLICATE: "A value that must be unique is repeated.",
    INVALID_CHARACTERS: "It contains characters that are not allowed.",
    INVALID_FORMAT: "It is not written as its type requires, such as letters in a number.",
    NOT_ALLOWED: "The value, or its combination with others, is not allowed.",
    NOT_FOUND: "What it names does not exist, or is not yours.",
    MISMATCH: "It contradicts another input.",
  },
);

export const ResolutionObstacle = enumOf(
  RESOLUTION_OBSTACLES,
  "ResolutionObstacle",
  "An obstacle to deciding that a cancellation has FAILED.",
  {
    SETTLING: "EBP may still be carrying it out.",
    CANCEL_SHOWN: "EBP's payment details show a cancel of this order, in part or in full.",
    EVENT_OF_SUCCESS:
      "EBP has sent a webhook about a cancel of this order that belongs to no cancellation here.",
  },
);

export const PaymentCancelState = enumOf(
  PAYMENT_STATES,
  "PaymentCancelState",
  "What the status of a payment says about cancels.",
  {
    UNCANCELLED: "Nothing is cancelled.",
    CANCELLED_IN_PART: "Part of it is cancelled; EBP does not say how much.",
    WHOLLY_CANCELLED: "All of it is cancelled.",
    UNCLEAR: "The status says nothing about cancels, or is not known to this service.",
  },
);

export const UnavailableReason = enumOf(
  UNAVAILABLE_REASONS,
  "LiveStatusUnavailableReason",
  "Why the payment's status at EBP cannot be shown.",
  {
    TIMED_OUT: `EBP did not answer within ${LIVE_STATUS_LIMIT_MS / 1_000} s.`,
    NOT_REACHED: "No connection to EBP could be made.",
    REFUSED: "EBP answered with an error code, for example because it does not know the order.",
    NOT_READABLE: "EBP's answer could not be read, or was not about this payment.",
    TOO_MANY: "EBP was not asked: too many of these lookups are running.",
  },
);

const [UNIT, LINE] = AMOUNT_BASES;
export const AmountBasis = { UNIT, LINE } as const;
registerEnumType(AmountBasis, {
  name: "AmountBasis",
  description: "How the total is computed from the items. A setting of the store.",
  valuesConfig: {
    UNIT: { description: "Each item's `amount` is per unit: the total is the sum of `quantity` × `amount`." },
    LINE: { description: "Each item's `amount` is for the whole line: the total is the sum of `amount`." },
  },
});

export const CancellationOrderField = enumOf(
  HISTORY_ORDER_FIELDS,
  "CancellationOrderField",
  "What a history can be sorted by. Ties are sorted by creation time.",
  {
    CREATED_AT: "When the cancel was requested.",
    RESOLVED_AT: "When it was decided. Lists only SUCCEEDED and FAILED cancellations.",
    TOTAL_CANCEL_AMOUNT: "The requested total. Only for stores with the same currency.",
  },
);

export const OrderDirection = enumOf(ORDER_DIRECTIONS, "OrderDirection", "Which end comes first.", {
  ASC: "The oldest, or the smallest, first. When you sort by time across orders, the last 12 seconds are left out, so that a reader who continues from the last cursor misses nothing.",
  DESC: "The newest, or the largest, first.",
});

export const CancellationGroup = enumOf(
  CANCELLATION_GROUPS,
  "CancellationGroup",
  "How to group sums of cancellations. They are always grouped by currency as well.",
  {
    STATUS: "By current status.",
    SETTLEMENT: "By settlement; null for those that have not SUCCEEDED.",
    DAY: "By the day of the request, in the time zone.",
    WEEK: "By the week of the request, starting on Monday.",
    MONTH: "By the month of the request.",
    STORE: "By store.",
    ITEM_TYPE:
      "By kind of line. Amounts are then those of the lines of that kind. `count` is the number of cancellations with such a line; one with several kinds counts once in each.",
    REASON: "By exact reason; null for those without one.",
    FAILURE_CODE: "By EBP's result code in `failure`; null for those without one.",
  },
);
