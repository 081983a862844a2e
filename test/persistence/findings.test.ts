import { describe, expect, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { evidenceFinding } from "../../src/cancellation/cancel/finding.js";
import { proven } from "../../src/cancellation/cancel/transitions.js";
import { StaleTransitionError } from "../../src/cancellation/model/errors.js";
import { evidenceInWords } from "../../src/cancellation/model/outcome.js";
import { answerAbout } from "../../src/persistence/encryptor.js";
import { step, STORE } from "../helpers/ledger.js";
import { useRecovery } from "../helpers/recovery.js";

const fixture = useRecovery();
const SEEN = evidenceFinding("LOOKUP", {
  ...evidenceInWords("seen"),
  httpStatus: 200,
  resultCode: "0",
  requestId: "REQ-9",
  timestamp: "2027-01-01T00:00:00Z",
  digest: "d".repeat(64),
  rawAnswer: '{"resultCode":"0"}',
});

async function numbersOf(id: string): Promise<number[]> {
  const rows = await fixture.sql(
    "SELECT number FROM cancellation_event WHERE cancellation_id = $1 ORDER BY number",
    [id],
  );
  return rows.map(({ number }) => number as number);
}

describe("a finding", () => {
  test("becomes an event that leaves the status, the plan and who is in charge as they are", async () => {
    const { unknown } = await fixture.inDoubt();
    expect(await fixture.ledger.recordFinding(unknown, SEEN)).toBe(true);
    const [events] = await fixture.history.events([unknown]);
    const [row] = await fixture.sql(
      "SELECT answer_sealed AS sealed, answer_key_id AS key_id FROM cancellation_event WHERE cancellation_id = $1 AND number = 3",
      [unknown.id],
    );

    expect(await fixture.now(unknown)).toEqual(unknown);
    expect(events?.at(-1)).toMatchObject({
      from: "UNKNOWN",
      to: "UNKNOWN",
      source: "LOOKUP",
      evidence: { basis: "seen", httpStatus: 200, requestId: "REQ-9", digest: "d".repeat(64) },
    });
    const encrypted = { bytes: Uint8Array.from(row.sealed), keyId: row.key_id };
    expect(fixture.encryptor.decrypt(encrypted, answerAbout(unknown)).toString()).toBe('{"resultCode":"0"}');
  });

  test("is kept whoever is in charge, and whatever the state", async () => {
    const { one, pending } = await fixture.pending();
    expect(await fixture.ledger.recordFinding(pending, SEEN)).toBe(true);
    const done = await fixture.ledger.recordTransition(pending, step(one, "accepted"));
    await fixture.sql("UPDATE cancellation SET fencing_token = 9 WHERE id = $1", [done.id]);
    expect(await fixture.ledger.recordFinding(done, SEEN)).toBe(true);
    expect((await fixture.now(done)).status).toBe("SUCCEEDED");
    expect(await numbersOf(done.id)).toEqual([1, 2, 3, 4]);
  });

  test("of a cancellation that is not there is not kept, and says so", async () => {
    expect(await fixture.ledger.recordFinding({ storeId: STORE.id, id: randomUUID() }, SEEN)).toBe(false);
    const { unknown } = await fixture.inDoubt();
    expect(await fixture.ledger.recordFinding({ storeId: "OTHER", id: unknown.id }, SEEN)).toBe(false);
    expect(await numbersOf(unknown.id)).toEqual([1, 2]);
  });

  test("settles what has succeeded and is awaited, once", async () => {
    const { one, pending } = await fixture.pending();
    const settling = { ...SEEN, source: "WEBHOOK" as const, settlement: "VOIDED" as const };
    expect(await fixture.ledger.recordFinding(pending, settling)).toBe(false);
    const done = await fixture.ledger.recordTransition(pending, step(one, "accepted"));
    const attempts = await Promise.all(
      Array.from({ length: 5 }, () => fixture.ledger.recordFinding(done, settling)),
    );
    expect(attempts.filter((kept) => kept)).toHaveLength(1);
    expect((await fixture.now(done)).settlement).toBe("VOIDED");
    expect(await fixture.ledger.recordFinding(done, { ...settling, settlement: "REFUND_REQUESTED" })).toBe(
      false,
    );
    expect((await fixture.now(done)).settlement).toBe("VOIDED");
  });

  test("settles nothing of what failed or is in doubt", async () => {
    const { unknown } = await fixture.inDoubt();
    const failed = await fixture.pending();
    await fixture.ledger.recordTransition(failed.pending, step(failed.one, "rejected"));
    for (const one of [unknown, failed.pending]) {
      expect(await fixture.ledger.recordFinding(one, { ...SEEN, settlement: "VOIDED" })).toBe(false);
      expect((await fixture.now(one)).settlement).toBeNull();
    }
  });
});

test("events are numbered from 1 without a gap while 20 findings and steps race, and the order's total counts it once", async () => {
  const { unknown } = await fixture.inDoubt();
  const results = await Promise.allSettled(
    Array.from({ length: 20 }, (_, n) =>
      n % 4 === 0
        ? fixture.ledger.recordTransition(unknown, proven("LOOKUP", evidenceInWords(`step ${n}`)))
        : fixture.ledger.recordFinding(unknown, SEEN),
    ),
  );
  const lost = results.flatMap((result) => (result.status === "rejected" ? [result.reason as unknown] : []));
  const totals = await fixture.history.orderTotals(STORE.id, unknown.orderNo);
  const [events] = await fixture.history.events([unknown]);

  expect(lost).toHaveLength(4);
  for (const error of lost) expect(error).toBeInstanceOf(StaleTransitionError);
  expect(await numbersOf(unknown.id)).toEqual(Array.from({ length: 2 + 15 + 1 }, (_, n) => n + 1));
  expect(events?.filter(({ from, to }) => from !== to).map(({ to }) => to)).toEqual([
    "PENDING",
    "UNKNOWN",
    "SUCCEEDED",
  ]);
  expect(totals.cancelledTotal.toFixed()).toBe("1000");
});

test("the trail reads as one story: each event begins where the one before ended, and no later one is earlier", async () => {
  const { unknown } = await fixture.inDoubt();
  await Promise.all([
    fixture.ledger.recordFinding(unknown, SEEN),
    fixture.ledger.recordTransition(unknown, proven("LOOKUP", evidenceInWords("so"))),
    fixture.ledger.recordFinding(unknown, SEEN),
  ]);
  const [events = []] = await fixture.history.events([unknown]);
  events.reduce((before, event) => {
    expect(event.from).toBe(before.to);
    expect(event.at.getTime()).toBeGreaterThanOrEqual(before.at.getTime());
    return event;
  });
});
