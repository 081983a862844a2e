/** Bounds on one operation, each sized by the largest honest one: a page of 100 with everything there is about each. */

/**
 * Lexical units of a document; values in `variables` are none. Everything there is about a page takes 150, the query that
 * Sandbox reads the schema with 300, and 45 items written into the document 950. Validating a document takes time that grows with
 * the square of its length.
 */
export const MAX_TOKENS = 1_000;

/** `order`, `cancellations`, `edges`, `node`, `events`, `evidence`, `basis` are 7. */
export const MAX_DEPTH = 10;

/** The standard query for the schema unwraps lists and non-nulls 9 times over and is 15 deep. */
export const MAX_INTROSPECTION_DEPTH = 20;

/** Everything there is about a cancellation is some 80 fields; five ways to it in one document, with room to spare. */
export const MAX_FIELDS = 450;

/** An alias asks for the same thing again: a screen compares a few orders, not hundreds. */
export const MAX_ALIASES = 15;

/** `@skip` and `@include` on parts of a screen. */
export const MAX_DIRECTIVES = 20;

/** In points: a page of 100 with all its items and events costs 900, and two of them too much. */
export const MAX_COST = 1_000;

/** A question to EBP on demand: four in a document, three hundred in a minute under the default limit. */
export const LIVE_STATUS_POINTS = 200;

/** To count reads whatever meets the filter: of a million rows a tenth of a second, where a page takes a few milliseconds. */
export const COUNT_POINTS = 50;

/**
 * Sums read every row that they add up: up to a second of a processor, where a page takes a few milliseconds. Two fit into a document.
 */
export const STATS_POINTS = 450;

/**
 * Items, events, or items that the lines of orders add up, that are read for one request: what 20 cancellations of the most lines have, or a full page of a hundred lines
 * each. As an answer they are 2 MB.
 */
export const MAX_CHILDREN = 10_000;

/** Nobody corrects more at once; a hundred, as graphql-js would tell, make a large answer of a small request. */
export const MAX_VALIDATION_ERRORS = 8;
