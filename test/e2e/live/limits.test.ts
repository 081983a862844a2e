import { afterEach, describe, expect, test } from "@jest/globals";
import { createClient } from "graphql-sse";
import { MAX_FOLLOWERS_PER_CALLER } from "../../../src/cancellation/live/live-changes.js";
import { until } from "../../helpers/gate.js";
import { CHANGED, post, subscribe, type LiveStream } from "../../helpers/live.js";
import { cancel, cancelInput } from "../../helpers/operations.js";
import { startService, type TestService } from "../../helpers/service.js";
import { fileOf } from "../../helpers/configuration.js";

const releases: (() => Promise<unknown>)[] = [];
const streams: LiveStream[] = [];
afterEach(async () => {
  for (const stream of streams.splice(0)) stream.hangUp();
  for (let release = releases.pop(); release !== undefined; release = releases.pop()) await release();
});

async function start(environment: Record<string, string> = {}): Promise<TestService> {
  const service = await startService({ environment });
  releases.push(() => service.close());
  return service;
}

async function follow(service: TestService, variables: object = {}): Promise<LiveStream> {
  const stream = await subscribe(service, variables);
  streams.push(stream);
  return stream;
}

async function metric(service: TestService, name: string): Promise<number> {
  const text = await (await fetch(`${service.url}/metrics`)).text();
  return Number(new RegExp(`^${name.replaceAll(/[{}]/gu, "\\$&")} (\\d+)$`, "mu").exec(text)?.[1]);
}

describe("more streams than a caller may have", () => {
  test("are refused with when to come again, until one who hangs up makes room", async () => {
    const service = await start();
    const all: LiveStream[] = [];
    for (let count = 0; count < MAX_FOLLOWERS_PER_CALLER; count += 1) all.push(await follow(service));
    expect(await metric(service, "ebp_followers")).toBe(MAX_FOLLOWERS_PER_CALLER);
    const refused = await follow(service);
    expect(refused.status).toBe(429);
    expect(refused.headers.get("retry-after")).toBe("5");
    expect(await refused.json()).toEqual({
      errors: [
        {
          message: "You follow changes in as many streams as there may be, 20. Come again in 5 s.",
          locations: [{ line: 2, column: 3 }],
          path: ["cancellationChanged"],
          extensions: { code: "RATE_LIMITED", retryAfterSeconds: 5 },
        },
      ],
    });
    expect(await metric(service, 'ebp_followers_refused_total{whose="caller"}')).toBe(1);

    all[0]?.hangUp();
    await until(async () => (await metric(service, "ebp_followers")) === MAX_FOLLOWERS_PER_CALLER - 1);
    expect((await follow(service)).status).toBe(200);
  });
});

describe("a subscription", () => {
  test("is charged as a query when it begins, and refused when its caller has used up the minute", async () => {
    // `events` of one cancellation: a query for it, and one for them.
    const service = await start({ RATE_LIMIT_QUERY_COST: "7" });
    const first = await follow(service);
    expect(first.status).toBe(200);
    let refused = await follow(service);
    while (refused.status === 200) refused = await follow(service);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect((await refused.json()).errors[0].extensions.code).toBe("RATE_LIMITED");
  });

  test("is the only thing answered from a list of operations when it stands there, by its id or its text", async () => {
    const listed = fileOf(JSON.stringify({ changed: CHANGED }));
    const service = await start({ PERSISTED_OPERATIONS: listed });
    expect((await follow(service)).status).toBe(200);
    const byId = JSON.stringify({ extensions: { persistedQuery: { version: 1, sha256Hash: "changed" } } });
    const stream = await post(service.url, byId);
    streams.push(stream);
    expect(stream.status).toBe(200);
    const other = await post(
      service.url,
      JSON.stringify({ query: "subscription { cancellationChanged { id } }" }),
    );
    expect(other.status).toBe(403);
    expect((await other.json()).errors[0].extensions.code).toBe("OPERATION_NOT_SAFELISTED");
  });

  test("tells nothing of the schema where it may not be read", async () => {
    const service = await start({ GRAPHQL_INTROSPECTION: "off" });
    for (const query of [
      "subscription { cancellationChanged { id statu } }",
      "subscription { __schema { types { name } } }",
      "subscription { __typename }",
    ]) {
      const refused = await post(service.url, JSON.stringify({ query }));
      expect(refused.status).toBe(400);
      const [{ message, extensions }] = (await refused.json()).errors;
      expect(extensions.code).toBe("GRAPHQL_VALIDATION_FAILED");
      expect(message).not.toContain("Did you mean");
    }
  });
});

test("the protocol is what graphql-sse's own client speaks", async () => {
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
