import { GraphQLError, GraphQLScalarType, Kind } from "graphql";
import { isLosslessNumber } from "lossless-json";
import { Decimal, readPlainDecimal } from "../../cancellation/model/decimal.js";

const SCIENTIFIC = /^(-?\d{1,40}(?:\.\d{1,40})?)[eE]([+-]?\d{1,3})$/u;
/** Past this many places either way a number is a mistake, and writing it out would only cost memory. */
const MAX_EXPONENT = 40;

const EXPECTED = 'a decimal such as "1999.90"';

/** Exact decimals. Out: always a string in plain notation. In: see the description. */
export const DecimalScalar = new GraphQLScalarType<Decimal, string>({
  name: "Decimal",
  description:
    'An exact decimal number, in major units of its currency when it is an amount. Out: a string in plain notation without trailing zeros, such as "1999.9". ' +
    "In: a string, or an Int or Float literal; a JSON number in variables only when a double holds it exactly.",
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
