import { randomUUID } from "node:crypto";
import { v7 as uuidv7 } from "uuid";
import { concludeFromResponse } from "../../src/cancellation/cancel/transitions.js";
import type { CancellationHistory } from "../../src/cancellation/history/history.js";
import type { CancelRequest } from "../../src/cancellation/model/cancel-request.js";
import type {
  CancelIntent,
  CancellationLedger,
  Transition,
} from "../../src/cancellation/model/cancellation-ledger.js";
import type { Cancellation } from "../../src/cancellation/model/cancellation.js";
import type { Store } from "../../src/cancellation/model/store.js";
import { fingerprint } from "../../src/cancellation/request/request-fields.js";
import type { CancelOutcome } from "../../src/cancellation/model/outcome.js";
import { timingOf } from "../../src/cancellation/model/timing.js";
import { createEncryptor } from "../../src/persistence/encryptor.js";
import { createHistory } from "../../src/persistence/history/history.js";
import { createLedger } from "../../src/persistence/ledger.js";
import { DatabaseWatch, openDatabaseHistory } from "../../src/persistence/database-watch.js";
import { type Database, DatabaseClient, throughPrisma } from "../../src/persistence/client.js";
import { CANCELS, DISTRIBUTED_CANCELS } from "../../src/persistence/session.js";
import { createTestDatabase, isOnCitus } from "./database.js";
import { cancelRequest } from "./examples.js";
import { useStarted } from "./started.js";

export const TIMING = timingOf(5_000, 600_000);
export const STORE: Store = { id: "SIM-KR", currencyCode: "KRW", currencyDecimals: 0, amountBasis: "unit" };

export interface LedgerFixture {
  readonly databaseUrl: string;
  readonly ledger: CancellationLedger;
  readonly history: CancellationHistory;
}

/** The ledger and the history on this database, with this key. */
export async function ledgerOn(
  url: string,
  key = Buffer.alloc(32, 1),
): Promise<Omit<LedgerFixture, "databaseUrl"> & { close(): Promise<void> }> {
  const settings = isOnCitus() ? DISTRIBUTED_CANCELS : CANCELS;
  const client = new DatabaseClient(url, { settings, size: 10, prepares: true });
  const encryptor = createEncryptor([{ id: "test", key }]);
  const database = throughPrisma(client.prisma);
  const history = createHistory(client.prisma, encryptor);
  const watch = await watchOver(database);
  return {
    history,
    ledger: createLedger({ database, encryptor, history, timing: TIMING, watch }),
    close: () => client.close(),
  };
}

/** The ledger and the history on a database of their own, for the tests of one file. */
export function useLedger(): LedgerFixture {
  return useStarted(async (atEnd) => {
    const database = await createTestDatabase();
    atEnd(() => database.drop());
    const opened = await ledgerOn(database.url);
    atEnd(() => opened.close());
    return { databaseUrl: database.url, ...opened };
  });
}

/** What every ledger asks before it takes an intent. */
export async function watchOver(database: Database): Promise<DatabaseWatch> {
  const fail = (error: unknown): never => {
    throw error;
  };
  const watch = new DatabaseWatch(await openDatabaseHistory(database, 10_000), {
    onWentBack: () => undefined,
    onFault: fail,
  });
  await watch.look();
  return watch;
}

/** An intent under a key and an order number of its own. */
export function intent(changes: Partial<CancelRequest> = {}): CancelIntent {
  const request = cancelRequest({ idempotencyKey: randomUUID(), orderNo: randomUUID(), ...changes });
  return { id: uuidv7(), store: STORE, request, fingerprint: fingerprint(request), requestedBy: "tester" };
}

export async function recorded(ledger: CancellationLedger, one: CancelIntent): Promise<Cancellation> {
  const result = await ledger.recordIntent(one);
  if (result.kind !== "recorded") throw new Error(`unexpected: ${result.kind}`);
  return result.cancellation;
}

/** The step that an answer of this kind leads to. */
export function step(one: CancelIntent, kind: CancelOutcome["kind"]): Transition {
  const evidence = {
    basis: "a test says so",
    httpStatus: 200,
    resultCode: "0",
    requestId: "REQ-1",
    timestamp: null,
    digest: null,
    rawAnswer: "{}",
  };
  const failure = { cause: "REJECTED", resultCode: "EBP-C-0010", ebpMessage: "no", details: [] } as const;
  const outcome: CancelOutcome =
    kind === "accepted" ? { kind, confirmation: CONFIRMATION, evidence } : { kind, failure, evidence };
  return concludeFromResponse(one, { outcome, sentAgoMs: 5 });
}

/** What EBP confirms when it states as little as it may. */
export const CONFIRMATION = {
  returnRequestId: "RET-1",
  processedCount: 1,
  totalProductAmount: null,
  totalProductTaxAmount: null,
  totalDeliveryAmount: null,
  totalDeliveryTaxAmount: null,
  items: [],
};
