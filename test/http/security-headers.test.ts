import { connect } from "node:net";
import { describe, expect, test } from "@jest/globals";
import { SIGNATURE_HEADER, signWebhook, TIMESTAMP_HEADER } from "../../src/ebp/signatures.js";
import { addSecurityHeaders } from "../../src/http/security-headers.js";
import { createHttpServer } from "../../src/http/server.js";
import { WEBHOOK_SECRET, useService } from "../helpers/service.js";
import { webhookBody } from "../helpers/webhooks.js";

const service = useService();

const JSON_TYPE = { "content-type": "application/json" };
const post = (path: string, body: string, headers: Record<string, string> = JSON_TYPE): Promise<Response> =>
  fetch(service.url + path, { method: "POST", headers, body });
const get = (path: string): Promise<Response> => fetch(service.url + path);

function postWebhook(body: string): Promise<Response> {
  const timestamp = String(Math.floor(Date.now() / 1_000));
  return post("/webhooks/ebp", body, {
    ...JSON_TYPE,
    [SIGNATURE_HEADER]: signWebhook(Buffer.from(body), timestamp, WEBHOOK_SECRET),
    [TIMESTAMP_HEADER]: timestamp,
  });
}

/** Policy by directive. */
function policyOf(headers: Headers): Record<string, string[]> {
  const directives = (headers.get("content-security-policy") ?? "").split(";");
  return Object.fromEntries(
    directives.map((directive) => {
      const [name = "", ...sources] = directive.trim().split(/\s+/u);
      return [name, sources];
    }),
  );
}

describe.each<[what: string, status: number, ask: () => Promise<Response>]>([
  ["a result", 200, () => post("/graphql", '{"query":"{ __typename }"}')],
  ["a mistake", 400, () => post("/graphql", '{"query":"{ nothing }"}')],
  ["no JSON", 400, () => post("/graphql", "{")],
  ["a body too large", 413, () => post("/graphql", "x".repeat(200_000))],
  ["a type that is not taken", 415, () => post("/graphql", "x", { "content-type": "text/html" })],
  ["a query by GET", 200, () => fetch(`${service.url}/graphql?query={__typename}`, { headers: JSON_TYPE })],
  ["a webhook", 200, () => postWebhook(webhookBody("PAYMENT_VOIDED", "ORD-1", 1))],
  ["a forged webhook", 401, () => post("/webhooks/ebp", "{}")],
  ["a check of life", 200, () => get("/livez")],
  ["a check of readiness", 200, () => get("/readyz")],
  ["the metrics", 200, () => get("/metrics")],
  ["an address that is not there", 404, () => get("/nothing")],
  ["an address that cannot be decoded", 400, () => get("/%zz")],
])("the answer to %s", (_what, expected, ask) => {
  test("lets a browser do nothing with it, keep it nowhere, and says nothing of the software", async () => {
    const { headers, status } = await ask();
    expect(status).toBe(expected);
    expect(policyOf(headers)).toEqual({ "default-src": ["'none'"], "frame-ancestors": ["'none'"] });
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("cache-control")).toBe("no-store");
    // On loopback it would take plain http away from everything else there.
    expect(headers.get("strict-transport-security")).toBeNull();
    for (const name of ["x-powered-by", "server"]) expect(headers.get(name)).toBeNull();
  });
});

test("every request that is understood is answered with the whole set", async () => {
  const { headers } = await get("/livez");
  expect(headers.get("referrer-policy")).toBe("no-referrer");
  expect(headers.get("x-frame-options")).toBe("DENY");
  expect(headers.get("cross-origin-resource-policy")).toBe("same-origin");
});

test("what is refused before it is looked at has them too", async () => {
  const app = createHttpServer({ logLevel: "silent" });
  addSecurityHeaders(app, { https: true });
  app.addHook("onRequest", (_request, reply) => reply.code(503).send({}));
  const url = await app.listen({ host: "127.0.0.1", port: 0 });
  const { status, headers } = await fetch(url);
  await app.close();
  expect(status).toBe(503);
  expect(policyOf(headers)).toEqual({ "default-src": ["'none'"], "frame-ancestors": ["'none'"] });
  expect(headers.get("strict-transport-security")).toBe("max-age=31536000");
  expect(headers.get("cache-control")).toBe("no-store");
});

test("also what is not HTTP is answered with a policy", async () => {
  const answer = await new Promise<string>((resolve, reject) => {
    let received = "";
    const socket = connect(Number(new URL(service.url).port), "127.0.0.1", () =>
      socket.write("no HTTP\r\n\r\n"),
    );
    socket.setEncoding("utf8").on("data", (text) => (received += String(text)));
    socket.on("close", () => resolve(received)).on("error", reject);
  });
  expect(answer).toMatch(/^HTTP\/1\.1 400 /u);
  expect(answer).toMatch(/\r\ncontent-security-policy: default-src 'none';frame-ancestors 'none'\r\n/u);
  expect(answer).toMatch(/\r\ncache-control: no-store\r\n/u);
});

describe("the Sandbox page", () => {
  test("may frame Apollo's Sandbox, load nothing else, run no script but its own, and call this service alone", async () => {
    const { headers } = await get("/");
    expect(policyOf(headers)).toEqual({
      "default-src": ["'none'"],
      "script-src": [expect.stringMatching(/^'nonce-.+'$/u)],
      "style-src": [expect.stringMatching(/^'nonce-.+'$/u)],
      "frame-src": ["https://sandbox.embed.apollographql.com"],
      "connect-src": ["'self'"],
      "base-uri": ["'none'"],
      "form-action": ["'none'"],
      "frame-ancestors": ["'none'"],
    });
    expect(headers.get("cross-origin-opener-policy")).toBe("same-origin-allow-popups");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("cache-control")).toBe("no-store");
  });

  test("has no script, style or handler in it that its own policy would stop", async () => {
    const response = await get("/");
    const page = await response.text();
    const policy = policyOf(response.headers);
    const nonce = /^'nonce-(?<nonce>.+)'$/u.exec(policy["script-src"]?.[0] ?? "")?.groups?.["nonce"];
    expect(policy["style-src"]).toEqual([`'nonce-${nonce}'`]);
    const elements = [...page.matchAll(/<(?<name>script|style)(?<attributes>[^>]*)>/gu)];
    expect(elements.map(({ groups }) => groups?.["name"])).toEqual(["style", "script"]);
    // No source: a script of another server could be another one tomorrow.
    for (const { groups } of elements) expect(groups?.["attributes"]).toBe(` nonce="${nonce}"`);
    expect(page).not.toMatch(/<(?:link|img|base|object|embed)\b|@import|import\s*\(/iu);
    expect(page).not.toMatch(/\son\w+\s*=|\sstyle=|javascript:/iu);
  });

  test("has another nonce each time", async () => {
    const policies = await Promise.all([get("/"), get("/")]);
    const [one, other] = policies.map(({ headers }) => policyOf(headers)["script-src"]?.[0]);
    expect(one).not.toBe(other);
  });
});
