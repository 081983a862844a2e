import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { readFileSync } from "node:fs";
import { startService, type TestService } from "../helpers/service.js";
import { CRASHES } from "./crashes.js";
import { DOUBTS } from "./doubts.js";
import { EBP_ANSWERS } from "./scenario.js";
import { FORGETTING } from "./forgetting.js";
import { STOPS } from "./stops.js";
import { WEBHOOKS } from "./webhooks.js";

const SCENARIOS = { ...DOUBTS, ...CRASHES, ...STOPS, ...WEBHOOKS, ...FORGETTING };

/** The first cell of each row of the README's table. */
function rows(): string[] {
  const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
  const section = readme.split("## What happens when…")[1]?.split("\n## ")[0] ?? "";
  const lines = section.split("\n").filter((line) => line.startsWith("| "));
  return lines.slice(2).map((line) => line.split("|")[1]?.trim() ?? "");
}

test("every row of the README is a test here, and every test a row", () => {
  expect(rows().sort()).toEqual(Object.keys(SCENARIOS).sort());
});

describe("what the README says happens when", () => {
  let service: TestService;
  beforeEach(async () => {
    service = await startService({
      environment: { EBP_TIMEOUT_MS: "1500" },
      simulator: { slowMs: 150, lateMs: 3_600_000, beforeAnswer: () => EBP_ANSWERS.pass() },
    });
  });
  afterEach(() => {
    EBP_ANSWERS.open();
    return service.close();
  });

  test.each(Object.entries(SCENARIOS))("%s", (_when, scenario) => scenario(service));
});
