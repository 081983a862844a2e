import { Recordings } from "./cancellation/cancel/record-outcome.js";
import { createCursors, type Cursors } from "./cancellation/history/cursors.js";
import type { CancellationHistory, OpenExport } from "./cancellation/history/history.js";
import type { CancellationLedger, OnContradiction } from "./cancellation/model/cancellation-ledger.js";
import type { Store, Stores } from "./cancellation/model/store.js";
import type { WebhookInbox } from "./cancellation/model/webhook-inbox.js";
import { UnresolvedWatch, reconcile, type ReconcileCounts } from "./cancellation/reconcile/reconcile.js";
import type { LiveChangesDependencies } from "./cancellation/live/live-changes.js";
import type { RecoveryQueue } from "./cancellation/model/recovery-queue.js";
import { timingOf, type Timing } from "./cancellation/model/timing.js";
import type { Config } from "./config/config.js";
import { createEbpClient, type EbpClient } from "./ebp/ebp-client.js";
import { createEncryptor, type EncryptionKey } from "./persistence/encryptor.js";
import { createExports } from "./persistence/history/exports.js";
import { DatabaseClient, throughPrisma } from "./persistence/client.js";
import { createChangeAnnouncer, createChangeListener } from "./persistence/change-notifications.js";
import { createChangeLog } from "./persistence/change-log.js";
import { createHistory } from "./persistence/history/history.js";
import { createLedger } from "./persistence/ledger.js";
import { createRecoveryQueue } from "./persistence/recovery-queue.js";
import { createWebhookInbox } from "./persistence/webhook-inbox.js";
import { COUNTERS, createRateLimiters, type RateLimiters } from "./persistence/rate-limiter.js";
import { whyUnready } from "./persistence/database-watch.js";
import { RecentRecords } from "./persistence/recent-records.js";
import { CANCELS, DISTRIBUTED_CANCELS, READS } from "./persistence/session.js";
import { encryptionKeys, enterAgainOn, openDatabase, openWatch } from "./process/database.js";
import type { Log } from "./process/log.js";
import type { Releases } from "./process/releases.js";
import { openUpstream, type Upstream } from "./process/upstream.js";

/** Everything behind the API: what the service and `npm run reconcile` have in common. */
export interface Core {
  readonly stores: Stores;
  readonly timing: Timing;
  readonly upstream: Upstream;
  readonly gateway: EbpClient;
  readonly ledger: CancellationLedger;
  readonly history: CancellationHistory;
  /** The same history, read on the connections of what moves money: what a mutation shows must not wait behind those who only read. */
  readonly ledgerHistory: CancellationHistory;
  readonly cursors: Cursors;
  readonly openExport: OpenExport;
  readonly queue: RecoveryQueue;
  readonly inbox: WebhookInbox;
  readonly unresolved: UnresolvedWatch;
  readonly onContradiction: OnContradiction;
  readonly recordings: Recordings;
  readonly rateLimiters: RateLimiters;
  /** What live subscriptions follow. */
  readonly changes: Pick<LiveChangesDependencies, "log" | "hints">;
  /** Why no cancel can be made now, shown at /readyz; null when cancels can be made. */
  whyUnready(): Promise<string | null>;
  /** Whether those who come now would wait too long for a connection. */
  isSaturated(what: "reads" | "cancels"): boolean;
  /** Looks at all that is in doubt, once. */
  reconcile(isStopping?: () => boolean): Promise<ReconcileCounts>;
}

export interface CoreEvents {
  /** A proof has come in against what was decided. */
  readonly onContradiction?: () => void;
  /** Changes were committed, and could not be announced. */
  readonly onNotAnnounced?: () => void;
  /** The database was seen to have gone back in time. */
  readonly onWentBack?: () => void;
  /** The clock by which a doubt's settling time is counted here; this process's own unless a test lets time pass. */
  readonly monotonicMs?: () => number;
}

/** Of the connections. Batches need few; recovery and what a mutation shows come beside them. */
const CANCELS_SHARE = 0.6;

