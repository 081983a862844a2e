import { describe, expect, test } from "@jest/globals";
import { evidenceFinding, lateFinding } from "../../../src/cancellation/cancel/finding.js";
import { proven } from "../../../src/cancellation/cancel/transitions.js";
import { matchClaimed } from "../../../src/cancellation/reconcile/match-webhook.js";
import { evidenceInWords } from "../../../src/cancellation/model/outcome.js";
import { createEncryptor } from "../../../src/persistence/encryptor.js";
import { reencrypt } from "../../../src/persistence/reencrypt.js";
import { readArchivedEvidence } from "../../../src/persistence/retention/archived-evidence.js";
import { retain } from "../../../src/persistence/retention/retain.js";
import { Decimal } from "../../../src/cancellation/model/decimal.js";
import { archivedById, filesIn, linesIn, useFolders } from "../../helpers/archives.js";
import { STORE } from "../../helpers/ledger.js";
import { useRecovery } from "../../helpers/recovery.js";
import { KEY_A, OLDEST } from "../../helpers/reencrypt.js";
import { MONTHS, movedBy, useRetention } from "../../helpers/retention.js";
import { storeWebhook } from "../../helpers/webhooks.js";

const fixture = useRecovery();
const { run, decided, letAge, before } = useRetention(fixture);
const newFolder = useFolders();
const OLD = MONTHS + 1;
const CANCELLATIONS = `cancellations of ${STORE.id}`;

async function rowOf(id: string): Promise<any> {
  const [row] = await fixture.sql("SELECT * FROM cancellation WHERE id = $1", [id]);
  return row;
}

async function numbersOf(id: string): Promise<number[]> {
  const rows = await fixture.sql(
    "SELECT number FROM cancellation_event WHERE cancellation_id = $1 ORDER BY number",
    [id],
  );
  return rows.map(({ number }) => number as number);
}

/** Something is learnt of one that is decided, which changes nothing. */
function learn(id: string): Promise<boolean> {
  const finding = evidenceFinding("LOOKUP", { ...evidenceInWords("learnt late"), rawAnswer: "late" });
  return fixture.ledger.recordFinding({ storeId: STORE.id, id }, finding);
}

describe("between a file and the removal of what it has", () => {
  test("an event that comes in stays, under the next number, and is archived by a later run", async () => {
    const folder = await newFolder();
    const { id } = await decided("accepted", OLD);
    const first = await run(folder, { prisma: before("retention: remove", () => learn(id)) });
    expect(movedBy(first)[CANCELLATIONS]).toBe(1);
    expect(await numbersOf(id)).toEqual([3]);
    const { archived_at: since } = await rowOf(id);

    await letAge({ id }, OLD);
    const second = await run(folder);
    expect(movedBy(second)[CANCELLATIONS]).toBe(1);
    expect(await numbersOf(id)).toEqual([]);
    const row = await rowOf(id);
    expect(row.archived_at.getTime()).toBeGreaterThan(since.getTime());
    expect(row.event_count).toBe(3);
    const archived = archivedById(await linesIn(folder)).get(id);
    expect(archived?.events.map(({ number }: any) => number)).toEqual([1, 2, 3]);
    expect(await filesIn(folder)).toHaveLength(2);
  });

  test("what was sealed with another key stays, and is archived as it is then by the next run", async () => {
    const folder = await newFolder();
    const { id } = await decided("rejected", OLD);
    const toA = createEncryptor([KEY_A, OLDEST]);
    const move = (): Promise<unknown> => reencrypt({ prisma: fixture.prisma, encryptor: toA });
    const first = await run(folder, { prisma: before("retention: remove", move) });
    expect(first.archived[0]).toMatchObject({ due: 1, moved: 0 });
    expect(await rowOf(id)).toMatchObject({ archived_at: null, refund_account_key_id: "a" });
    expect(await numbersOf(id)).toEqual([1, 2]);

    expect(movedBy(await run(folder))[CANCELLATIONS]).toBe(1);
    const keys = (await linesIn(folder)).map(({ cancellation }) => cancellation.refund_account_key_id);
    expect(keys).toEqual(["test", "a"]);
  });

  test("one that somebody is writing is left, and nobody waits", async () => {
    const folder = await newFolder();
    const [held, free] = [await decided("accepted", OLD), await decided("accepted", OLD)];
    await fixture.prisma.$transaction(async (writer) => {
      await writer.$executeRaw`UPDATE cancellation SET lookups = lookups + 1 WHERE id = ${held.id}::uuid`;
      const result = await run(folder);
      expect(result.archived[0]).toMatchObject({ due: 2, moved: 1 });
    });
    expect((await rowOf(free.id)).archived_at).not.toBeNull();
    expect((await rowOf(held.id)).archived_at).toBeNull();
    expect(movedBy(await run(folder))[CANCELLATIONS]).toBe(1);
  });

  test("a cancel of the same order is taken, and moves the total", async () => {
    const one = await decided("accepted", OLD);
    const orderNo = one.request.orderNo;
    const { pending } = await fixture.pending({ orderNo });
    await fixture.prisma.$transaction(async (other) => {
      // As whoever writes an outcome has it.
      await other.$queryRaw`SELECT FROM cancelled_order WHERE order_no = ${orderNo} FOR UPDATE`;
      expect(movedBy(await run(await newFolder()))[CANCELLATIONS]).toBe(1);
    });
    expect((await fixture.now(pending)).status).toBe("PENDING");
    expect((await fixture.history.orderTotals(STORE.id, orderNo)).cancelledTotal.toFixed()).toBe("1000");
  });
});

