import { beforeAll, describe, expect, test } from "@jest/globals";
import { readFileSync } from "node:fs";
import { cancel, cancelInput, item } from "../helpers/operations.js";
import { useService } from "../helpers/service.js";

interface Recipe {
  readonly title: string;
  readonly query: string;
  readonly variables: Record<string, unknown>;
}

const text = readFileSync(new URL("../../docs/api.md", import.meta.url), "utf8");
const recipes = text
  .split(/^### /mu)
  .slice(1)
  .flatMap((section): Recipe[] => {
    const query = /^```graphql\n(.*?)^```/msu.exec(section)?.[1];
    const variables = /^```json\n(.*?)^```/msu.exec(section)?.[1] ?? "{}";
    const title = section.split("\n", 1)[0] ?? "";
    return query === undefined
      ? []
      : [{ title, query, variables: JSON.parse(variables) as Record<string, unknown> }];
  });

const service = useService();
let id: string;

/** A little of everything that the queries ask for. */
beforeAll(async () => {
  const lines = [item({ quantity: 2 }), item({ seq: 2, itemType: "DELIVERY", itemId: "D1", amount: "3000" })];
  const order = cancelInput({ orderNo: "DOCS-ORDER-1", items: lines, totalCancelAmount: "5000" });
  ({ id } = (await cancel(service, order)).cancellation);
  await cancel(service, cancelInput({ orderNo: "SIM-DISCREPANCY-docs" }));
  await cancel(service, cancelInput({ orderNo: "SIM-CANCELLATION-FAILED-docs" }));
  await cancel(
    service,
    cancelInput({ orderNo: "SIM-RETRY-RECOMMENDED-docs", idempotencyKey: "docs-in-doubt" }),
  );
  // Of the year that the document asks about, whenever this runs.
  await service.sql("UPDATE cancellation SET created_at = '2026-03-15T09:00:00Z'");
  await service.sql(
    "UPDATE cancellation SET in_doubt_since = in_doubt_since - interval '1 day' WHERE status = 'UNKNOWN'",
  );
});

/** Every list in an answer that has nothing in it, by its path. */
function emptyLists(value: unknown, path = ""): string[] {
  if (Array.isArray(value)) {
    return value.length === 0 ? [path] : value.flatMap((each) => emptyLists(each, `${path}[]`));
  }
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => emptyLists(inner, `${path}.${name}`));
}

describe("docs/api.md", () => {
  test("has the ten queries that people need", () => {
    expect(recipes.map(({ title }) => Number.parseInt(title, 10))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  test.each(recipes)("$title", async ({ query, variables }) => {
    const filled = "id" in variables ? { id } : variables;
    const { status, data, errors } = await service.graphql(query, filled);

    expect([status, errors]).toEqual([200, undefined]);
    expect(Object.values(data as object)).not.toContain(null);
    // What it is about is there: a query that finds nothing would show nothing.
    expect(emptyLists(data).filter((path) => !path.endsWith(".discrepancies"))).toEqual([]);
  });

  test("and the lists in Review show what they are called", async () => {
    const review = recipes.at(-1);
    const { data } = await service.graphql(review?.query ?? "");
    const amounts = data.largest.edges.map(({ node }: any) => Number(node.totalCancelAmount));

    expect(amounts).toEqual([...amounts].sort((a, b) => b - a));
    expect(data.withDiscrepancies.edges[0].node.discrepancies.length).toBeGreaterThan(0);
  });
});
