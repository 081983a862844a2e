import { setTimeout as delay } from "node:timers/promises";
import type { FastifyInstance } from "fastify";
import { collectDefaultMetrics, Counter, Gauge, Registry } from "prom-client";

/** The open cancellations of one status. */
export interface OpenCancellations {
  readonly status: string;
  readonly count: number;
  /** Age of the oldest of them. */
  readonly oldestSeconds: number;
}

/** What is read whenever somebody looks. */
export interface Readings {
  /** A reading that fails, or takes too long, leaves them out of that look. */
  readonly openCancellations: () => Promise<readonly OpenCancellations[]>;
  /** How long each store's access key will work; negative once it has expired. */
  readonly accessKeys: () => readonly { readonly storeId: string; readonly expiresInSeconds: number }[];
  readonly followers: () => number;
}

/** Prometheus gives a whole look 10 s unless told otherwise. */
const READ_TIMEOUT_MS = 5_000;

/**
 * What this process counts. A label's values are words of ours, or stores of the configuration, from a short list: never anything a
 * caller or EBP sent, which would be published, and would make a time series each.
 */
export class Metrics {
  // Not prom-client's global one: two services in one process, as in tests, would count into each other's.
  readonly #registry = new Registry();

  readonly cancels = this.#counter(
    "ebp_cancels_total",
    "Cancels that were to be sent, by store, what the send has proven, and EBP's result code.",
    { store: [], outcome: [], result_code: [] },
  );
  readonly authenticationFailures = this.#counter(
    "ebp_authentication_failures_total",
    "Requests whose caller could not be identified, by reason.",
    { reason: ["missing", "invalid", "too_long", "keys_unavailable"] },
  );
  readonly reconcilerLastSuccess = this.#gauge(
    "ebp_reconciler_last_success_timestamp_seconds",
    "When this process last reconciled without a fault, as a Unix time; 0: not yet.",
  );
  readonly webhooks = this.#counter("ebp_webhooks_total", "Webhooks received, by what became of them.", {
    result: ["stored", "repeated", "refused"],
  });
  readonly reconciled = this.#counter(
    "ebp_reconciled_total",
    "Cancellations and webhooks the reconciler has dealt with, by what was done.",
    { what: [] },
  );
  readonly contradictions = this.#counter(
    "ebp_contradictions_total",
    "Pieces of evidence that contradict what a cancellation was taken for.",
  );
  readonly wentBack = this.#counter(
    "ebp_database_went_back_total",
    "Times this replica saw that the database had gone back in time: a standby was promoted, or a backup restored.",
  );
  readonly shed = this.#counter(
    "ebp_shed_total",
    "Requests not served because more was asked than can be: mutations and queries by the database's connections, requests by the event loop.",
    { what: ["mutation", "query", "request"] },
  );
  readonly rateLimited = this.#counter(
    "ebp_rate_limited_total",
    "Requests refused because their caller had used up what a minute allows.",
    { what: ["mutation", "query", "refusal"] },
  );
  readonly followersRefused = this.#counter(
    "ebp_followers_refused_total",
    "Subscriptions refused because all places were taken: those of their caller, or of this process.",
    { whose: ["caller", "replica"] },
  );
  readonly notAnnounced = this.#counter(
    "ebp_announcements_lost_total",
    "Announcements of changes that failed: who follows them learns of them later.",
  );
  readonly exports = this.#counter("ebp_exports_total", "Exports begun and ended, by what became of them.", {
    result: ["completed", "cut", "failed"],
  });
  readonly exportedRows = this.#counter("ebp_exported_rows_total", "Cancellations sent in exports.");

  readonly #readErrors = this.#counter(
    "ebp_metrics_read_errors_total",
    "Looks at these metrics in which the open cancellations could not be read.",
  );
  readonly #followers = this.#gauge(
    "ebp_followers",
    "Subscriptions that follow changes in this process now.",
  );
  readonly #open = this.#gauge(
    "ebp_open_cancellations",
    "Cancellations whose outcome is not known, by status.",
    "status",
  );
  readonly #oldest = this.#gauge(
    "ebp_oldest_open_cancellation_seconds",
    "Age of the oldest cancellation whose outcome is not known, by status.",
    "status",
  );
  readonly #accessKeys = this.#gauge(
    "ebp_access_key_expires_in_seconds",
    "How long the access key of a store will work, by store; negative once it has expired.",
    "store",
  );

  /** @param version of this service. */
  constructor(version: string) {
    collectDefaultMetrics({ register: this.#registry });
    this.#gauge("ebp_build_info", "1, with the versions of this service and of Node.", "version", "node").set(
      { version, node: process.version },
      1,
    );
  }

  /** A rate needs a beginning: the store's usual outcomes are shown from the start. */
  showStore(store: string): void {
    for (const outcome of ["succeeded", "unknown", "not_sent"])
      this.cancels.inc({ store, outcome, result_code: "none" }, 0);
  }

  /** `GET /metrics`: all of it, in Prometheus' text format. */
  serve(app: FastifyInstance, readings: Readings, timeoutMs = READ_TIMEOUT_MS): void {
    const readOpen = singleFlight(readings.openCancellations, timeoutMs);
    app.get("/metrics", async (_request, reply) => {
      this.#followers.set(readings.followers());
      for (const { storeId, expiresInSeconds } of readings.accessKeys())
        this.#accessKeys.set({ store: storeId }, expiresInSeconds);
      try {
        this.#show(await readOpen());
      } catch {
        this.#readErrors.inc();
        this.#show([]);
      }
      return reply.type(this.#registry.contentType).send(await this.#registry.metrics());
    });
  }

  /** An old number would look like a present one, so what was read before goes first. */
  #show(cancellations: readonly OpenCancellations[]): void {
    this.#open.reset();
    this.#oldest.reset();
    for (const { status, count, oldestSeconds } of cancellations) {
      this.#open.set({ status }, count);
      this.#oldest.set({ status }, oldestSeconds);
    }
  }

  /** @param labels each with the values that are shown from the start, where it is the only one: a rate needs a beginning. */
  #counter(name: string, help: string, labels: Readonly<Record<string, readonly string[]>> = {}): Counter {
    const registers = [this.#registry];
    const counter = new Counter({ name, help, labelNames: Object.keys(labels), registers });
    for (const [label, values] of Object.entries(labels))
      for (const value of values) counter.inc({ [label]: value }, 0);
    return counter;
  }

  #gauge(name: string, help: string, ...labelNames: string[]): Gauge {
    return new Gauge({ name, help, labelNames, registers: [this.#registry] });
  }
}

export interface Health {
  /** Why no cancel can be made now, in words for people; null when cancels can be made. */
  readonly whyUnready: () => Promise<string | null>;
  /** Whether more is asked than can be served at this moment. */
  readonly isOverloaded: () => boolean;
  /** What somebody should look at before it stops the work: shown, and no reason to take a replica out. */
  readonly warnings: () => readonly object[];
}

/** Whoever asks, such as a load balancer, has mostly lost patience by then. */
const DATABASE_ANSWERS_WITHIN_MS = 2_000;

/**
 * `/livez`: the process runs. `/readyz`: it can make cancels now, for which the database has to take writes; while it is overloaded others
 * can do more. However many ask, the database is asked by one at a time.
 */
export function addHealth(app: FastifyInstance, health: Health): void {
  const { isOverloaded, warnings } = health;
  const whyUnready = singleFlight(health.whyUnready, DATABASE_ANSWERS_WITHIN_MS);

  app.get("/livez", () => ({ status: "ok" }));

  app.get("/readyz", async (_request, reply) => {
    if (isOverloaded()) {
      const reason = "more is asked than can be served at this moment";
      return reply.code(503).send({ status: "unavailable", reason });
    }
    const reason = await whyUnready().catch(() => "the database does not answer");
    if (reason !== null) return reply.code(503).send({ status: "unavailable", reason });
    const found = warnings();
    return { status: "ok", ...(found.length > 0 && { warnings: found }) };
  });
}

/**
 * Reads once for all who ask at the same time, and does not let them wait longer than this: however often somebody asks, a
 * slow database is asked by one at a time.
 */
function singleFlight<T>(read: () => Promise<T>, timeoutMs: number): () => Promise<T> {
  let underWay: Promise<T> | null = null;
  return async () => {
    underWay ??= Promise.resolve()
      .then(read)
      .finally(() => (underWay = null));
    const answered = new AbortController();
    const tooLate = delay(timeoutMs, undefined, { signal: answered.signal }).then(() => {
      throw new Error("reading took too long");
    });
    return Promise.race([underWay, tooLate]).finally(() => answered.abort());
  };
}
