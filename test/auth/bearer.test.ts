import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { describe, expect, test } from "@jest/globals";
import { cancel, cancelInput } from "../helpers/operations.js";
import { useTwoStores } from "../helpers/two-stores.js";

const fixture = useTwoStores();

const READS = `query ($id: ID!, $key: String!) {
  cancellation(id: $id) { id }
  node(id: $id) { id }
  cancellationByKey(storeId: "SIM-KR", idempotencyKey: $key) { id }
  cancellations { totalCount edges { node { id } } }
}`;

async function made(): Promise<{ id: string; key: string }> {
  const input = cancelInput();
  const { cancellation } = await cancel(fixture.service, input, await fixture.bearer());
  return { id: cancellation.id as string, key: input["idempotencyKey"] as string };
}

/** Sends each value as a header of its own, as fetch cannot. */
async function statusWith(values: readonly string[]): Promise<number | undefined> {
  const body = JSON.stringify({ query: "{ cancellations { totalCount } }" });
  const headers = [
    "Host",
    "localhost",
    "Content-Type",
    "application/json",
    "Content-Length",
    `${body.length}`,
  ];
  for (const value of values) headers.push("Authorization", value);
  const sent = request(`${fixture.service.url}/graphql`, { method: "POST", headers });
  sent.end(body);
  const [answer] = (await once(sent, "response")) as [IncomingMessage];
  answer.resume();
  return answer.statusCode;
}

test("a valid token of another store finds nothing; one of the store finds it", async () => {
  const variables = await made();
  const foreign = await fixture.service.graphql(
    READS,
    variables,
    await fixture.bearer("other-1", ["SIM-TWO"]),
  );
  expect(foreign.errors).toBeUndefined();
  expect(foreign.data).toEqual({
    cancellation: null,
    node: null,
    cancellationByKey: null,
    cancellations: { totalCount: 0, edges: [] },
  });
  const own = await fixture.service.graphql(READS, variables, await fixture.bearer("other-1", ["SIM-KR"]));
  const found = { id: variables.id };
  expect(own.data).toMatchObject({ cancellation: found, node: found, cancellationByKey: found });
  expect(own.data.cancellations.edges).toContainEqual({ node: found });
});

describe("the Authorization header", () => {
  test.each([
    ["bearer in small letters", (token: string) => `bearer ${token}`],
    ["bearer in capitals", (token: string) => `BEARER ${token}`],
    ["several blanks", (token: string) => `  Bearer   ${token}  `],
  ])("may have %s", async (_what, write) => {
    const { authorization = "" } = await fixture.bearer();
    const headers = { authorization: write(authorization.slice("Bearer ".length)) };
    expect((await fixture.service.graphql("{ cancellations { totalCount } }", {}, headers)).status).toBe(200);
  });

  test.each([
    ["a good token first", (good: string) => [good, "Bearer garbage"]],
    ["a good token last", (good: string) => ["Bearer garbage", good]],
    ["the same good token", (good: string) => [good, good]],
  ])("may not come twice, with %s: others may have looked at the other one", async (_what, both) => {
    const { authorization = "" } = await fixture.bearer();
    expect(await statusWith([authorization])).toBe(200);
    expect(await statusWith(both(authorization))).toBe(401);
  });
});

test("whoever is not let in is told so before the body is read", async () => {
  for (const body of ["{", "x".repeat(200_000)]) {
    const response = await fetch(`${fixture.service.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    });
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toBe("Bearer");
  }
});
