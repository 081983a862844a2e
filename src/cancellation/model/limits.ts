/** Bounds on one request to cancel. EBP publishes none, so each stands here with the reason for its value. */

/** As long as the longest keys payment APIs commonly accept. */
export const MAX_IDEMPOTENCY_KEY_LENGTH = 255;
/** Order numbers, item ids and the like: several times what EBP's examples show, and short enough to index. */
export const MAX_IDENTIFIER_LENGTH = 100;
export const MAX_BANK_CODE_LENGTH = 20;
export const MAX_HOLDER_NAME_LENGTH = 100;
/** A reason is a code or a sentence; a note may be a paragraph. */
export const MAX_REASON_LENGTH = 500;
export const MAX_NOTE_LENGTH = 2_000;
/** A request of this many lines fits the HTTP body limit of 1 MB, whatever the ids of its items. */
export const MAX_ITEMS = 500;
/** IBAN, the longest account number in use, has 34 characters. */
export const MIN_ACCOUNT_NUMBER_LENGTH = 4;
export const MAX_ACCOUNT_NUMBER_LENGTH = 34;
/** An amount is stored as NUMERIC(19, 4): 15 digits before the point. */
export const MAX_AMOUNT_INTEGER_DIGITS = 15;
/** Line numbers: the largest GraphQL Int, and PostgreSQL integer. */
export const MAX_SEQ = 2_147_483_647;
/** Units of one line: far above any order, and 2 000 cancels of it still add up within a GraphQL Int. */
export const MAX_QUANTITY = 1_000_000;
/** More than this many faults in one request help nobody. */
export const MAX_REPORTED_FAULTS = 50;
