import { randomBytes } from "node:crypto";
import { afterEach } from "@jest/globals";
import type { CancelIntent } from "../../src/cancellation/model/cancellation-ledger.js";
import type { Prisma, PrismaClient } from "../../src/persistence/generated/client.js";
import { createHistory } from "../../src/persistence/history/history.js";
import { readKeptEvidence } from "../../src/persistence/kept-evidence.js";
import { reencrypt, type Reencryption, type ReencryptOptions } from "../../src/persistence/reencrypt.js";
import { createEncryptor, type EncryptionKey, type Encryptor } from "../../src/persistence/encryptor.js";
import type { RecoveryFixture } from "./recovery.js";
import { storeWebhook } from "./webhooks.js";

/** What the fixture seals with. */
export const OLDEST: EncryptionKey = { id: "test", key: Buffer.alloc(32, 1) };
export const KEY_A: EncryptionKey = { id: "a", key: randomBytes(32) };
export const KEY_B: EncryptionKey = { id: "b", key: randomBytes(32) };
export const TABLES = ["cancellation", "cancellation_event", "webhook_event"] as const;
export const ACCOUNT = { accountNumber: "0012345678901", bankCode: "001", accountHolderName: '홍 "길동' };

export const toA = createEncryptor([KEY_A, OLDEST]);

export interface ReencryptFixture {
  readonly run: (encryptor: Encryptor, parts?: Partial<ReencryptOptions>) => Promise<Reencryption>;
  readonly many: (count: number) => Promise<EncryptedRows[]>;
  readonly encryptedRows: () => Promise<EncryptedRows>;
  /** What the tables say, apart from what a run tells. */
  readonly keyIds: () => Promise<Record<string, Record<string, number>>>;
  /** The fixture's connections, with something that happens before each statement of this kind. */
  readonly before: (kind: string, happens: () => Promise<unknown>) => PrismaClient;
  /** Opens all that is sealed of one, as the service does. */
  readonly opened: (one: Pick<EncryptedRows, "one">, encryptor: Encryptor) => Promise<unknown[]>;
}

export interface EncryptedRows {
  readonly one: CancelIntent;
  readonly body: Buffer;
  readonly digest: string;
}

/** What is sealed, and runs that move it, on the database of a fixture; emptied after each test. */
export function useReencrypt(fixture: RecoveryFixture): ReencryptFixture {
  afterEach(() => fixture.sql("TRUNCATE cancelled_order, cancellation, webhook_event CASCADE"));
  return { run, many, encryptedRows, keyIds, before, opened };

  function run(encryptor: Encryptor, parts: Partial<ReencryptOptions> = {}): Promise<Reencryption> {
    return reencrypt({ prisma: fixture.prisma, encryptor, page: { rows: 3, bytes: 1_000_000 }, ...parts });
  }

  /** A cancellation with an account, an answer that proved nothing, and a webhook about its order. */
  async function encryptedRows(): Promise<EncryptedRows> {
    const { one } = await fixture.inDoubt({ refundAccount: ACCOUNT });
    const { digest, body } = await storeWebhook(fixture, { orderNo: one.request.orderNo });
    return { one, digest, body };
  }

  async function many(count: number): Promise<EncryptedRows[]> {
    return Promise.all(Array.from({ length: count }, () => encryptedRows()));
  }

  /** What the tables say, apart from what a run tells. */
  async function keyIds(): Promise<Record<string, Record<string, number>>> {
    const [row] = await fixture.sql(`SELECT
      (SELECT json_object_agg(k, n) FROM (SELECT refund_account_key_id k, count(*) n FROM cancellation WHERE refund_account_key_id IS NOT NULL GROUP BY 1) c) AS cancellation,
      (SELECT json_object_agg(k, n) FROM (SELECT answer_key_id k, count(*) n FROM cancellation_event WHERE answer_key_id IS NOT NULL GROUP BY 1) c) AS cancellation_event,
      (SELECT json_object_agg(k, n) FROM (SELECT body_key_id k, count(*) n FROM webhook_event GROUP BY 1) c) AS webhook_event`);
    return row;
  }

  /** The fixture's connections, with something that happens before each statement of this kind. */
  function before(kind: string, happens: () => Promise<unknown>): PrismaClient {
    const $queryRaw = async (statement: Prisma.Sql): Promise<unknown> => {
      if (statement.sql.includes(kind)) await happens();
      return fixture.prisma.$queryRaw(statement);
    };
    return { $queryRaw } as unknown as PrismaClient;
  }

  /** Opens all that is sealed of one, as the service does. */
  async function opened({ one }: Pick<EncryptedRows, "one">, encryptor: Encryptor): Promise<unknown[]> {
    const known = await createHistory(fixture.prisma, encryptor).findRequestByKey(
      one.store.id,
      one.request.idempotencyKey,
    );
    const evidence = await readKeptEvidence(fixture.prisma, encryptor, one.id);
    return [known?.identity.refundAccount, evidence?.kept.map(({ text }) => text)];
  }
}

export function everywhere(counts: Record<string, number>): Record<string, Record<string, number>> {
  return Object.fromEntries(TABLES.map((table) => [table, counts]));
}

export function told({ tables }: Reencryption): Record<string, Record<string, number>> {
  return Object.fromEntries(tables.map(({ name, byKeyId }) => [name, Object.fromEntries(byKeyId)]));
}
