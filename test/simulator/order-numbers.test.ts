import { expect, test } from "@jest/globals";
import { Decimal } from "../../src/cancellation/model/decimal.js";
import { FORCED_BEHAVIOURS, forcedBehaviour } from "../../simulator/order-numbers.js";
import { cancelRequest } from "../helpers/examples.js";
import { useEbp } from "../helpers/upstream-client.js";

const ebp = useEbp();

/** Time-outs are the behaviour of some of these orders. */
const SHORT_MS = 500;
const SLOW_MS = 1;
const ALWAYS_OPEN = { isOpen: () => true };

test.each(FORCED_BEHAVIOURS)("$prefix $does", async ({ prefix, effect, outcome: expected, answer }) => {
  const simulator = await ebp.simulator({ slowMs: SLOW_MS });
  const client = ebp.client(simulator.url, answer.kind === "silence" ? { timeoutMs: SHORT_MS } : {});
  const orderNo = `${prefix}-42`;
  const { outcome } = await client.cancel(cancelRequest({ orderNo }), "en", ALWAYS_OPEN);
  expect(outcome.kind).toBe(expected);
  simulator.landLateEffects();
  expect(simulator.ledger.received(orderNo)).toHaveLength(1);
  expect(simulator.ledger.effects(orderNo)).toHaveLength(effect ? 1 : 0);
});

test("answers a slow order later than the caller may wait for", async () => {
  const simulator = await ebp.simulator({ slowMs: 60_000 });
  const client = ebp.client(simulator.url, { timeoutMs: SHORT_MS });
  const { outcome } = await client.cancel(cancelRequest({ orderNo: "SIM-SLOW-1" }), "en", ALWAYS_OPEN);
  expect(outcome.kind).toBe("unknown");
  expect(simulator.ledger.effects("SIM-SLOW-1")).toHaveLength(1);
});

test("confirms another total than asked for when a discrepancy is forced", async () => {
  const simulator = await ebp.simulator();
  const request = cancelRequest({ orderNo: "SIM-DISCREPANCY-1" });
  const { outcome } = await ebp.client(simulator.url).cancel(request, "en", ALWAYS_OPEN);
  expect(outcome).toMatchObject({
    kind: "accepted",
    confirmation: { totalProductAmount: new Decimal(1001) },
  });
});

test("words forced errors in the caller's language", async () => {
  const simulator = await ebp.simulator();
  const client = ebp.client(simulator.url);
  const { outcome } = await client.cancel(
    cancelRequest({ orderNo: "SIM-CANCELLATION-FAILED" }),
    "ko",
    ALWAYS_OPEN,
  );
  expect(outcome).toMatchObject({
    kind: "rejected",
    failure: { resultCode: "EBP-C-0010", message: "취소에 실패했습니다" },
  });
});

test("forces nothing for other order numbers", () => {
  expect(forcedBehaviour("ORD-SIM-HTML")).toBeNull();
  expect(forcedBehaviour("SIM-KR-1")).toBeNull();
  expect(forcedBehaviour("SIM-CAPTURED-1000")).toBeNull();
});

test("holds that every prefix reaches its own row", () => {
  for (const row of FORCED_BEHAVIOURS) expect(forcedBehaviour(`${row.prefix}-1`)).toBe(row);
});
