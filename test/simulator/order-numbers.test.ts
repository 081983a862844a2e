import { expect, test } from "@jest/globals";
import { Decimal } from "../../src/cancellation/model/decimal.js";
import { FORCED_BEHAVIOURS, forcedBehaviour } from "../../simulator/order-numbers.js";
import { cancelRequest } from "../helpers/examples.js";
import { useEbp } from "../helpers/upstream-client.js";

const ebp = useEbp();

/** For orders that are never answered. */
const SHORT_MS = 500;

test.each(FORCED_BEHAVIOURS)("$prefix $does", async ({ prefix, effect, outcome: expected, answer }) => {
  const simulator = await ebp.simulator({ slowMs: 1 });
  const client = ebp.client(simulator.url, answer.kind === "silence" ? { timeoutMs: SHORT_MS } : {});
  const orderNo = `${prefix}-42`;
  const { outcome } = await client.cancel(cancelRequest({ orderNo }), "en");
  expect(outcome.kind).toBe(expected);
  simulator.landLateEffects();
  expect(simulator.ledger.received(orderNo)).toHaveLength(1);
  expect(simulator.ledger.effects(orderNo)).toHaveLength(effect ? 1 : 0);
});

test("a slow order is answered later than the caller waits", async () => {
  const simulator = await ebp.simulator({ slowMs: 60_000 });
  const client = ebp.client(simulator.url, { timeoutMs: SHORT_MS });
  const { outcome } = await client.cancel(cancelRequest({ orderNo: "SIM-SLOW-1" }), "en");
  expect(outcome.kind).toBe("unknown");
  expect(simulator.ledger.effects("SIM-SLOW-1")).toHaveLength(1);
});

test("a discrepancy confirms another total than requested", async () => {
  const { url } = await ebp.simulator();
  const { outcome } = await ebp.client(url).cancel(cancelRequest({ orderNo: "SIM-DISCREPANCY-1" }), "en");
  expect(outcome).toMatchObject({
    kind: "accepted",
    confirmation: { totalProductAmount: new Decimal(1001) },
  });
});

test("forced errors are in the caller's language", async () => {
  const { url } = await ebp.simulator();
  const { outcome } = await ebp
    .client(url)
    .cancel(cancelRequest({ orderNo: "SIM-CANCELLATION-FAILED" }), "ko");
  expect(outcome).toMatchObject({
    kind: "rejected",
    failure: { resultCode: "EBP-C-0010", message: "취소에 실패했습니다" },
  });
});

test("every prefix reaches its own row, and other order numbers reach none", () => {
  for (const row of FORCED_BEHAVIOURS) expect(forcedBehaviour(`${row.prefix}-1`)).toBe(row);
  for (const orderNo of ["ORD-SIM-HTML", "SIM-KR-1", "SIM-CAPTURED-1000"])
    expect(forcedBehaviour(orderNo)).toBeNull();
});
