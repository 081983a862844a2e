import { describe, expect, test } from "@jest/globals";
import { parse, type DocumentNode } from "graphql";
import { createDocumentStore } from "../../../src/graphql/plugins/document-store.js";

async function keptOf(text: string): Promise<DocumentNode | undefined> {
  const store = createDocumentStore();
  await store.set("key", parse(text));
  return store.get("key");
}

describe("is kept:", () => {
  test.each([
    ["an operation with variables", "query ($id: ID!) { cancellation(id: $id) { id status } }"],
    [
      "one with a page size",
      "{ cancellations(first: 100, filter: { status: [FAILED] }) { edges { cursor } } }",
    ],
  ])("%s", async (_what, text) => {
    expect(await keptOf(text)).toBeDefined();
  });
});

describe("is not kept, because it may hold an account number or a name:", () => {
  test.each([
    ["a text", '{ order(orderNo: "ORD-1") { orderNo } }'],
    ["a block of text", '{ order(orderNo: """ORD-1""") { orderNo } }'],
    ["a number longer than a page size", "{ cancellations(first: 12345) { edges { cursor } } }"],
    ["an alias of digits", "{ a12345: cancellations { edges { cursor } } }"],
    ["a comment", "{ cancellations { edges { cursor } } } # of John Doe"],
  ])("a document with %s", async (_what, text) => {
    expect(await keptOf(text)).toBeUndefined();
  });
});

test("what is asked least lately goes first, and a document of ten thousand characters is not kept at all", async () => {
  const store = createDocumentStore();
  const long = (name: string, length: number): DocumentNode =>
    parse(`{ ${name}: __typename ${"a ".repeat((length - 30) / 2)} }`);
  await store.set("front end", long("a", 9_000));
  for (let count = 0; count < 100; count += 1) {
    await store.set(`other ${count}`, long("b", 9_000));
    expect(await store.get("front end")).toBeDefined();
  }
  expect(await store.get("other 0")).toBeUndefined();
  expect(await store.get("other 99")).toBeDefined();
  await store.set("too long", long("c", 12_000));
  expect(await store.get("too long")).toBeUndefined();
});
