import { z } from "zod";
import type { PersistedOperation } from "../cancellation/model/caller.js";
import { readText, type Settings } from "./settings.js";

const VARIABLE = "PERSISTED_OPERATIONS";
const EXPECTED =
  "a manifest of persisted queries as Apollo's tools write it, or a JSON object of ids and documents";

const id = z.string({ error: "a text" }).min(1, { error: "an id" });
const body = z.string({ error: "a GraphQL document" }).regex(/\S/u, { error: "a GraphQL document" });

/** What `generate-persisted-query-manifest` of Apollo Client writes, as do Apollo's tools for iOS and Kotlin. */
const manifestSchema = z
  .object({
    format: z.literal("apollo-persisted-query-manifest", { error: '"apollo-persisted-query-manifest"' }),
    version: z.literal(1, { error: "1" }),
    operations: z.array(z.object({ id, name: z.string({ error: "a name" }), body }), { error: "a list" }),
  })
  .transform(({ operations }) => operations);
const documentsSchema = z
  .record(id, body)
  .transform((documents) =>
    Object.entries(documents).map(([key, text]) => ({ id: key, name: key, body: text })),
  );

/** The only operations to be answered, from the file at the path in PERSISTED_OPERATIONS; null when it is not set. */
export function readPersistedOperations(settings: Settings): readonly PersistedOperation[] | null {
  const path = settings.value(VARIABLE);
  if (path === undefined) return null;
  const text = readText(settings, VARIABLE, path);
  return text === null ? [] : parsePersistedOperations(settings, text);
}

function parsePersistedOperations(settings: Settings, text: string): readonly PersistedOperation[] {
  const json = jsonIn(text);
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    settings.fault(VARIABLE, EXPECTED, "something else");
    return [];
  }
  const isManifest = "format" in json && "operations" in json;
  const { success, data, error } = (isManifest ? manifestSchema : documentsSchema).safeParse(json);
  if (!success) {
    for (const { path, message } of error.issues)
      settings.fault([VARIABLE, ...path].join("."), message, "something else");
    return [];
  }
  if (data.length === 0) settings.fault(VARIABLE, "at least one operation", "none");
  const ids = data.map((operation) => operation.id);
  for (const repeated of new Set(ids.filter((each, index) => ids.indexOf(each) !== index))) {
    settings.fault(VARIABLE, "each id once", `${JSON.stringify(repeated)} more than once`);
  }
  return data;
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
