import { afterEach, describe, expect, test } from "@jest/globals";
import { createClient } from "graphql-sse";
import { MAX_FOLLOWERS_PER_CALLER } from "../../../src/cancellation/live/live-changes.js";
import { fileOf } from "../../helpers/configuration.js";
import { until } from "../../helpers/gate.js";
import { CHANGED, post, subscribe, useFollow, type LiveStream } from "../../helpers/live.js";
import { cancel, cancelInput } from "../../helpers/operations.js";
import { startService, type TestService } from "../../helpers/service.js";

const services: TestService[] = [];
afterEach(() => Promise.all(services.splice(0).map((service) => service.close())));
const follow = useFollow();

async function start(environment: Record<string, string> = {}): Promise<TestService> {
  const service = await startService({ environment });
  services.push(service);
  return service;
}

async function metric(service: TestService, name: string): Promise<number> {
  const text = await (await fetch(`${service.url}/metrics`)).text();
  return Number(new RegExp(`^${name.replaceAll(/[{}]/gu, "\\$&")} (\\d+)$`, "mu").exec(text)?.[1]);
}

test("streams beyond a caller's limit are refused until another one ends", async () => {
  const service = await start();
  const all: LiveStream[] = [];
  for (let count = 0; count < MAX_FOLLOWERS_PER_CALLER; count += 1) all.push(await follow(service));
  expect(await metric(service, "ebp_followers")).toBe(MAX_FOLLOWERS_PER_CALLER);
  const refused = await subscribe(service);
  expect(refused.status).toBe(429);
  expect(refused.headers.get("retry-after")).toBe("5");
  expect((await refused.json()).errors).toMatchObject([
    { path: ["cancellationChanged"], extensions: { code: "RATE_LIMITED", retryAfterSeconds: 5 } },
  ]);
  expect(await metric(service, 'ebp_followers_refused_total{whose="caller"}')).toBe(1);

  all[0]?.hangUp();
  await until(async () => (await metric(service, "ebp_followers")) === MAX_FOLLOWERS_PER_CALLER - 1);
  await follow(service);
});

describe("a subscription", () => {
  test("is charged like a query, and refused when its caller's minute is used up", async () => {
    // Two queries: one for the cancellation, one for its events.
    const service = await start({ RATE_LIMIT_QUERY_COST: "7" });
    await follow(service);
    let refused = await subscribe(service);
    while (refused.status === 200) refused = await subscribe(service);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect((await refused.json()).errors[0].extensions.code).toBe("RATE_LIMITED");
  });

  test("must be one of the persisted operations where there is a list, by its id or its text", async () => {
    const service = await start({ PERSISTED_OPERATIONS: fileOf(JSON.stringify({ changed: CHANGED })) });
    await follow(service);
    const byId = { extensions: { persistedQuery: { version: 1, sha256Hash: "changed" } } };
    const listed = await post(service.url, JSON.stringify(byId));
    expect(listed.status).toBe(200);
    listed.hangUp();
    const other = await subscribe(service, {}, {}, "subscription { cancellationChanged { id } }");
    expect(other.status).toBe(403);
    expect((await other.json()).errors[0].extensions.code).toBe("OPERATION_NOT_SAFELISTED");
  });

  test("reveals no schema where introspection is off", async () => {
    const service = await start({ GRAPHQL_INTROSPECTION: "off" });
    for (const selection of [
      "cancellationChanged { id statu }",
      "__schema { types { name } }",
      "__typename",
    ]) {
      const refused = await subscribe(service, {}, {}, `subscription { ${selection} }`);
      expect(refused.status).toBe(400);
      const [{ message, extensions }] = (await refused.json()).errors;
      expect(extensions.code).toBe("GRAPHQL_VALIDATION_FAILED");
      expect(message).not.toContain("Did you mean");
    }
  });
});

test("graphql-sse's own client can subscribe", async () => {
  const service = await start();
  const client = createClient({ url: `${service.url}/graphql/stream`, retryAttempts: 0 });
  const { cancellation } = await cancel(service, cancelInput());
  const changes = client.iterate<any>({ query: CHANGED, variables: { id: cancellation.id } });
  const { value } = await changes.next();
  expect(value.data.cancellationChanged).toMatchObject({ id: cancellation.id, status: "SUCCEEDED" });
  await changes.return?.();
  await until(async () => (await metric(service, "ebp_followers")) === 0);
  client.dispose();
});
