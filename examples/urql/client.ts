import { Client, fetchExchange } from "@urql/core";
import { cacheExchange } from "@urql/exchange-graphcache";
import { relayPagination } from "@urql/exchange-graphcache/extras";
import { schema } from "../generated/introspection.js";

export interface UrqlOptions {
  /** Such as https://cancel.example/graphql. */
  readonly endpoint: string;
  /** Read before each request: tokens expire. Null where the service asks for none. */
  readonly token: () => string | null;
}

/** Sends queries by GET as long as their addresses are short, and mutations by POST: urql's own way. */
export function createUrqlClient({ endpoint, token }: UrqlOptions): Client {
  return new Client({
    url: endpoint,
    fetchOptions: () => {
      const bearer = token();
      return { headers: bearer === null ? {} : { authorization: `Bearer ${bearer}` } };
    },
    exchanges: [
      cacheExchange({
        schema,
        keys: Object.fromEntries(typesWithoutId().map((name) => [name, () => null])),
        resolvers: { Query: { cancellations: relayPagination() } },
        updates: {
          Mutation: {
            // A cancel can be on every list: those that are on the screen are read again.
            cancelPayment: (_result, _input, cache) => {
              for (const { fieldKey } of cache.inspectFields("Query"))
                if (fieldKey.startsWith("cancellations(")) cache.invalidate("Query", fieldKey);
            },
          },
        },
      }),
      fetchExchange,
    ],
  });
}

/** Objects that are kept with what they belong to: pages, errors, answers to mutations. */
function typesWithoutId(): string[] {
  return schema.__schema.types
    .filter((type) => type.kind === "OBJECT" && !type.fields.some(({ name }) => name === "id"))
    .map(({ name }) => name);
}
