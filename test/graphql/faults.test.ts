import { GraphQLError } from "graphql";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { logFaults } from "../../src/graphql/plugins/errors.js";
import { CANCEL, cancelInput } from "../helpers/operations.js";
import { createTestDatabase } from "../helpers/database.js";
import { ACCOUNT, NAME, NUMBER } from "../helpers/refusals.js";
import { runService, urlOf, type ServiceProcess } from "../helpers/service-process.js";

/** Words of the libraries and the server behind this service. */
const NOT_OURS = /prisma|postgres|database|relation|pg_|econn|query(?:raw)|invocation|adapter|\bat \//iu;

const OURS = ["INTERNAL_SERVER_ERROR", /^Something went wrong on our side\..+x-request-id/u] as const;

let service: ServiceProcess;
let url: string;

beforeAll(async () => {
  const database = await createTestDatabase();
  service = runService({
    DATABASE_URL: database.url,
    PORT: "0",
    LOG_LEVEL: "trace",
    SHUTDOWN_GRACE_MS: "1000",
  });
  url = await urlOf(service);
  // Connections to it are open then, as in a service that has been running.
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
  await database.drop();
});

afterAll(async () => {
  service.kill("SIGTERM");
  // A cancel whose intent might have been stored is left: it is in the log, and the code says so.
  expect(await service.ended).toBe(1);
});

async function post(query: string, variables?: object): Promise<{ response: Response; text: string }> {
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify({ query, variables });
  const response = await fetch(`${url}/graphql`, { method: "POST", headers, body });
  return { response, text: await response.text() };
}

describe("when the database is gone", () => {
  test.each([
    [
      "a cancel",
      CANCEL,
      { input: cancelInput({ refundAccount: ACCOUNT }) },
      "cancelPayment",
      "SERVICE_UNAVAILABLE",
      /^This call sent nothing.+not known right now.+Repeat it with the same key\..+x-request-id/u,
    ],
    ["a query", "{ cancellations { edges { node { id } } } }", undefined, "cancellations", ...OURS],
    [
      "a total, whatever it is called",
      '{ order(orderNo: "1") { total: cancelledTotal } }',
      undefined,
      "cancelledTotal",
      ...OURS,
    ],
  ])(
    "%s is answered without a word of a library, and logged with the request's id",
    async (_what, query, variables, field, code, message) => {
      const { response, text } = await post(query, variables);
      const requestId = response.headers.get("x-request-id");
      expect(JSON.parse(text)).toEqual({
        errors: [
          {
            message: expect.stringMatching(message),
            locations: expect.anything(),
            path: field === "cancelledTotal" ? ["order", "total"] : [field],
            extensions: { code, nextAction: "RETRY_SAME_KEY", requestId },
          },
        ],
        // A field that may be null takes the fault alone.
        data: field === "cancelledTotal" ? { order: { total: null } } : null,
        extensions: { cost: expect.any(Number) },
      });
      expect(text).not.toMatch(NOT_OURS);
      await service.output(new RegExp(`"requestId":"${requestId}".+"msg":"answered"`, "u"));
      const faults = service.log().filter((line) => line.requestId === requestId && line.level === 50);
      expect(faults).toEqual([
        expect.objectContaining({
          err: expect.objectContaining({ stack: expect.any(String) }),
          field,
        }),
      ]);
      for (const word of [NUMBER, NUMBER.slice(0, -4), ...NAME.split(" ")])
        expect(service.stdout).not.toContain(word);
    },
  );

  test("it is alive, and says that it is not ready", async () => {
    expect((await fetch(`${url}/livez`)).status).toBe(200);
    const ready = await fetch(`${url}/readyz`);
    expect(ready.status).toBe(503);
    expect(await ready.json()).toEqual({ status: "unavailable", reason: "the database does not answer" });
  });
});

test("a fault that many fields meet with is logged once", () => {
  const [one, other] = [new Error("one"), new Error("other")];
  const logged: unknown[] = [];
  const log = { error: (told: unknown): void => void logged.push(told) };
  const errors = [one, one, other, one].map(
    (originalError, index) => new GraphQLError("failed", { originalError, path: ["field", index] }),
  );
  logFaults(log as Parameters<typeof logFaults>[0], errors, "request-1");

  expect(logged).toMatchObject([
    { err: one, requestId: "request-1" },
    { err: other, requestId: "request-1" },
  ]);
});
