import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { v7 as uuidv7 } from "uuid";
import type { CancellationLedger, CancelIntent } from "../../src/cancellation/cancellation-ledger.js";
import type { Cancellation } from "../../src/cancellation/cancellation.js";
import { concludeFromResponse } from "../../src/cancellation/conclude.js";
import type { CancellationHistory } from "../../src/cancellation/history.js";
import { recordOutcome } from "../../src/cancellation/record-outcome.js";
import { fingerprint } from "../../src/cancellation/same-request.js";
import { createAccountCipher } from "../../src/persistence/account-cipher.js";
import type { PrismaClient } from "../../src/persistence/generated/client.js";
import { createPrismaHistory } from "../../src/persistence/prisma-history.js";
import { createPrismaLedger } from "../../src/persistence/prisma-ledger.js";
import { createPrisma } from "../../src/persistence/prisma.js";
import { databaseUrl, withConnection } from "../helpers/connection.js";
import { createTestDatabase, type TestDatabase } from "../helpers/database.js";
import { cancelRequest } from "../helpers/examples.js";

const STORE = { id: "SIM-KR", currencyCode: "KRW", currencyDecimals: 0, amountBasis: "unit" } as const;

let database: TestDatabase;
let prisma: PrismaClient;
let history: CancellationHistory;
let ledger: CancellationLedger;
beforeAll(async () => {
  database = await createTestDatabase();
  prisma = createPrisma(database.url);
  const cipher = createAccountCipher([{ id: "test", key: Buffer.alloc(32, 1) }]);
  history = createPrismaHistory(prisma, cipher);
  ledger = createPrismaLedger(prisma, cipher, history);
});
afterAll(async () => {
  await prisma.$disconnect();
  await database.drop();
});

async function pendingCancel(): Promise<{ intent: CancelIntent; pending: Cancellation }> {
  const request = cancelRequest({ idempotencyKey: randomUUID(), orderNo: randomUUID() });
  const intent = {
    id: uuidv7(),
    store: STORE,
    request,
    fingerprint: fingerprint(request),
    requestedBy: null,
  };
  const result = await ledger.recordIntent(intent);
  if (result.kind !== "recorded") throw new Error(`unexpected: ${result.kind}`);
  return { intent, pending: result.cancellation };
}

/** What EBP's rejection leads to: any decided outcome would do. */
function rejection(intent: CancelIntent) {
  const evidence = {
    basis: "a test says so",
    httpStatus: 500,
    resultCode: "EBP-C-0010",
    requestId: "REQ-1",
    timestamp: null,
    digest: null,
    rawAnswer: null,
  };
  const failure = { resultCode: "EBP-C-0010", message: "no", details: [] };
  return concludeFromResponse(intent, { outcome: { kind: "rejected", failure, evidence }, sentAgoMs: 1 });
}

/** Whether the database takes connections; without, those it has are cut. */
async function letIn(allowed: boolean): Promise<void> {
  const name = new URL(database.url).pathname.slice(1);
  await withConnection(databaseUrl(database.url, "postgres"), async (client) => {
    await client.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS ${allowed}`);
    if (!allowed) {
      await client.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", [name]);
    }
  });
}

test("an outcome is tried again while the database is away, told each time, and stored when it is back", async () => {
  const { intent, pending } = await pendingCancel();
  const told: string[] = [];
  await letIn(false);
  let back: Promise<void> | undefined;
  const recorded = await recordOutcome(
    {
      ledger,
      waitMs: 20_000,
      onNotRecorded: (_error, { id }, { to, evidence }) => {
        told.push(`${id} ${to} ${evidence.requestId}`);
        if (told.length === 2) back = letIn(true);
      },
    },
    pending,
    rejection(intent),
  );
  await back;

  expect(told.length).toBeGreaterThanOrEqual(2);
  expect(new Set(told)).toEqual(new Set([`${pending.id} FAILED REQ-1`]));
  expect(recorded.status).toBe("FAILED");
  expect(await history.find([STORE.id], pending.id)).toEqual(recorded);
});

test("a caller who has waited long enough gets it as PENDING, and the outcome is stored all the same", async () => {
  const { intent, pending } = await pendingCancel();
  let open = (): void => undefined;
  const away = new Promise<void>((resolve) => (open = resolve));
  const slow: CancellationLedger = {
    ...ledger,
    recordTransition: (before, step) => away.then(() => ledger.recordTransition(before, step)),
  };
  const parts = { ledger: slow, waitMs: 1, onNotRecorded: () => undefined };
  const answered = await recordOutcome(parts, pending, rejection(intent));
  open();

  expect(answered).toEqual(pending);
  expect((await ledger.awaitOutcome(pending, 20_000)).status).toBe("FAILED");
});

test("an outcome that was stored, its acknowledgement lost, is not stored twice", async () => {
  const { intent, pending } = await pendingCancel();
  let attempts = 0;
  const forgetful: CancellationLedger = {
    ...ledger,
    async recordTransition(before, step) {
      const moved = await ledger.recordTransition(before, step);
      attempts += 1;
      if (attempts === 1) throw new Error("the connection was cut during COMMIT");
      return moved;
    },
  };
  const parts = { ledger: forgetful, waitMs: 20_000, onNotRecorded: () => undefined };
  const recorded = await recordOutcome(parts, pending, rejection(intent));
  const [events] = await history.events([pending]);

  expect(attempts).toBe(1);
  expect(recorded.status).toBe("FAILED");
  expect(events).toHaveLength(2);
});
