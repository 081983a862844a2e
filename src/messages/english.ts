import { isContradicted } from "../cancellation/model/user-error.js";
import { ENGLISH_REFUSALS } from "./english-refusals.js";
import type { Messages } from "./catalogue.js";

export const ENGLISH: Messages = {
  faults: {
    blank: ({ max }) => `This is required: enter 1 to ${max} characters.`,
    tooLong: ({ max }) => `This is too long: enter at most ${max} characters.`,
    tooShort: ({ min }) => `This is too short: enter at least ${min} characters.`,
    unreadable: () => "This contains a control character or an incomplete character. Remove it.",
    surroundingBlanks: () => "Remove the spaces at the beginning and at the end.",
    invisible: ({ character }) => `This contains an invisible character (${character}). Remove it.`,
    notNormalised: () => "Write this in Unicode normalization form C (NFC).",
    statesAccount: () =>
      "Remove the refund account's number: everybody who may read the history can read this text.",
    accountCharacters: () => "Use only letters, digits, spaces and hyphens.",
    accountTooShort: ({ min, max }) =>
      `An account number has ${min} to ${max} letters or digits; this has fewer.`,
    accountTooLong: ({ min, max }) =>
      `An account number has ${min} to ${max} letters or digits; this has more.`,
    accountWithoutDigit: () => "An account number has at least one digit.",
    notANumber: () => "Enter a number.",
    notPositive: () => "Enter an amount greater than 0.",
    belowLeast: ({ min }) => `The amount must be ${min.toFixed()} or more.`,
    aboveMost: ({ max }) => `The amount must be ${max.toFixed()} or less.`,
    tooManyDecimals: ({ max, currencyCode }) => {
      const currency = currencyCode === "" ? "The store's currency" : currencyCode;
      return max === 0
        ? `${currency} has no decimal places.`
        : `${currency} has at most ${max} decimal places.`;
    },
    outOfRange: ({ min, max }) => `Enter a whole number from ${min} to ${max}.`,
    noItems: () => "Add at least one item.",
    tooManyItems: ({ max }) => `There are too many items: at most ${max} are allowed.`,
    duplicateSeq: ({ firstItem }) =>
      `Each item needs a line number (seq) of its own; item ${firstItem + 1} has the same one.`,
    emptyList: () => "The list is empty. Name at least one value, or leave it out.",
    tooManyOfThem: ({ max }) => `There are too many values: at most ${max} are allowed.`,
    notOneOf: ({ choices }) => `Use one of ${choices.join(", ")}.`,
    notAFlag: () => "Use true or false.",
    notWhole: ({ min, max }) => `Use a whole number from ${min} to ${max}.`,
    notAMoment: () =>
      "Use a time in the format of RFC 3339, such as 2026-01-31T15:00:00Z. In an address, write + as %2B.",
    notEncoded: () => "In an address, write text in UTF-8 and percent-encode it.",
    notADecimal: () => "Use a decimal number such as 1999.90.",
    notATimeZone: () => 'Use the IANA name of a time zone, such as "Asia/Seoul" or "UTC".',
    storeRequired: () => "Choose a store: you can act for several, or for none.",
    storeUnknown: () => "You cannot act for this store.",
    cancellationUnknown: () => "Your stores have no cancellation with this id.",
    notAnId: () => "This is not an id. Use the id of a cancellation, a UUID.",
    bothDirections: () => "Use `first` and `after`, or `last` and `before`, not both.",
    badCursor: () => "This is not a cursor. Use one that an edge or `pageInfo` returned.",
    cursorOfOtherOrder: ({ order, found }) =>
      `This cursor belongs to the order ${found}, and the page to ${order}. Start from the first page.`,
    onlyOfCsv: () => "Only an export as CSV takes this parameter.",
    unknownParameter: ({ known }) => `The address has an unknown parameter. Known are ${known.join(", ")}.`,
    repeatedParameter: () => "This parameter stands more than once in the address. Use it once.",
    repeatedGroup: ({ group }) => `${group} stands more than once. Name each group once.`,
    severalPeriods: ({ allowed }) => `Group by at most one of ${allowed.join(", ")}.`,
    besideIds: () => "This cannot be combined with `ids`.",
    momentTooEarly: () => "Use a time in the years 1 to 9999.",
    notAfter: ({ other }) => `This time must be after \`${other}\`.`,
    lessThan: ({ other }) => `This must be \`${other}\` or more.`,
    otherPrefix: ({ other }) => `This does not begin with \`${other}\`.`,
    severalCurrencies: ({ currencies }) =>
      `Your stores have several currencies (${currencies.join(", ")}), whose amounts cannot be compared. Name stores of one currency in \`storeIds\`.`,
    noStatusLeft: ({ possible, left }) =>
      `Only cancellations that are ${possible.join(" or ")} can meet this condition, and the others leave only ${left.join(", ")}.`,
  },
  userErrors: {
    AMOUNT_MISMATCH: ({ computedTotal, basis }) =>
      `The total is not the sum of the items, which is ${computedTotal.toFixed()} (the sum of ${basis === "unit" ? "quantity × amount" : "amount"}). Nothing was sent.`,
    IDEMPOTENCY_KEY_REUSED: ({ cancellation: { status } }) => {
      const used = "This idempotency key was used for another request.";
      if (status === "SUCCEEDED")
        return `${used} That request has cancelled the payment successfully. Nothing was sent now. Look at the order before you cancel anything else.`;
      if (status === "FAILED")
        return `${used} That request failed and cancelled nothing. Nothing was sent now; use a new key for a new request.`;
      return `${used} The outcome of that request is not known yet. Nothing was sent now. Wait until it is decided.`;
    },
    CANCEL_IN_PROGRESS: ({ cancellation: { status }, isOwn, isOtherCase }) => {
      if (isOwn) return "This cancel is still being sent. Repeat it with the same key to learn its outcome.";
      const state = status === "UNKNOWN" ? "may have moved money" : "is being sent";
      const otherCase = isOtherCase
        ? " Its order number differs from yours only in upper and lower case, and EBP does not say whether case matters."
        : "";
      return `Another cancel of this order ${state}, and its outcome is not known yet.${otherCase} Nothing was sent. Wait until it is decided.`;
    },
    CANCELLED_TOTAL_CHANGED: ({ currentTotal }) =>
      `The total already cancelled on this order is ${currentTotal.toFixed()}, not what you expected. Nothing was sent. Look at the order again, and decide anew.`,
    REJECTED_BY_EBP: ({ resultCode }) =>
      `EBP rejected the cancel${resultCode === null ? "" : ` (${resultCode})`}, so nothing was cancelled. Once the cause is removed, send it again with a new key.`,
    NOT_SENT: () => "The cancel did not reach EBP, so nothing was cancelled. Try again with a new key.",
    NOT_CANCELLED: () => "It is now known that nothing was cancelled. Try again with a new key.",
    OUTCOME_UNKNOWN: ({ cancellation }) => {
      if (isContradicted(cancellation))
        return "This cancel was recorded as failed, but evidence has since come in that money moved. Do not send it again: a person has to look at it.";
      const next =
        cancellation.nextCheckAt === null
          ? "An operator has to find out."
          : "EBP is asked again automatically; look at it again later.";
      return `It is not known yet whether this cancel moved money. Do not send it again with another key. ${next}`;
    },
    NOT_IN_DOUBT: ({ status }) =>
      status === "PENDING"
        ? "This cancel is still being sent; only an UNKNOWN one can be decided. Nothing was changed."
        : `This cancellation is ${status} already; only an UNKNOWN one can be decided. Nothing was changed.`,
    NOT_YET_FAILED: ({ obstacles, settledAt }) => {
      const reasons = {
        SETTLING: `EBP may still be carrying it out${settledAt === null ? "" : ` until ${settledAt.toISOString()}`}`,
        CANCEL_SHOWN: "EBP's payment details show a cancel of this order",
        EVENT_OF_SUCCESS: "EBP has sent an event of a successful cancel that belongs to no cancellation here",
      };
      return `This cancellation cannot be decided as FAILED yet: ${obstacles.map((one) => reasons[one]).join("; ")}. Nothing was changed. To decide it all the same, name ${obstacles.join(", ")} in \`evenThough\`.`;
    },
  },
  failures: {
    SENT_TOO_LATE: "The cancel was not sent: it could not be sent in time.",
    NOT_CONNECTED: "The cancel was not sent: no connection to EBP could be made.",
    REFUSED_BY_GATEWAY: "A gateway in front of EBP refused the cancel.",
    NOT_STORED_IN_TIME: "The cancel was not sent: the database did not confirm in time that it was stored.",
    TIMED_OUT: "EBP did not answer in time. It may have carried out the cancel.",
    CONNECTION_BROKE: "The connection to EBP broke. EBP may have carried out the cancel.",
    ANSWER_NOT_READABLE: "EBP's answer could not be read. EBP may have carried out the cancel.",
    ANSWER_PROVES_NOTHING: "EBP's answer does not say whether the cancel was carried out.",
    REJECTED: "EBP rejected the cancel.",
    FAULT_WHILE_SENDING: "This service failed while it sent the cancel. EBP may have carried it out.",
    PROCESS_LOST: "The process that sent the cancel ended before it recorded an outcome.",
    ENTERED_AGAIN: "The database had lost this cancel, and it was recorded again.",
    DISPROVEN_BY_EBP: "EBP's payment details show that nothing was cancelled.",
    DISPROVEN_BY_OPERATOR: "An operator found out that nothing was cancelled.",
  },
  unavailable: {
    TIMED_OUT: "EBP did not answer in time.",
    NOT_REACHED: "No connection to EBP could be made.",
    REFUSED: "EBP answered with an error.",
    NOT_READABLE: "EBP's answer could not be read, or is not about this payment.",
    TOO_MANY: "EBP was not asked: too many of these questions are under way. Ask again in a few seconds.",
  },
  refusals: ENGLISH_REFUSALS,
};
