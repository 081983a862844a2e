import type { FastifyRequest, preHandlerHookHandler } from "fastify";
import { isSafeNumber, parse } from "lossless-json";

const NO_HOST = "The Host header of this request does not name a host.";
const INEXACT =
  "The `variables` of this GET have a number with more digits than a double holds. Send it as a string.";

/**
 * Refuses what the handler behind it would stumble over: it builds a URL of the Host header, and reads the variables of a GET
 * with JSON.parse, which rounds without a word.
 */
export const checkAddress: preHandlerHookHandler = (request, reply, done) => {
  const refusal = refusalOf(request);
  if (refusal === null) done();
  else void reply.code(400).send({ errors: [{ message: refusal, extensions: { code: "BAD_REQUEST" } }] });
};

function refusalOf({ url, protocol, hostname, query }: FastifyRequest): string | null {
  if (!URL.canParse(url, `${protocol}://${hostname}/`)) return NO_HOST;
  return hasInexactNumber((query as Record<string, unknown>)["variables"]) ? INEXACT : null;
}

function hasInexactNumber(variables: unknown): boolean {
  if (typeof variables !== "string") return false;
  let inexact = false;
  try {
    parse(variables, undefined, (number) => {
      inexact ||= !isSafeNumber(number, { approx: false });
      return null;
    });
  } catch {
    // What is not JSON is refused by the handler.
  }
  return inexact;
}
