import type { Cancellation } from "../../src/cancellation/model/cancellation.js";
import type { CancelRequest } from "../../src/cancellation/model/cancel-request.js";
import type { CancelIntent } from "../../src/cancellation/model/cancellation-ledger.js";
import type { RecoveryQueue } from "../../src/cancellation/model/recovery-queue.js";
import type { WebhookInbox } from "../../src/cancellation/model/webhook-inbox.js";
import { createEncryptor, type Encryptor } from "../../src/persistence/encryptor.js";
import type { PrismaClient } from "../../src/persistence/generated/client.js";
import { createRecoveryQueue } from "../../src/persistence/recovery-queue.js";
import { throughPrisma } from "../../src/persistence/client.js";
import { RecentRecords } from "../../src/persistence/recent-records.js";
import { createWebhookInbox } from "../../src/persistence/webhook-inbox.js";
import { createPrisma, openSql } from "./connection.js";
import { intent, recorded, step, STORE, TIMING, useLedger, watchOver, type LedgerFixture } from "./ledger.js";
import { useStarted } from "./started.js";

export interface RecoveryFixture {
  readonly databaseUrl: string;
  readonly ledger: LedgerFixture["ledger"];
  readonly history: LedgerFixture["history"];
  readonly queue: RecoveryQueue;
  readonly inbox: WebhookInbox;
  readonly prisma: PrismaClient;
  /** As the ledger seals. */
  readonly encryptor: Encryptor;
  /** What the inbox has stored. */
  readonly recent: RecentRecords;
  /** Another replica's, with connections of its own. */
  anotherInbox(): WebhookInbox;
  /** The same. */
  anotherQueue(storeIds?: readonly string[]): RecoveryQueue;
  sql(text: string, values?: readonly unknown[]): Promise<any[]>;
  /** The row as it stands. */
  now(reference: Pick<Cancellation, "id">): Promise<Cancellation>;
  /** A cancellation whose intent is committed. */
  pending(changes?: Partial<CancelRequest>): Promise<{ one: CancelIntent; pending: Cancellation }>;
  /** A cancellation that came into doubt just now. */
  inDoubt(changes?: Partial<CancelRequest>): Promise<{ one: CancelIntent; unknown: Cancellation }>;
  /** Lets it be due, and have been in doubt for so much longer. */
  letBeDue(reference: Pick<Cancellation, "id">, interval?: string): Promise<void>;
}

/** What recovery works with, on a database of its own, for the tests of one file. */
export function useRecovery(): RecoveryFixture {
  const fixture = useLedger();
  const encryptor = createEncryptor([{ id: "test", key: Buffer.alloc(32, 1) }]);
  const recent = new RecentRecords();
  const started = useStarted(async (atEnd) => {
    const runner = openSql(fixture.databaseUrl);
    atEnd(() => runner.close());
    const connect = (): PrismaClient => {
      const prisma = createPrisma(fixture.databaseUrl);
      atEnd(() => prisma.$disconnect());
      return prisma;
    };
    const prisma = connect();
    return { runner, connect, prisma, watch: await watchOver(throughPrisma(prisma)) };
  });

  const openInbox = (prisma: PrismaClient): WebhookInbox =>
    createWebhookInbox({
      prisma,
      storeIds: [STORE.id, "OTHER"],
      encryptor,
      watch: started.watch,
      recent,
    });

  const self: RecoveryFixture = {
    get databaseUrl() {
      return fixture.databaseUrl;
    },
    get ledger() {
      return fixture.ledger;
    },
    get history() {
      return fixture.history;
    },
    get queue() {
      return createRecoveryQueue(started.prisma, encryptor, [STORE.id], TIMING);
    },
    get inbox() {
      return openInbox(started.prisma);
    },
    anotherInbox: () => openInbox(started.connect()),
    get prisma() {
      return started.prisma;
    },
    encryptor,
    recent,
    anotherQueue: (storeIds = [STORE.id]) =>
      createRecoveryQueue(started.connect(), encryptor, storeIds, TIMING),
    sql: (text, values) => started.runner.sql(text, values),
    async now({ id }) {
      const found = await fixture.history.find([STORE.id, "OTHER"], id);
      if (found === null) throw new Error(`there is no cancellation ${id}`);
      return found;
    },
    async pending(changes) {
      const one = intent(changes);
      return { one, pending: await recorded(fixture.ledger, one) };
    },
    async inDoubt(changes) {
      const { one, pending } = await self.pending(changes);
      return { one, unknown: await fixture.ledger.recordTransition(pending, step(one, "unknown")) };
    },
    async letBeDue({ id }, interval = "0 s") {
      await self.sql(
        `WITH earlier AS MATERIALIZED (SELECT id, in_doubt_since - $2::interval AS since FROM cancellation WHERE id = $1)
         UPDATE cancellation SET next_check_at = statement_timestamp(), in_doubt_since = since
         FROM earlier WHERE cancellation.id = earlier.id`,
        [id, interval],
      );
    },
  };
  return self;
}
