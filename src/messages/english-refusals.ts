const SAME_KEY = "an earlier one with the same idempotency key may have";

/** Why a request is refused as a whole. The other languages have the same names. */
export const ENGLISH_REFUSALS = {
  // Faults of this service.
  ourFault:
    "Something went wrong on our side. To find out whether a cancel went through, ask `cancellationByKey`, or repeat it with the same idempotency key. Quote the x-request-id header of this answer.",
  ourFaultOfRoute: "Something went wrong on our side. Quote the x-request-id header of this answer.",
  nothingSent:
    "This call sent nothing to EBP, because the request could not be stored. It is not known right now whether an earlier call with this idempotency key sent something. Repeat it with the same key. If this goes on, quote the x-request-id header of this answer.",
  sendingHeld: (seconds: number): string =>
    `The database is being repaired, and no cancels are sent meanwhile. This call sent nothing; it is not known right now whether an earlier call with this key did. Repeat it with the same idempotency key in ${seconds} s.`,
  // Load and limits.
  busy: "There are too many requests right now, and this one waited in vain. Repeat it in a moment; a cancel with the same idempotency key.",
  overloaded: (seconds: number): string =>
    `There are too many requests right now. This call did nothing; ${SAME_KEY}. Try again in ${seconds} s.`,
  databaseBusy: (isMutation: boolean, seconds: number): string =>
    `There are too many requests right now.${isMutation ? " This call sent nothing; repeat it with the same idempotency key." : ""} Try again in ${seconds} s.`,
  tooManyRefused: (seconds: number): string =>
    `Too many of your requests were refused, so none is read for ${seconds} s. This call did nothing; ${SAME_KEY}.`,
  mutationsNever: (points: number, most: number): string =>
    `This counts as ${points} mutations, more than the ${most} that a caller and store may make in a minute. This call sent nothing.`,
  mutationsLimited: (points: number, most: number, seconds: number): string =>
    `A caller and store may make ${most} mutations a minute, and this counts as ${points}. This call sent nothing. Try again in ${seconds} s.`,
  queryNever: (points: number, most: number): string =>
    `This query costs ${points} points, more than the ${most} that a caller and store may use in a minute. Ask for less at once, for example smaller pages.`,
  queryLimited: (points: number, most: number, seconds: number): string =>
    `A caller and store may use ${most} points of query cost a minute, and this query costs ${points}. Try again in ${seconds} s.`,
  followersOfCaller: (most: number, seconds: number): string =>
    `You have ${most} subscriptions already, as many as allowed. Try again in ${seconds} s.`,
  followersOfReplica: (most: number, seconds: number): string =>
    `There are ${most} subscriptions here already, as many as allowed. Try again in ${seconds} s.`,
  tooSlow:
    "Finding this takes too long: few or no cancellations meet all of these conditions. Narrow the filter, for example with `createdFrom`.",
  severalMutations: (count: number): string =>
    `The document has ${count} mutations; a request may have 1. Send each in a request of its own.`,
  tooManyFields: (count: number, most: number): string =>
    `The document has ${count} fields, each fragment counted where it is spread; at most ${most} are allowed.`,
  tooManyAliases: (count: number, most: number): string =>
    `The document has ${count} aliases; at most ${most} are allowed.`,
  tooCostly: (points: number, most: number): string =>
    `This costs ${points} points; at most ${most} are allowed. Ask for smaller pages, or for fewer lists in them.`,
  tooManyItems: (most: number): string =>
    `There are more than ${most} items, the most that one request reads. Ask for smaller pages.`,
  tooManyEvents: (most: number): string =>
    `There are more than ${most} events, the most that one request reads. Ask for smaller pages.`,
  tooManyLines: (most: number): string =>
    `\`lines\` would add up more than ${most} items, the most that one request reads. Ask for fewer orders, or page through the \`items\` of an order's \`cancellations\`.`,
  tooManyTotals: (most: number): string =>
    `\`cancelledTotalAfter\` would add up more than ${most} cancels, the most that one request reads. Ask for fewer orders, or without the running totals.`,
  tooManySums: (most: number): string =>
    `The result has more than ${most} sums. Group by less or by longer periods, use \`largest\`, or narrow the filter, for example with \`createdFrom\`.`,
  sumsTooSlow: "Computing these sums takes too long. Narrow the filter, for example with `createdFrom`.",
  // Who may do what.
  tokenNeeded: "Send a valid token: `Authorization: Bearer …`.",
  tokenTooLong: (most: number): string =>
    `The token is too long: at most ${most} characters are accepted. Have its issuer leave out claims, such as groups.`,
  callerNotKnown: `Your token cannot be checked right now. This call did nothing; ${SAME_KEY}. Try again.`,
  tokenExpired: "Your token is no longer valid. Subscribe again with a valid one.",
  scopesMissing: (field: string, scopes: readonly string[]): string =>
    `\`${field}\` needs the ${scopes.length === 1 ? "scope" : "scopes"} ${scopes.join(" and ")}, which your token does not have.`,
  exportScopeMissing: (scope: string): string =>
    `An export needs the scope ${scope}, which your token does not have.`,
  notListed:
    "Only operations on this service's list are answered. Send the id of one of them, or exactly its text.",
  // Documents and variables.
  notParsed: (mostTokens: number): string =>
    `Syntax error: the document cannot be parsed from here on, or has more than ${mostTokens} tokens. Values belong in \`variables\`.`,
  notValid: (detail: string): string => detail,
  noOperation: "There is no operation of this `operationName`, or there are several and no `operationName`.",
  subscriptionElsewhere: (path: string): string =>
    `Subscriptions are served at POST ${path}, as server-sent events.`,
  onlySubscriptions:
    "Only subscriptions are served here. Queries and mutations are at /graphql. This call did nothing.",
  changesMissed: "More has changed than this stream can send. Reload what you show, then subscribe again.",
  variableMissing: (expected: string): string => `The variable is missing. Expected: ${expected}.`,
  notNull: (expected: string): string => `This must not be null. Expected: ${expected}.`,
  wrongValue: (expected: string): string => `This has the wrong form. Expected: ${expected}.`,
  wrongVariable: (type: string): string => `With these variables, this is not a value of the type ${type}.`,
  notExpectedHere: "This value is not expected here.",
  fieldsMissing: (type: string, names: readonly string[]): string =>
    `Required fields of ${type} are missing: ${names.join(", ")}.`,
  fieldUnknown: (type: string, known: readonly string[] | null): string =>
    `There is a field that ${type} does not have.${known === null ? "" : ` Its fields are ${known.join(", ")}.`}`,
  tooManyValueErrors: (most: number): string =>
    `The variables have more errors than these: at most ${most} are reported.`,
  expectedOneOf: (names: readonly string[]): string => `one of ${names.join(", ")}`,
  expectedString: "a string",
  expectedInt: "a whole number of at most 32 bits",
  expectedFloat: "a number",
  expectedBoolean: "true or false",
  expectedDateTime: 'a time such as "2027-01-31T09:30:00Z"',
  expectedType: (type: string): string => `a value of the type ${type}`,
  expectedDecimal:
    'a decimal such as "1999.90", as a string if a JSON number could not hold it exactly, with at most 40 digits on either side of the point',
  // HTTP.
  notAcceptable: (types: readonly string[]): string =>
    `The answer is ${types.join(" or ")}, which the Accept header of this request leaves out.`,
  hostMissing: "The Host header of this request does not name a host.",
  numberNotExact:
    "The `variables` of this GET have a number with more digits than a double holds. Send it as a string.",
  headerTooLong: (name: string, most: number, found: number): string =>
    `The ${name} header has ${found} characters; at most ${most} are allowed.`,
  nothingHere: "There is nothing here. The API is at /graphql.",
  otherMethods: (allow: string): string => `This address takes ${allow}.`,
  notJson: "The request body is not valid JSON, has the same key twice in one object, or is nested too deep.",
  hasProtoKey: "The request body has a key named __proto__.",
  notAnAddress: "This is not an address.",
  bodyTooLarge: (most: number): string => `The request body is larger than ${most} bytes.`,
  notUtf8: "The request body is not text in UTF-8. Send JSON as UTF-8.",
  otherCharset: "The body is in another charset than UTF-8. Send JSON as UTF-8.",
  compressed: "The body has a content-encoding. Send it as it is, without compression.",
  wrongContentType: "The body must be JSON: send it as `content-type: application/json`.",
  badRequest: "This request cannot be read.",
  notLocal:
    "Without authentication this service is for this machine only. Use 127.0.0.1 or localhost in the address.",
  // Exports.
  exportNotBegun:
    "The history cannot be read right now, or few cancellations meet these conditions and finding them takes too long: then name a shorter time in createdFrom and createdBefore. If this goes on, quote the x-request-id header of this answer.",
  exportOfCallerRuns: (seconds: number): string =>
    `You have an export under way; one at a time is allowed. Try again in ${seconds} s.`,
  exportsOfStoresRun: (seconds: number): string =>
    `Two exports of these stores are under way, as many as allowed. Try again in ${seconds} s.`,
  exportsOfReplicaRun: (seconds: number): string =>
    `As many exports are under way as are allowed. Try again in ${seconds} s.`,
  exportsLimited: (seconds: number): string =>
    `An export costs as much as the dearest query, and you have used up what a minute allows. Try again in ${seconds} s.`,
  http11Needed: "Use HTTP/1.1: with HTTP/1.0 nobody can tell a file that was cut short from a complete one.",
  // Webhooks: read by whoever connects EBP.
  eventTooLarge: (most: number): string => `The event is larger than ${most} bytes.`,
  notSigned: "The signature is missing, wrong, or too old.",
  eventNotStored: "The event could not be stored. Send it again.",
};