export async function openCore(
  config: Config,
  log: Log,
  releases: Releases,
  events: CoreEvents = {},
): Promise<Core> {
  const { url, isPooled, isCitus } = await openDatabase(config, log, releases);
  if (isPooled)
    log.warn("a pooler stands before the database: statements are not prepared, which costs more of both");
  // Connections of their own for what moves money, and for what finds out whether it moved: however many read, an outcome finds one.
  const forCancels = Math.round(config.databasePoolSize * CANCELS_SHARE);
  const cancels = new DatabaseClient(url, {
    settings: isCitus ? DISTRIBUTED_CANCELS : CANCELS,
    size: forCancels,
    prepares: !isPooled,
  });
  const reads = new DatabaseClient(url, {
    settings: READS,
    size: config.databasePoolSize - forCancels,
    prepares: !isPooled,
  });
  releases.add("the database connections", () => Promise.all([cancels.close(), reads.close()]));
  const database = throughPrisma(cancels.prisma);
  const watch = await openWatch({
    database,
    clients: [cancels, reads],
    holdMs: config.recoveryHoldMs,
    log,
    releases,
    onWentBack: () => events.onWentBack?.(),
  });
  // Tells other replicas of what is committed here, and hears of what they commit.
  let isLossTold = false;
  const announcer = createChangeAnnouncer({
    database: throughPrisma(reads.prisma),
    onLost: (error) => {
      events.onNotAnnounced?.();
      if (!isLossTold)
        log.error({ err: error }, "announcing changes failed: who follows them learns of them later");
      isLossTold = true;
    },
  });
  releases.add("the announcer of changes", () => announcer.close());
  const listener = createChangeListener({
    databaseUrl: url,
    onBroken: (error) =>
      log.error({ err: error }, "listening for changes was interrupted; it is tried again"),
    onMended: () => log.info("changes are listened for again"),
  });
  releases.add("the listener for changes", () => listener.close());
  const counters = config.rateLimits.store === "postgres" ? new DatabaseClient(url, COUNTERS) : null;
  if (counters !== null) releases.add("the shared rate limits", () => counters.close());
  const rateLimiters = createRateLimiters({
    ...config.rateLimits,
    database: counters && throughPrisma(counters.prisma),
    onStoreAway: (error) =>
      log.error({ err: error }, "the shared rate limits cannot be reached; this replica counts by itself"),
  });
  // After EBP has answered, and before the first connection to the database is closed.
  const recordings = new Recordings();
  releases.add("what has to be stored", () => recordings.settled());

  const upstream = await openUpstream(config, log, releases);
  const gateway = createEbpClient({
    stores: upstream.stores,
    timeoutMs: config.ebpTimeoutMs,
    connectionPerCancel: config.connectionPerCancel,
    paymentStatuses: config.paymentStatuses,
  });
  releases.add("the connections to EBP", () => gateway.close());

  const stores = storesOf(config);
  const storeIds = [...stores.keys()];
  const timing = timingOf(config.ebpTimeoutMs, config.ebpSettlingMs);
  const keys = await encryptionKeys(config);
  const encryptor = createEncryptor(keys);
  const ledgerHistory = createHistory(cancels.prisma, encryptor);
  const recent = new RecentRecords();
  const ledgerParts = {
    database,
    encryptor,
    history: ledgerHistory,
    timing,
    announce: announcer.announce,
    watch,
  };
  const unresolved = new UnresolvedWatch(events.monotonicMs ?? (() => performance.now()));
  const ledger = createLedger({ ...ledgerParts, recent, onInDoubt: (id) => unresolved.see(id) });
  const queue = createRecoveryQueue(cancels.prisma, encryptor, storeIds, timing);
  const inbox = createWebhookInbox({
    prisma: cancels.prisma,
    storeIds,
    encryptor,
    watch,
    announce: announcer.announce,
    recent,
  });
  const onContradiction: OnContradiction = ({ id, status }, { source, evidence, discrepancies }) => {
    const { rawAnswer: _, ...shown } = evidence;
    log.error(
      { cancellationId: id, status, by: source, discrepancies, evidence: shown },
      "something has come in that does not agree with what a cancellation is taken for: a person has to look at both, and ask EBP",
    );
    events.onContradiction?.();
  };
  // What is entered again is remembered already.
  enterAgainOn(
    watch,
    {
      ledger: createLedger(ledgerParts),
      prisma: cancels.prisma,
      recent,
      leaseMs: timing.leaseMs,
      onContradiction,
    },
    log,
  );
  return {
    stores,
    timing,
    upstream,
    gateway,
    ledger,
    history: createHistory(reads.prisma, encryptor),
    ledgerHistory,
    cursors: createCursors(secretsOf(keys)),
    openExport: createExports(url),
    queue,
    inbox,
    unresolved,
    onContradiction,
    recordings,
    rateLimiters,
    changes: { log: createChangeLog(reads.prisma, storeIds), hints: listener },
    // Not on the connections for reading: when those are all in use the database is up, and cancels are served.
    whyUnready: () => whyUnready(watch),
    isSaturated: (what) => (what === "reads" ? reads.isSaturated : cancels.isSaturated || ledger.isSaturated),
    reconcile: (isStopping = () => false) =>
      // Nothing is decided by what a database shows that has forgotten some of it.
      reconcile({
        ledger,
        queue,
        inbox,
        gateway,
        timing,
        unresolved,
        onContradiction,
        onRowFailed: (error, what) =>
          log.error({ err: error, ...what }, "looking at what is in doubt failed; its turn comes again"),
        isStopping: () => isStopping() || watch.heldForMs > 0,
      }),
  };
}

function storesOf(config: Config): Stores {
  return new Map(
    config.stores.map(({ storeId: id, currencyCode, currencyDecimals, amountBasis }): [string, Store] => [
      id,
      { id, currencyCode, currencyDecimals, amountBasis },
    ]),
  );
}

/** All replicas have them, so each reads on where another has stopped. */
function secretsOf([newest, ...older]: readonly [EncryptionKey, ...EncryptionKey[]]): [Buffer, ...Buffer[]] {
  return [newest.key, ...older.map(({ key }) => key)];
}
