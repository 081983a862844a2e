import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { startProductionService, type ProductionService } from "../helpers/production-service.js";

let production: ProductionService;
beforeAll(async () => {
  production = await startProductionService();
});
afterAll(() => production.close());

test("serves no Sandbox in production", async () => {
  const response = await production.fetch("/", { headers: { accept: "text/html" } });
  expect(response.status).toBe(404);
  expect(await response.text()).not.toContain("Sandbox");
});

test("serves no other page where the API is", async () => {
  const response = await production.fetch("/graphql", { headers: { accept: "text/html" } });
  expect(response.status).toBe(400);
  expect(await response.text()).not.toContain("<html");
});

test("does not tell its schema in production", async () => {
  const { status, errors } = await production.graphql("{ __schema { types { name } } }");
  expect(status).toBe(400);
  expect(errors?.[0].message).toMatch(/introspection/u);
});

test("has browsers come by https only", async () => {
  for (const path of ["/livez", "/graphql", "/nothing"]) {
    const { headers } = await production.fetch(path);
    expect(headers.get("strict-transport-security")).toBe("max-age=31536000");
  }
});
