import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { readFileSync } from "node:fs";
import { useService } from "../helpers/service.js";
import { CRASHES } from "./crashes.js";
import { DOUBTS } from "./doubts.js";
import { EBP_ANSWERS } from "./scenario.js";
import { STOPS } from "./stops.js";
import { WEBHOOKS } from "./webhooks.js";

const SCENARIOS = { ...DOUBTS, ...STOPS, ...WEBHOOKS, ...CRASHES };

/** The first cell of each row of a document's table. */
function rows(file: string): string[] {
  const text = readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");
  const section = text.split("## What happens when…")[1]?.split("\n## ")[0] ?? "";
  const lines = section.split("\n").filter((line) => line.startsWith("| "));
  return lines.slice(2).map((line) => line.split("|")[1]?.trim() ?? "");
}

test("every row of docs/operations.md is a test here, and every test a row", () => {
  expect(rows("docs/operations.md").sort()).toEqual(Object.keys(SCENARIOS).sort());
});

test("every row of the README is a row of docs/operations.md", () => {
  expect(rows("docs/operations.md")).toEqual(expect.arrayContaining(rows("README.md")));
  expect(rows("README.md")).toHaveLength(6);
});

describe("what docs/operations.md says happens when", () => {
  const service = useService({
    // However long a slow machine takes to connect anew, the time to send is not over by then. Without the short grace, a stop
    // would wait for an intent that nobody sends any more until its lease has ended.
    environment: { EBP_TIMEOUT_MS: "60000", SHUTDOWN_GRACE_MS: "1000" },
    simulator: { slowMs: 150, lateMs: 3_600_000, beforeAnswer: () => EBP_ANSWERS.pass() },
  });
  // What one scenario leaves open, the next one's reconciler would look at.
  beforeEach(() =>
    service.sql(
      "TRUNCATE cancellation, cancellation_item, cancellation_event, cancelled_order, webhook_event",
    ),
  );
  afterEach(() => EBP_ANSWERS.open());

  test.each(Object.entries(SCENARIOS))("%s", (_when, scenario) => scenario(service));
});
