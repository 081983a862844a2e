import { expect, test } from "@jest/globals";
import {
  createLiveStatus,
  LIVE_STATUS_LIMIT_MS,
  MAX_LIVE_QUESTIONS,
  type PaymentDisplay,
  type ShownPayment,
} from "../../../src/cancellation/history/live-status.js";
import { createGate } from "../../helpers/gate.js";

const SHOWN: ShownPayment = {
  paymentStatus: "CAPTURED",
  cancels: "UNCANCELLED",
  requestId: "1767129253910",
  unavailable: null,
};
const NOW = new Date("2027-03-01T09:00:00.000Z");

test("a live status is what EBP showed, and when; queries beyond the limit are refused at once, until there is room", async () => {
  const gate = createGate();
  const asked: unknown[] = [];
  const gateway: PaymentDisplay = {
    async showPayment(...question) {
      asked.push(question);
      await gate.pass();
      return SHOWN;
    },
  };
  const ask = createLiveStatus({ gateway, now: () => NOW });
  expect(await ask("S", "O")).toEqual({ ...SHOWN, checkedAt: NOW });
  expect(asked.splice(0)).toEqual([["S", "O", LIVE_STATUS_LIMIT_MS]]);
  gate.close();
  const underWay = Array.from({ length: MAX_LIVE_QUESTIONS }, (_, n) => ask("S", `O-${n}`));
  expect(await ask("S", "ONE-MORE")).toEqual({
    paymentStatus: null,
    cancels: null,
    requestId: null,
    unavailable: { reason: "TOO_MANY", resultCode: null },
    checkedAt: NOW,
  });
  expect(asked).toHaveLength(MAX_LIVE_QUESTIONS);
  gate.open();
  for (const { paymentStatus } of await Promise.all(underWay)) expect(paymentStatus).toBe("CAPTURED");
  expect((await ask("S", "ONE-MORE")).unavailable).toBeNull();
});

test("a failed query gives its place back", async () => {
  const failing = { showPayment: () => Promise.reject(new Error("put together wrongly")) };
  const ask = createLiveStatus({ gateway: failing, now: () => NOW });
  for (let count = 0; count <= MAX_LIVE_QUESTIONS; count += 1)
    await expect(ask("S", "O")).rejects.toThrow("put together wrongly");
});
