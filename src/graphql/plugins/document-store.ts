import type { ApolloServerOptions, BaseContext } from "@apollo/server";
import type { DocumentNode } from "graphql";
import { LRUCache } from "lru-cache";

type DocumentStore = NonNullable<ApolloServerOptions<BaseContext>["documentStore"]>;

/**
 * In characters of their texts; as objects they take some fifty times as much. A front end has some tens of operations, of about a
 * thousand characters each.
 */
const MAX_CHARACTERS = 200_000;
/** Longer ones are for exploring, and come once. */
const MAX_DOCUMENT = 10_000;

/**
 * What a document must not have in it to be kept: texts, comments, and numbers longer than a page size. Any of these could be somebody's
 * account, and a caller who writes values into its documents sends each of them once.
 */
const HOLDS_VALUES = /["#]|\d{5}/u;

/** Documents that have been parsed and found valid, so that both is done once for what a front end asks again and again. */
export function createDocumentStore(): DocumentStore {
  const kept = new LRUCache<string, DocumentNode>({
    maxSize: MAX_CHARACTERS,
    maxEntrySize: MAX_DOCUMENT,
    sizeCalculation: ({ loc }) => loc?.source.body.length ?? MAX_DOCUMENT,
  });
  return {
    get: (key) => Promise.resolve(kept.get(key)),
    set(key, document) {
      const text = document.loc?.source.body;
      if (text !== undefined && !HOLDS_VALUES.test(text)) kept.set(key, document);
      return Promise.resolve();
    },
    delete: (key) => Promise.resolve(kept.delete(key)),
  };
}
