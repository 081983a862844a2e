import { readFileSync } from "node:fs";
import { parse } from "lossless-json";
import { z } from "zod";
import type { PersistedOperation } from "../cancellation/model/persisted-operation.js";
import type { Settings } from "./settings.js";

const VARIABLE = "PERSISTED_OPERATIONS";
const EXPECTED =
  "a manifest of persisted queries as Apollo's tools write it, or a JSON object of ids and documents";

const id = z.string({ error: "a text" }).min(1, { error: "an id" });
const body = z.string({ error: "a GraphQL document" }).regex(/\S/u, { error: "a GraphQL document" });

/** What `generate-persisted-query-manifest` of Apollo Client writes, as do Apollo's tools for iOS and Kotlin. */
const manifestSchema = z.object({
  format: z.literal("apollo-persisted-query-manifest", { error: '"apollo-persisted-query-manifest"' }),
  version: z.literal(1, { error: "1" }),
  operations: z.array(z.object({ id, name: z.string({ error: "a name" }), body }), { error: "a list" }),
});
const objectSchema = z.record(id, body);

/** PERSISTED_OPERATIONS: the path of the only operations to be answered. Null when it is not set: any operation is. */
export function readPersistedOperations(settings: Settings): readonly PersistedOperation[] | null {
  const path = settings.value(VARIABLE);
  if (path === undefined) return null;
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const found = `${path} (${(error as NodeJS.ErrnoException).code ?? "?"})`;
    settings.fault(VARIABLE, "the path of a file that can be read", found);
    return [];
  }
  return parsePersistedOperations(settings, text);
}

export function parsePersistedOperations(settings: Settings, text: string): readonly PersistedOperation[] {
  const operations = operationsIn(settings, jsonIn(text));
  if (operations === null) return [];
  if (operations.length === 0) settings.fault(VARIABLE, "at least one operation", "none");
  const ids = operations.map((operation) => operation.id);
  for (const repeated of new Set(ids.filter((each, index) => ids.indexOf(each) !== index))) {
    settings.fault(VARIABLE, "each id once", `${JSON.stringify(repeated)} more than once`);
  }
  return operations;
}

/** Undefined when it is not JSON, or has a key twice with different values: nobody can tell which was meant. */
function jsonIn(text: string): unknown {
  try {
    return parse(text, undefined, Number);
  } catch {
    return undefined;
  }
}

/** Null after a fault has been told. */
function operationsIn(settings: Settings, json: unknown): PersistedOperation[] | null {
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    settings.fault(VARIABLE, EXPECTED, "something else");
    return null;
  }
  if (!("format" in json && "operations" in json)) {
    const documents = objectSchema.safeParse(json);
    if (documents.success)
      return Object.entries(documents.data).map(([key, text]) => ({ id: key, name: key, body: text }));
    tell(settings, documents.error, json);
    return null;
  }
  const manifest = manifestSchema.safeParse(json);
  if (manifest.success) return manifest.data.operations;
  tell(settings, manifest.error, json);
  return null;
}

function tell(settings: Settings, { issues }: z.ZodError, json: object): void {
  for (const { path, message } of issues) {
    const where = path.map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`)).join("");
    settings.fault(
      `${VARIABLE}${where}`,
      message,
      valueAt(json, path) === undefined ? "nothing" : "something else",
    );
  }
}

function valueAt(json: object, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === "object" && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined,
    json,
  );
}