describe("what is archived", () => {
  test("is told of as decided as before, without note and account, and says since when", async () => {
    const one = await decided("rejected", OLD);
    const then = await fixture.now(one);
    await run(await newFolder());
    expect(await fixture.now(one)).toEqual({
      ...then,
      note: null,
      refundAccount: null,
      archivedAt: expect.any(Date),
    });
  });

  test("is settled by a webhook that comes late, with the next number", async () => {
    const one = await decided("accepted", OLD);
    const folder = await newFolder();
    await run(folder);
    const amount = one.request.totalCancelAmount;
    const { digest } = await storeWebhook(fixture, { orderNo: one.request.orderNo, amount });
    const parts = { inbox: fixture.inbox, onContradiction: () => undefined };
    expect(await matchClaimed(parts, { digest, isLast: false })).toBe("matched");
    expect((await fixture.now(one)).settlement).toBe("REFUND_REQUESTED");
    expect(await numbersOf(one.id)).toEqual([3]);
    // It is of today: somebody may still have to see it.
    expect(movedBy(await run(folder))[CANCELLATIONS]).toBe(0);
    expect(await numbersOf(one.id)).toEqual([3]);
  });

  test("still has a proof against it recorded, with a discrepancy, and is not safe to retry", async () => {
    const one = await decided("rejected", OLD);
    await run(await newFolder());
    const finding = lateFinding(
      await fixture.now(one),
      proven("LOOKUP", evidenceInWords("it was cancelled")),
    );
    expect(finding.contradicts).toBe(true);
    expect(await fixture.ledger.recordFinding({ storeId: STORE.id, id: one.id }, finding)).toBe(true);
    const now = await fixture.now(one);
    expect(now).toMatchObject({ status: "FAILED", safeToRetry: false, discrepancies: [{ field: "status" }] });
    expect(await numbersOf(one.id)).toEqual([3]);
  });

  test("opens with the keys it was sealed with", async () => {
    const folder = await newFolder();
    const one = await decided("rejected", OLD);
    await run(folder);
    const [file = ""] = await filesIn(folder);
    const evidence = await readArchivedEvidence(
      fixture.prisma,
      fixture.encryptor,
      one.id,
      `${folder}/${file}`,
    );
    expect(evidence.map(({ what, text }) => [what, text])).toEqual([["RESPONSE", "{}"]]);
    const line = (await linesIn(folder))[0].cancellation;
    const sealed = Uint8Array.from(Buffer.from(line.refund_account_sealed, "base64"));
    const owner = { storeId: STORE.id, id: one.id };
    const account = fixture.encryptor.decryptAccount(
      { bytes: sealed, keyId: line.refund_account_key_id },
      owner,
    );
    expect(account).toEqual(one.request.refundAccount);
  });
});

