import type { FastifyInstance } from "fastify";
import type { ExportResult } from "./exports/export-limits.js";
import { collectDefaultMetrics, Counter, Gauge, Registry } from "prom-client";
import { singleFlight } from "./single-flight.js";

/** The open cancellations of one status. */
export interface OpenCancellations {
  readonly status: string;
  readonly count: number;
  /** Age of the oldest of them. */
  readonly oldestSeconds: number;
}

/** The access key of one store. */
export interface ExpiringAccessKey {
  readonly storeId: string;
  /** Negative once it has expired. */
  readonly expiresInSeconds: number;
}

/**
 * What this process counts. A label's values are words of ours, or stores of the configuration, from a short list: never anything a caller or EBP sent,
 * which would be published, and would make a time series each.
 */
export interface Metrics {
  webhookReceived(result: "stored" | "repeated" | "refused"): void;
  /** Counts of one run of the reconciler, by what was done. */
  reconciled(counts: Readonly<Record<string, number>>): void;
  /** Has them read whenever somebody looks. A reading that fails, or takes too long, leaves them out of that look. */
  openCancellations(read: () => Promise<readonly OpenCancellations[]>): void;
  /** Has them read whenever somebody looks. */
  accessKeys(read: () => readonly ExpiringAccessKey[]): void;
  /** Two pieces of evidence about one cancellation that cannot both be right. */
  contradiction(): void;
  /** The database was seen to have gone back in time. */
  wentBack(): void;
  /** A request refused, or answered in part, because more was asked than can be served. */
  shed(what: ShedLoad): void;
  /** A request refused because its caller has used up a minute's worth. */
  rateLimited(what: "mutation" | "query" | "refusal"): void;
  /** Has those who follow changes counted whenever somebody looks. */
  followers(count: () => number): void;
  /** One turned away: all places of its caller, or of this process, are taken. */
  followerRefused(who: "caller" | "replica"): void;
  /** Changes that could not be announced. */
  notAnnounced(): void;
  /** An export has ended, having sent so many rows. */
  exported(result: ExportResult, rows: number): void;
  /** All of it, in Prometheus' text format. */
  expose(): Promise<{ readonly contentType: string; readonly text: string }>;
}

/** What could not keep up: the connections for cancelling, those for reading, or the process. */
export type ShedLoad = "mutation" | "query" | "request";

/**
 * - completed: all of it was sent.
 * - cut: its client hung up or read too slowly, it took too long, or the service was stopped.
 * - failed: it could not be read.
 */
export interface MetricsOptions {
  /** Prometheus gives a whole look 10 s unless told otherwise. */
  readonly readTimeoutMs?: number;
}

const READ_TIMEOUT_MS = 5_000;

