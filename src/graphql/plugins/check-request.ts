import type { GraphQLRequest } from "@apollo/server";
import type { FastifyRequest, preHandlerHookHandler } from "fastify";
import { Kind, parse, validate, type DocumentNode, type GraphQLError, type GraphQLSchema } from "graphql";
import { isSafeNumber, parse as parseJson } from "lossless-json";
import Negotiator from "negotiator";
import { z } from "zod";
import type { PersistedOperation } from "../../cancellation/model/caller.js";
import { ApiError } from "../../messages/api-error.js";
import { MESSAGES } from "../../messages/messages.js";
import { refusal } from "./errors.js";
import { MAX_TOKENS, measure } from "./limits.js";
import { coerceVariables } from "./value-errors.js";

/**
 * Refuses a caller who accepts none of these types, and replaces the Accept header by the type that is chosen. Apollo Server would cancel
 * first, and then not say how it went.
 */
export function checkAccept(types: readonly string[]): preHandlerHookHandler {
  return ({ headers }, _reply, done) => {
    const chosen = headers.accept === undefined ? types[0] : chooseType(headers.accept, [...types]);
    if (chosen === undefined) {
      done(new ApiError(406, "BAD_REQUEST", ({ refusals }) => refusals.notAcceptable(types)));
      return;
    }
    headers.accept = chosen;
    done();
  };
}

/** The library takes `application/json;charset=UTF-8`, as clients in Java ask for, for another type. No type here has parameters. */
function chooseType(accept: string, types: string[]): string | undefined {
  const negotiator = new Negotiator({ headers: { accept } });
  const withoutParameters = { accept: negotiator.mediaTypes().join() };
  return negotiator.mediaType(types) ?? new Negotiator({ headers: withoutParameters }).mediaType(types);
}

/**
 * Refuses what Apollo's Fastify integration cannot read correctly: it builds a URL from the Host header, and reads the variables of
 * a GET with JSON.parse, which rounds numbers silently.
 */
export const checkAddress: preHandlerHookHandler = ({ url, protocol, hostname, query }, _reply, done) => {
  if (!URL.canParse(url, `${protocol}://${hostname}/`))
    done(new ApiError(400, "BAD_REQUEST", ({ refusals }) => refusals.hostMissing));
  else if (hasInexactNumber((query as Record<string, unknown>)["variables"]))
    done(new ApiError(400, "BAD_REQUEST", ({ refusals }) => refusals.numberNotExact));
  else done();
};

function hasInexactNumber(variables: unknown): boolean {
  if (typeof variables !== "string") return false;
  let inexact = false;
  try {
    parseJson(variables, undefined, (number) => {
      inexact ||= !isSafeNumber(number, { approx: false });
      return null;
    });
  } catch {
    // Apollo Server refuses what is not JSON.
  }
  return inexact;
}

/** The only documents that are answered, by id. */
export type Safelist = ReadonlyMap<string, string>;

/** @throws Error that names every operation which does not fit the schema or is beyond the limits: it could never be answered. */
export function createSafelist(schema: GraphQLSchema, operations: readonly PersistedOperation[]): Safelist {
  const faults = operations.flatMap(({ id, name, body }) =>
    faultsOf(schema, body).map((fault) => `${name === id ? id : `${name} (${id})`}: ${fault}`),
  );
  if (faults.length > 0)
    throw new Error(
      `PERSISTED_OPERATIONS cannot be used:\n${faults.map((fault) => `  - ${fault}`).join("\n")}`,
    );
  return new Map(operations.map(({ id, body }) => [id, body]));
}

function faultsOf(schema: GraphQLSchema, body: string): string[] {
  let document: DocumentNode;
  try {
    document = parse(body, { maxLexicalTokens: MAX_TOKENS });
  } catch (error) {
    return [(error as GraphQLError).message];
  }
  const invalid = validate(schema, document);
  if (invalid.length > 0) return invalid.map(({ message }) => message);
  return document.definitions
    .filter((node) => node.kind === Kind.OPERATION_DEFINITION)
    .flatMap((operation) => {
      // Costed with the defaults of its variables. What a caller sends is costed when it is sent.
      const wording = { refusals: MESSAGES.en.refusals, namesSchema: false };
      const { values } = coerceVariables(schema, operation, {}, wording);
      const { faults } = measure({ schema, document, operation, variables: values });
      return faults.map((text) => text(MESSAGES.en));
    });
}

/**
 * Refuses a request whose document is not on the list, before it is parsed. Reads the request as Apollo Server does: the body of a
 * POST, the search parameters of a GET.
 * @throws GraphQLError
 */
export function assertListed(request: FastifyRequest, safelist: Safelist): void {
  const { query, id } = sent(request.method === "GET" ? searchOf(request) : request.body);
  // Apollo Server refuses a request without a document.
  if (query === null && id === null) return;
  const texts = id === null ? [...safelist.values()] : [safelist.get(id)];
  if (query === null ? texts[0] !== undefined : texts.includes(query)) return;
  throw refusal("OPERATION_NOT_SAFELISTED", 403, ({ refusals }) => refusals.notListed);
}

const SENT = z.object({
  query: z.string().min(1).nullable().catch(null),
  extensions: z
    .object({ persistedQuery: z.object({ sha256Hash: z.string().min(1) }) })
    .transform(({ persistedQuery }) => persistedQuery.sha256Hash)
    .nullable()
    .catch(null),
});

/** The document's text, and its id. */
function sent(request: unknown): { readonly query: string | null; readonly id: string | null } {
  const { query = null, extensions: id = null } = SENT.safeParse(request).data ?? {};
  return { query, id };
}

function searchOf({ url }: FastifyRequest): unknown {
  const search = new URL(url, "http://invalid.invalid").searchParams;
  return { query: search.get("query"), extensions: jsonIn(search.get("extensions") ?? "null") };
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Apollo Server refuses it.
    return null;
  }
}

/** Replaces an id by its text. Apollo Server takes only ids that are the hash of their text, so it never sees an id. */
export function replaceId(request: GraphQLRequest, safelist: Safelist): void {
  const text = safelist.get(sent(request).id ?? "");
  if (text === undefined) return;
  request.query = text;
  request.extensions = {};
}
