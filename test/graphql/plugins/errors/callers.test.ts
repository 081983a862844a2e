import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { CANCEL, cancelInput } from "../../../helpers/operations.js";
import { startService, type TestService } from "../../../helpers/service.js";
import { AUDIENCE, ISSUER, startIdentity, type Identity } from "../../../helpers/identity.js";

let identity: Identity;
let service: TestService;
let brokenKeyServer: Server;
beforeAll(async () => {
  identity = await startIdentity("ES256");
  service = await startService({
    environment: { AUTH_JWKS_URL: identity.jwksUrl, AUTH_ISSUER: ISSUER, AUTH_AUDIENCE: AUDIENCE },
  });
  brokenKeyServer = createServer((_request, response) => response.writeHead(500).end());
  await new Promise<void>((resolve) => brokenKeyServer.listen(0, "127.0.0.1", resolve));
});
afterAll(async () => {
  await service.close();
  await identity.close();
  await new Promise((resolve) => brokenKeyServer.close(resolve));
});

describe("who is not known is told how to be,", () => {
  test.each([
    ["without a token", {}, "Bearer"],
    ["with a token that proves nothing", { authorization: "Bearer abc" }, 'Bearer error="invalid_token"'],
    ["with something else", { authorization: "Basic YTpi" }, 'Bearer error="invalid_token"'],
  ])("%s", async (_what, headers, challenge) => {
    const {
      status,
      headers: answered,
      errors,
      data,
    } = await service.graphql("{ __typename }", undefined, headers);
    expect({ status, data }).toEqual({ status: 401, data: undefined });
    expect(answered.get("www-authenticate")).toBe(challenge);
    expect(errors).toEqual([
      { message: expect.stringMatching(/^Send a valid token/u), extensions: { code: "UNAUTHENTICATED" } },
    ]);
  });

  test("before anything of the document is read", async () => {
    for (const query of ["{", `{ ${"a ".repeat(5_000)} }`, "{ cancelations }"]) {
      expect(await service.graphql(query)).toMatchObject({ status: 401 });
    }
  });
});

test("while the keys cannot be had, nobody is told to be unknown: the service is unavailable, and nothing is done", async () => {
  const { port } = brokenKeyServer.address() as AddressInfo;
  const cut = await startService({
    environment: {
      AUTH_JWKS_URL: `http://127.0.0.1:${port}/keys`,
      AUTH_ISSUER: ISSUER,
      AUTH_AUDIENCE: AUDIENCE,
    },
  });
  try {
    const authorization = `Bearer ${await identity.token({ stores: ["SIM-KR"] })}`;
    const answer = await cut.graphql(CANCEL, { input: cancelInput() }, { authorization });
    expect({ status: answer.status, data: answer.data }).toEqual({ status: 503, data: undefined });
    expect(answer.errors).toEqual([
      {
        message:
          "Who is calling cannot be told right now. This call did nothing; an earlier one with the same idempotency key may have. Try again.",
        extensions: { code: "SERVICE_UNAVAILABLE", requestId: answer.headers.get("x-request-id") },
      },
    ]);
    expect(cut.simulator.ledger.totalReceived).toBe(0);
  } finally {
    await cut.close();
  }
});

describe("who takes no JSON", () => {
  const send = async (accept: string): Promise<Response> =>
    fetch(`${service.url}/graphql`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        authorization: `Bearer ${await identity.token({ stores: ["SIM-KR"] })}`,
        accept,
      },
      body: JSON.stringify({ query: CANCEL, variables: { input: cancelInput() } }),
    });

  test.each(["text/html", "application/xml", "application/json;q=0", "image/*"])(
    "but %s is told so before anything is cancelled",
    async (accept) => {
      const before = service.simulator.ledger.totalReceived;
      const response = await send(accept);
      expect(response.status).toBe(406);
      expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: "BAD_REQUEST" } }] });
      expect(service.simulator.ledger.totalReceived).toBe(before);
    },
  );

  test.each([
    "*/*",
    "application/*",
    "text/html, application/json;q=0.1",
    "application/graphql-response+json",
  ])("is not who takes %s", async (accept) => {
    const response = await send(accept);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      data: { cancelPayment: { cancellation: { status: "SUCCEEDED" } } },
    });
  });
});
