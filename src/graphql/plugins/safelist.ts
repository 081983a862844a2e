import type { ApolloServerPlugin } from "@apollo/server";
import type { FastifyRequest } from "fastify";
import { GraphQLError, Kind, parse, validate, type DocumentNode, type GraphQLSchema } from "graphql";
import type { PersistedOperation } from "../../cancellation/model/persisted-operation.js";
import { documentFaults } from "./limits/document-limits.js";
import { costFaults } from "./limits/limit-operations.js";
import { MAX_TOKENS } from "./limits/limits.js";

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
      const faults = documentFaults(document, operation);
      // Costed with the defaults of its variables. What a caller sends is costed when it is sent.
      return faults.length > 0
        ? faults
        : costFaults({ schema, document, operationName: operation.name?.value });
    });
}

/**
 * Refuses a request whose document is not on the list, before it is parsed. Reads the request as Apollo Server does: the body of a
 * POST, the search parameters of a GET.
 * @throws GraphQLError
 */
export function assertListed(request: FastifyRequest, safelist: Safelist): void {
  const { query, id } = request.method === "GET" ? inSearch(request) : inBody(request.body);
  // Apollo Server refuses a request without a document.
  if (query === null && id === null) return;
  const isListed = query === null ? id !== null && safelist.has(id) : hasText(safelist, query, id);
  if (isListed) return;
  const message =
    "Only operations on this service's list are answered: send the id of one of them, or exactly its text.";
  throw new GraphQLError(message, {
    extensions: { code: "OPERATION_NOT_SAFELISTED", http: { status: 403 } },
  });
}

function hasText(safelist: Safelist, query: string, id: string | null): boolean {
  return id === null ? [...safelist.values()].includes(query) : safelist.get(id) === query;
}

interface SentDocument {
  readonly query: string | null;
  readonly id: string | null;
}

function inBody(body: unknown): SentDocument {
  return { query: textIn(body, "query"), id: idIn(childOf(body, "extensions")) };
}

function inSearch({ url }: FastifyRequest): SentDocument {
  const search = new URL(url, "http://invalid.invalid").searchParams;
  const query = search.get("query");
  return { query: query === "" ? null : query, id: idIn(jsonIn(search.get("extensions"))) };
}

function idIn(extensions: unknown): string | null {
  return textIn(childOf(extensions, "persistedQuery"), "sha256Hash");
}

function textIn(value: unknown, key: string): string | null {
  const text = childOf(value, key);
  return typeof text === "string" && text !== "" ? text : null;
}

function childOf(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}

function jsonIn(text: string | null): unknown {
  try {
    return text === null ? null : JSON.parse(text);
  } catch {
    // Apollo Server refuses it.
    return null;
  }
}

/** Replaces an id by its text. Apollo Server takes only ids that are the hash of their text, so it never sees an id. */
export function resolveIds(safelist: Safelist): ApolloServerPlugin {
  return {
    requestDidStart({ request }) {
      const text = safelist.get(idIn(request.extensions) ?? "");
      if (text !== undefined) {
        request.query = text;
        request.extensions = {};
      }
      return Promise.resolve();
    },
  };
}
