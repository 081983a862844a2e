import { afterEach, beforeEach, expect, test } from "@jest/globals";
import type { FastifyInstance } from "fastify";
import { addLoadShedding } from "../../src/http/admission.js";
import { createHttpServer } from "../../src/http/server.js";
import { until } from "../helpers/gate.js";

const TURN_MS = 250;
const PATHS = ["/", "/livez", "/metrics", "/webhooks/ebp"];

let app: FastifyInstance;
let isLate: () => boolean;
let shed: number;
let busy: boolean;
beforeEach(async () => {
  [shed, busy] = [0, false];
  app = createHttpServer({ logLevel: "silent" });
  isLate = addLoadShedding(app, { routes: ["/graphql"], maxDelayMs: 200, onShed: () => (shed += 1) });
  for (const url of ["/graphql", ...PATHS])
    app.route({ method: ["GET", "POST"], url, handler: () => ({ url }) });
  await app.ready();
});
afterEach(async () => {
  busy = false;
  await app.close();
});

/** Keeps the event loop as busy as more work than it can do would. */
function turn(): void {
  const end = performance.now() + TURN_MS;
  while (performance.now() < end);
  if (busy) setImmediate(turn);
}

const statusOf = async (url: string): Promise<number> => (await app.inject({ url })).statusCode;

test("a process that cannot keep up refuses requests of the route and no others, before their bodies are read", async () => {
  expect(await statusOf("/graphql")).toBe(200);
  expect([isLate(), shed]).toEqual([false, 0]);

  busy = true;
  turn();
  await until(isLate);
  const headers = { "content-type": "application/json" };
  const answer = await app.inject({ method: "POST", url: "/graphql?a=b", headers, payload: "{ not JSON" });
  expect([answer.statusCode, shed]).toEqual([503, 1]);
  expect(answer.headers).toMatchObject({
    "retry-after": "1",
    "content-type": "application/json; charset=utf-8",
  });
  expect(answer.json().errors[0].extensions).toEqual({ code: "SERVICE_UNAVAILABLE", retryAfterSeconds: 1 });
  for (const path of PATHS) expect(await statusOf(path)).toBe(200);
  expect(shed).toBe(1);

  busy = false;
  await until(() => !isLate());
  expect(await statusOf("/graphql")).toBe(200);
});
