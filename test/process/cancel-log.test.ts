import { expect, test } from "@jest/globals";
import type { Transition } from "../../src/cancellation/model/cancellation-ledger.js";
import { failureOf, type FailureCause, type FailureKind } from "../../src/cancellation/model/outcome.js";
import { createCancelLog, type Log } from "../../src/process/log.js";
import { intent } from "../helpers/ledger.js";

type Line = readonly [level: string, details: any, message: string];

function record(): { readonly lines: Line[]; readonly log: Log } {
  const lines: Line[] = [];
  const at = (level: string) => (details: object | string, message?: string) =>
    void lines.push([level, details, message ?? ""]);
  return { lines, log: { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") } };
}

function step(to: Transition["to"], failureKind: FailureKind | null, cause: FailureCause): Transition {
  return { to, failureKind, failure: failureOf(cause) } as Transition;
}

test("the log warns of each cancel whose outcome is not known, with its id", () => {
  const { lines, log } = record();
  const { onOutcome } = createCancelLog(log, log);
  for (let times = 0; times < 2; times += 1) {
    const one = intent();
    onOutcome(one, step("UNKNOWN", "IN_DOUBT", "TIMED_OUT"));
    expect(lines.at(-1)).toEqual([
      "warn",
      {
        storeId: one.store.id,
        cancellationId: one.id,
        orderNo: one.request.orderNo,
        cause: "TIMED_OUT",
        resultCode: null,
      },
      "it is not known whether this cancel moved money",
    ]);
  }
  expect(lines).toHaveLength(2);
});

test("the log has one line a minute and store while cancels do not reach EBP, with their number", () => {
  const { lines, log } = record();
  let nowMs = 0;
  const { onOutcome } = createCancelLog(log, log, () => nowMs);
  const notSent = (): void => onOutcome(intent(), step("FAILED", "NOT_SENT", "NOT_CONNECTED"));
  notSent();
  for (let times = 0; times < 5; times += 1) notSent();
  nowMs = 60_000;
  notSent();
  expect(lines.map(([level, { count, cause }]) => [level, count, cause])).toEqual([
    ["warn", 1, "NOT_CONNECTED"],
    ["warn", 6, "NOT_CONNECTED"],
  ]);
});

test("the log warns of no cancel that EBP has accepted or rejected", () => {
  const { lines, log } = record();
  const { onOutcome } = createCancelLog(log, log);
  onOutcome(intent(), { to: "SUCCEEDED", failureKind: null, failure: null } as Transition);
  onOutcome(intent(), step("FAILED", "REJECTED", "REJECTED"));
  expect(lines).toEqual([]);
});