export function createMetrics({ readTimeoutMs = READ_TIMEOUT_MS }: MetricsOptions = {}): Metrics {
  // Not prom-client's global one: two services in one process, as in tests, would count into each other's.
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });

  const webhooks = new Counter({
    name: "ebp_webhooks_total",
    help: "Webhooks received, by what became of them.",
    labelNames: ["result"],
    registers,
  });
  // A rate needs a beginning: without it, the first of its kind would not show as a change.
  for (const result of ["stored", "repeated", "refused"]) webhooks.inc({ result }, 0);
  const reconciled = new Counter({
    name: "ebp_reconciled_total",
    help: "Cancellations and webhooks the reconciler has dealt with, by what was done.",
    labelNames: ["what"],
    registers,
  });
  const contradictions = new Counter({
    name: "ebp_contradictions_total",
    help: "Pieces of evidence that contradict what a cancellation was taken for.",
    registers,
  });
  const wentBack = new Counter({
    name: "ebp_database_went_back_total",
    help: "Times this replica saw that the database had gone back in time: a standby was promoted, or a backup restored.",
    registers,
  });
  const shed = new Counter({
    name: "ebp_shed_total",
    help: "Requests not served because more was asked than can be: mutations and queries by the database's connections, requests by the event loop.",
    labelNames: ["what"],
    registers,
  });
  for (const what of ["mutation", "query", "request"]) shed.inc({ what }, 0);
  const rateLimited = new Counter({
    name: "ebp_rate_limited_total",
    help: "Requests refused because their caller had used up what a minute allows.",
    labelNames: ["what"],
    registers,
  });
  for (const what of ["mutation", "query", "refusal"]) rateLimited.inc({ what }, 0);
  const followers = new Gauge({
    name: "ebp_followers",
    help: "Subscriptions that follow changes in this process now.",
    registers,
  });
  const followersRefused = new Counter({
    name: "ebp_followers_refused_total",
    help: "Subscriptions refused because all places were taken: those of their caller, or of this process.",
    labelNames: ["whose"],
    registers,
  });
  for (const whose of ["caller", "replica"]) followersRefused.inc({ whose }, 0);
  const notAnnounced = new Counter({
    name: "ebp_announcements_lost_total",
    help: "Announcements of changes that failed: who follows them learns of them later.",
    registers,
  });
  const exports = new Counter({
    name: "ebp_exports_total",
    help: "Exports begun and ended, by what became of them.",
    labelNames: ["result"],
    registers,
  });
  for (const result of ["completed", "cut", "failed"]) exports.inc({ result }, 0);
  const exportedRows = new Counter({
    name: "ebp_exported_rows_total",
    help: "Cancellations sent in exports.",
    registers,
  });
  const readErrors = new Counter({
    name: "ebp_metrics_read_errors_total",
    help: "Looks at these metrics in which the open cancellations could not be read.",
    registers,
  });
  const open = new Gauge({
    name: "ebp_open_cancellations",
    help: "Cancellations whose outcome is not known, by status.",
    labelNames: ["status"],
    registers,
  });
  const oldest = new Gauge({
    name: "ebp_oldest_open_cancellation_seconds",
    help: "Age of the oldest cancellation whose outcome is not known, by status.",
    labelNames: ["status"],
    registers,
  });
  const accessKeys = new Gauge({
    name: "ebp_access_key_expires_in_seconds",
    help: "How long the access key of a store will work, by store; negative once it has expired.",
    labelNames: ["store"],
    registers,
  });

  let countFollowers = (): number => 0;
  let readAccessKeys: () => readonly ExpiringAccessKey[] = () => [];
  let readOpen: () => Promise<readonly OpenCancellations[]> = () => Promise.resolve([]);

  /** An old number would look like a present one, so what was read before goes first. */
  function show(cancellations: readonly OpenCancellations[]): void {
    open.reset();
    oldest.reset();
    for (const { status, count, oldestSeconds } of cancellations) {
      open.set({ status }, count);
      oldest.set({ status }, oldestSeconds);
    }
  }

  return {
    webhookReceived: (result) => webhooks.inc({ result }),
    reconciled: (counts) => {
      for (const [what, count] of Object.entries(counts)) reconciled.inc({ what }, count);
    },
    openCancellations: (read) => {
      readOpen = singleFlight(read, readTimeoutMs);
    },
    accessKeys: (read) => {
      readAccessKeys = read;
    },
    contradiction: () => contradictions.inc(),
    wentBack: () => wentBack.inc(),
    shed: (what) => shed.inc({ what }),
    rateLimited: (what) => rateLimited.inc({ what }),
    followers: (count) => {
      countFollowers = count;
    },
    followerRefused: (whose) => followersRefused.inc({ whose }),
    notAnnounced: () => notAnnounced.inc(),
    exported: (result, rows) => {
      exports.inc({ result });
      exportedRows.inc(rows);
    },
    expose: async () => {
      followers.set(countFollowers());
      for (const { storeId, expiresInSeconds } of readAccessKeys())
        accessKeys.set({ store: storeId }, expiresInSeconds);
      try {
        show(await readOpen());
      } catch {
        readErrors.inc();
        show([]);
      }
      return { contentType: registry.contentType, text: await registry.metrics() };
    },
  };
}

/** `GET /metrics`. */
export function addMetrics(app: FastifyInstance, metrics: Pick<Metrics, "expose">): void {
  app.get("/metrics", async (_request, reply) => {
    const { contentType, text } = await metrics.expose();
    return reply.type(contentType).send(text);
  });
}
