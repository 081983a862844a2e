import { expect, test } from "@jest/globals";
import { withdrawIntent } from "../../src/cancellation/cancel/withdraw-intent.js";
import { intent, recorded, STORE, useLedger } from "../helpers/ledger.js";

const fixture = useLedger();
const NOBODY_TOLD = { waitMs: 20_000, onNotRecorded: () => undefined, onContradiction: () => undefined };

test("an intent that was committed, and nobody was told of it, ends as not sent: its order is open again", async () => {
  const one = intent();
  const pending = await recorded(fixture.ledger, one);
  let away = 1;
  const ledger: typeof fixture.ledger = {
    ...fixture.ledger,
    find: (...args) => (away-- > 0 ? Promise.reject(new Error("away")) : fixture.ledger.find(...args)),
  };
  await withdrawIntent({ ...NOBODY_TOLD, ledger }, one);

  expect(await fixture.history.find([STORE.id], pending.id)).toMatchObject({
    status: "FAILED",
    failureKind: "NOT_SENT",
    safeToRetry: true,
    resolvedBy: "RESPONSE",
  });
  expect((await fixture.ledger.recordIntent(intent({ orderNo: one.request.orderNo }))).kind).toBe("recorded");
});

test("an intent that was not committed leaves nothing behind", async () => {
  const one = intent();
  await withdrawIntent({ ...NOBODY_TOLD, ledger: fixture.ledger }, one);
  expect(await fixture.history.find([STORE.id], one.id)).toBeNull();
});
