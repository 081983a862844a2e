import { unwrapResolverError } from "@apollo/server/errors";
import { GraphQLError, Kind, print, type ASTNode, type GraphQLFormattedError } from "graphql";
import { InvalidArgumentError } from "../cancellation/errors.js";

/** What callers are told of a fault that is ours: how to find it, and nothing of what a library said. */
const OURS =
  "Something went wrong on our side. Whether a cancel went through is told by `cancellationByKey`, or by repeating it with the same idempotency key. Quote the x-request-id header of this answer.";

/** Codes of errors whose message is written for the caller. */
const FOR_CALLERS = new Set([
  "BAD_REQUEST",
  "BAD_USER_INPUT",
  "GRAPHQL_PARSE_FAILED",
  "GRAPHQL_VALIDATION_FAILED",
  "OPERATION_RESOLUTION_FAILURE",
  "PERSISTED_QUERY_NOT_FOUND",
  "PERSISTED_QUERY_NOT_SUPPORTED",
  "UNAUTHENTICATED",
]);

export function isOurFault(error: unknown): boolean {
  const cause = unwrapResolverError(error);
  if (cause instanceof InvalidArgumentError) return false;
  return !(error instanceof GraphQLError && FOR_CALLERS.has(String(error.extensions["code"])));
}

/**
 * The error as a caller may see it. graphql-js quotes the value it could not read, and for a missing field the whole object
 * around it: an account number would come back, and be logged by whoever logs answers. So values are taken out.
 */
export function formatError(formatted: GraphQLFormattedError, error: unknown): GraphQLFormattedError {
  const { locations, path, extensions } = formatted;
  const where = { ...(locations && { locations }), ...(path && { path }) };
  const cause = unwrapResolverError(error);
  if (cause instanceof InvalidArgumentError) {
    return { ...where, message: cause.message, extensions: { code: "BAD_USER_INPUT", field: cause.field } };
  }
  const code = String(extensions?.["code"]);
  if (isOurFault(error)) return { ...where, message: OURS, extensions: { code: "INTERNAL_SERVER_ERROR" } };
  if (error instanceof GraphQLError && code === "BAD_USER_INPUT") return { ...where, ...inputError(error) };
  return { ...where, message: withoutValues(formatted.message, error), extensions: { code } };
}

const SENSITIVE_PATH = /(?:^|\.)refundAccount(?:\.|$)/u;
const PATH_AT_END = / at "([\w.[\]]+)"$/u;
const QUOTED_VALUE = /(value:? )(?:"|\{|\[|\d|-|'|true|false|null|\S).*$/su;

/** `Variable "$input" got invalid value … at "input.items[2].amount"; Decimal expects …`, without the first value. */
function inputError(error: GraphQLError): { message: string; extensions: Record<string, unknown> } {
  const reason = error.originalError?.message ?? "";
  const prefix = error.message.slice(0, error.message.length - reason.length - "; ".length);
  const field = (PATH_AT_END.exec(prefix)?.[1] ?? variableName(error.message)).replace(/\[(\d+)\]/gu, ".$1");
  if (reason === "" || !error.message.endsWith(reason)) {
    // `Variable "$input" of required type "CancelPaymentInput!" was not provided.` quotes no value.
    const message = error.message.includes("got invalid value")
      ? `${field}: not a value of its type`
      : error.message;
    return { message, extensions: { code: "BAD_USER_INPUT", field } };
  }
  const shown = SENSITIVE_PATH.test(field) ? reason.replace(QUOTED_VALUE, "$1(not repeated here)") : reason;
  return { message: `${field}: ${shown}`, extensions: { code: "BAD_USER_INPUT", field } };
}

function variableName(message: string): string {
  return /^Variable "\$(\w+)"/u.exec(message)?.[1] ?? "variables";
}

/** Literals in the document: the location tells where, the value is left out. */
function withoutValues(message: string, error: unknown): string {
  const node = error instanceof GraphQLError ? error.nodes?.[0] : undefined;
  const unquoted =
    node !== undefined && isValue(node) ? message.replace(print(node), "(see location)") : message;
  return unquoted.replace(/found (String|BlockString|Int|Float) ".*"/su, "found $1");
}

function isValue(node: ASTNode): boolean {
  return (
    node.kind === Kind.STRING ||
    node.kind === Kind.INT ||
    node.kind === Kind.FLOAT ||
    node.kind === Kind.OBJECT ||
    node.kind === Kind.LIST ||
    node.kind === Kind.BOOLEAN ||
    node.kind === Kind.NULL ||
    node.kind === Kind.ENUM
  );
}
