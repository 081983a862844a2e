import { expect, test } from "@jest/globals";
import { GraphQLError } from "graphql";
import { logFaults } from "../../../src/graphql/plugins/report-faults.js";

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
