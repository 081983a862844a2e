import { GraphQLError, Kind, type ASTNode } from "graphql";
import { literalPath } from "./literal-path.js";

/** An error about a value, told without it; `field` is the path of the input field, such as `input.items.2.amount`. */
export interface ValueError {
  readonly message: string;
  readonly field?: string;
}

export const TOO_MANY_ERRORS =
  "Too many errors processing variables, error limit reached. Execution aborted.";

/**
 * Every sentence that graphql-js and the scalars have about a value, and how it is told without the value. What is quoted in the
 * replacements comes from the schema. A sentence that is not here is not passed on.
 */
const SENTENCES: readonly (readonly [pattern: RegExp, told: string])[] = [
  [/^Field "[\w.]+" of required type "[\w[\]!]+" was not provided\.$/u, "$&"],
  [/^Expected non-nullable type "[\w[\]!]+" not to be null\.$/u, "$&"],
  [/^Expected type "\w+" to be an object\.$/u, "$&"],
  [/^Expected (?:value of )?type "([\w[\]!]+)".*$/su, 'expected a value of type "$1"'],
  [/^Decimal (?:expects|cannot) .*$/su, "$&"],
  [/^DateTime cannot represent .*$/su, 'DateTime expects a time such as "2027-01-31T09:30:00Z"'],
  [/^ID cannot represent .*$/su, "ID expects a string"],
  [/^(\w+ cannot represent [\w -]+ value): .*$/su, "$1"],
  [/^Enum "(\w+)" cannot represent .*$/su, "expected a value of the enum $1"],
  [
    /^Value ".*" does not exist in "(\w+)" enum\.( Did you mean [\w ",]+\?)?$/su,
    "expected a value of the enum $1.$2",
  ],
  [
    /^Field ".*" is not defined by type "(\w+)"\.( Did you mean [\w ",]+\?)?$/su,
    "there is a field that $1 does not have.$2",
  ],
  [/^Argument "\w+" has invalid value .*$/su, "not a value of its type once its variables are filled in"],
  [/^Argument "\w+" of (?:required|non-null) type "[\w[\]!]+" (?:must|was) [^{]*$/u, "$&"],
];
const UNKNOWN_SENTENCE = "not a value that is accepted here";

function withoutValue(sentence: string): string {
  const [pattern, told = ""] = SENTENCES.find(([known]) => known.test(sentence)) ?? [];
  return pattern === undefined ? UNKNOWN_SENTENCE : sentence.replace(pattern, told);
}

const PATH_AT_END = / at "([\w.[\]]+)"$/u;

/** `Variable "$input" got invalid value … at "input.items[2].amount"; Decimal expects …` */
export function variableError(error: GraphQLError): ValueError {
  if (error.message === TOO_MANY_ERRORS) return { message: TOO_MANY_ERRORS };
  const variable = /^Variable "\$(\w+)" got invalid value /u.exec(error.message)?.[1];
  // `Variable "$input" of required type "CancelPaymentInput!" was not provided.` has no value in it.
  if (variable === undefined) return { message: error.message, ...variableNamed(error.message) };
  const reason = error.originalError?.message ?? "";
  const before = error.message.slice(0, error.message.length - "; ".length - reason.length);
  const field = (PATH_AT_END.exec(before)?.[1] ?? variable).replace(/\[(\d+)\]/gu, ".$1");
  return { message: `${field}: ${withoutValue(reason)}`, field };
}

function variableNamed(message: string): { field?: string } {
  const name = /^Variable "\$(\w+)" /u.exec(message)?.[1];
  return name === undefined ? {} : { field: name };
}

/** An argument that became wrong only when its variables were filled in: the caller's fault, though found while executing. */
export function isArgumentError(error: unknown): boolean {
  return (
    error instanceof GraphQLError &&
    /^Argument "\w+" (?:of|has) /u.test(error.message) &&
    isInValue(error.nodes?.[0])
  );
}

/** Names in a value need not be from the schema here, so neither they nor their path are told; the location is. */
const NAMES_IN_VALUES: readonly (readonly [pattern: RegExp, told: string])[] = [
  [/^There can be only one input field named /u, "The same input field stands twice in one object."],
  [/^Variable "\$\w+" is not defined/u, "A variable is used that the operation does not define."],
];

/** An error about a value that stands in the document; undefined for any other. */
export function literalError(error: GraphQLError): ValueError | undefined {
  const named = NAMES_IN_VALUES.find(([pattern]) => pattern.test(error.message));
  if (named !== undefined) return { message: named[1] };
  const node = error.nodes?.[0];
  if (!isInValue(node)) return undefined;
  const [field, told] = [literalPath(node), withoutValue(error.message)];
  return field === "" ? { message: told } : { message: `${field}: ${told}`, field };
}

const VALUE_KINDS: ReadonlySet<string> = new Set([
  Kind.VARIABLE,
  Kind.INT,
  Kind.FLOAT,
  Kind.STRING,
  Kind.BOOLEAN,
  Kind.NULL,
  Kind.ENUM,
  Kind.LIST,
  Kind.OBJECT,
  Kind.OBJECT_FIELD,
]);

function isInValue(node: ASTNode | undefined): node is ASTNode {
  return node !== undefined && VALUE_KINDS.has(node.kind);
}