describe("what stays", () => {
  test("is what is in doubt, however old, and what was decided lately", async () => {
    const { unknown } = await fixture.inDoubt();
    await letAge(unknown, OLD);
    await fixture.sql("UPDATE cancellation SET created_at = created_at - interval '10 years' WHERE id = $1", [
      unknown.id,
    ]);
    const young = await decided("accepted", MONTHS - 1);
    const result = await run(await newFolder());
    expect(result.archived.filter(({ due }) => due > 0)).toEqual([]);
    expect(await numbersOf(unknown.id)).toEqual([1, 2]);
    expect(await numbersOf(young.id)).toEqual([1, 2]);
  });

  test("is what a webhook has told: a body that comes again is the same event, and what was captured is known", async () => {
    const { digest, body } = await storeWebhook(fixture, {
      kind: "CAPTURED",
      orderNo: "ORD-1",
      amount: new Decimal(5_000),
    });
    const parts = { inbox: fixture.inbox, onContradiction: () => undefined };
    expect(await matchClaimed(parts, { digest, isLast: false })).toBe("ignored");
    await fixture.sql(`UPDATE webhook_event SET received_at = now() - make_interval(months => ${OLD})`);
    expect(movedBy(await run(await newFolder()))["webhooks"]).toBe(1);
    const again = await storeWebhook(fixture, { kind: "CAPTURED" }, { body: body.toString() });
    expect(again.result).toBe("repeated");
    const { unknown } = await fixture.inDoubt({ orderNo: "ORD-1" });
    await fixture.letBeDue(unknown);
    const [claim] = await fixture.queue.claimDue(1);
    const opened = claim === undefined ? null : await fixture.queue.open(claim);
    expect(opened?.capturedAmount?.toFixed()).toBe("5000");
  });
});

test("what is archived stands in nobody's way who moves the rest to another key", async () => {
  const [old, young] = [await decided("rejected", OLD), await decided("rejected", 1)];
  await storeWebhook(fixture, { kind: "CAPTURED" });
  await fixture.sql(`UPDATE webhook_event SET received_at = now() - make_interval(months => ${OLD})`);
  await run(await newFolder());
  const result = await reencrypt({ prisma: fixture.prisma, encryptor: createEncryptor([KEY_A, OLDEST]) });
  expect(result).toMatchObject({ end: "done", moved: 2, unopenable: 0 });
  expect((await rowOf(old.id)).refund_account_key_id).toBeNull();
  expect((await rowOf(young.id)).refund_account_key_id).toBe("a");
});

test("two at a time: the second says that there is another, and does nothing", async () => {
  const folder = await newFolder();
  await decided("accepted", OLD);
  const second: unknown[] = [];
  const parts = { prisma: fixture.prisma, databaseUrl: fixture.databaseUrl, olderThanMonths: MONTHS, folder };
  const first = await run(folder, {
    prisma: before("retention: rows", async () => second.push(await retain(parts))),
  });
  expect(second).toEqual([null]);
  expect(movedBy(first)[CANCELLATIONS]).toBe(1);
  expect(await filesIn(folder)).toHaveLength(1);
});

test("stopped on the way, it has finished the file it was at, and the next run goes on", async () => {
  const folder = await newFolder();
  for (let n = 0; n < 5; n += 1) await decided("accepted", OLD);
  let files = 0;
  const stopped = await run(folder, {
    prisma: before("retention: remove", () => Promise.resolve((files += 1))),
    isStopping: () => files > 0,
  });
  expect(stopped).toMatchObject({ end: "stopped", partial: [] });
  expect(movedBy(stopped)[CANCELLATIONS]).toBe(2);
  expect(movedBy(await run(folder))[CANCELLATIONS]).toBe(3);
});
