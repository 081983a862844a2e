import type { preHandlerHookHandler } from "fastify";
import { isSafeNumber, parse } from "lossless-json";
import Negotiator from "negotiator";

const JSON_TYPES = ["application/json", "application/graphql-response+json"];

/** Refuses a caller who accepts no JSON. Apollo Server would cancel first, and then not say how it went. */
export const checkAccept: preHandlerHookHandler = (request, _reply, done) => {
  const { accept } = request.headers;
  // A GET changes nothing.
  if (request.method !== "POST" || accept === undefined || acceptsJson(accept)) done();
  else
    done(
      badRequest(
        `Answers are ${JSON_TYPES.join(" or ")}, which the Accept header of this request leaves out.`,
        406,
      ),
    );
};

function acceptsJson(accept: string): boolean {
  return new Negotiator({ headers: { accept } }).mediaType([...JSON_TYPES]) !== undefined;
}

/**
 * Refuses what Apollo's Fastify integration cannot read correctly: it builds a URL from the Host header, and reads the variables of
 * a GET with JSON.parse, which rounds numbers silently.
 */
export const checkAddress: preHandlerHookHandler = ({ url, protocol, hostname, query }, _reply, done) => {
  if (!URL.canParse(url, `${protocol}://${hostname}/`))
    done(badRequest("The Host header of this request does not name a host."));
  else if (hasInexactNumber((query as Record<string, unknown>)["variables"]))
    done(
      badRequest(
        "The `variables` of this GET have a number with more digits than a double holds. Send it as a string.",
      ),
    );
  else done();
};

function hasInexactNumber(variables: unknown): boolean {
  if (typeof variables !== "string") return false;
  let inexact = false;
  try {
    parse(variables, undefined, (number) => {
      inexact ||= !isSafeNumber(number, { approx: false });
      return null;
    });
  } catch {
    // Apollo Server refuses what is not JSON.
  }
  return inexact;
}

/** The HTTP server's error handler answers it with this status, and with the code BAD_REQUEST. */
export function badRequest(message: string, statusCode = 400): Error {
  return Object.assign(new Error(message), { statusCode });
}
