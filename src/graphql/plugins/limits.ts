/** Limits of one operation. Each is sized by the largest honest operation: a page of 100 cancellations with all their fields. */

/**
 * Lexical tokens of a document, without its `variables`. A page with all fields takes 150, Sandbox's introspection query 300, and 45
 * items written into the document 950. The time to validate a document grows with the square of its length.
 */
export const MAX_TOKENS = 1_000;

/** A cancellation has about 80 fields; this leaves room for five selections of all of them. */
export const MAX_FIELDS = 450;

/** A screen compares a few orders, not hundreds. */
export const MAX_ALIASES = 15;

/** A point stands for ten objects of an answer, or for one query of the database. */
export const OBJECTS_PER_POINT = 10;

/** What a field that reads the database declares as its `complexity`, unless it costs more. */
export const QUERY_POINTS = 1;

/** The points of a number of objects. */
export function pointsOf(objects: number): number {
  return Math.ceil(objects / OBJECTS_PER_POINT);
}

/** In points. A page of 100 with all its items and events costs 900. */
export const MAX_COST = 1_000;

/** A live lookup at EBP: four fit into a document, and the default rate limit allows 300 a minute. */
export const LIVE_STATUS_POINTS = 200;

/** A count reads every row that meets the filter: for a million rows 0.1 s, where a page takes a few milliseconds. */
export const COUNT_POINTS = 50;

/** Sums read every row that they add up: up to a second of CPU. Two fit into a document. */
export const STATS_POINTS = 450;

/** Items, events, or items that the lines of orders add up, read for one request: a full page with a hundred lines each. They make an answer of 2 MB. */
export const MAX_CHILDREN = 10_000;

/** Nobody corrects more at once. graphql-js reports a hundred, which makes a large answer to a small request. */
export const MAX_VALIDATION_ERRORS = 8;
