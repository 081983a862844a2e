import type { ApolloServerPlugin } from "@apollo/server";
import type { FastifyRequest } from "fastify";
import { GraphQLError } from "graphql";

/** The only documents that are answered, by id. */
export type Safelist = ReadonlyMap<string, string>;

const NOT_LISTED =
  "Only operations on this service's list are answered: send the id of one of them, or exactly its text.";

/**
 * Refuses a request whose document is not on the list, before anything of it is parsed. Reads the request as Apollo Server does: the
 * body of a POST, the search parameters of a GET.
 * @throws GraphQLError
 */
export function assertListed(request: FastifyRequest, safelist: Safelist): void {
  const { query, id } = request.method === "GET" ? askedInSearch(request) : askedInBody(request.body);
  // A request that names no document at all is told so by Apollo Server.
  if (query === null && id === null) return;
  const listed = query === null ? id !== null && safelist.has(id) : isListed(safelist, query, id);
  if (listed) return;
  throw new GraphQLError(NOT_LISTED, {
    extensions: { code: "OPERATION_NOT_SAFELISTED", http: { status: 403 } },
  });
}

interface Asked {
  readonly query: string | null;
  readonly id: string | null;
}

function isListed(safelist: Safelist, query: string, id: string | null): boolean {
  return id === null ? [...safelist.values()].includes(query) : safelist.get(id) === query;
}

function askedInBody(body: unknown): Asked {
  return { query: textIn(body, "query"), id: idIn(childOf(body, "extensions")) };
}

function askedInSearch({ url }: FastifyRequest): Asked {
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
    // Apollo Server says so.
    return null;
  }
}

/**
 * Puts the text where an id was sent. An id need not be the hash of its text here, and Apollo Server takes none that is not; so it
 * gets to see no ids.
 */
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
