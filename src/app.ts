import { setTimeout as delay } from "node:timers/promises";
import type { FastifyInstance } from "fastify";
import { v7 as uuidv7 } from "uuid";
import { receiveWebhook } from "./cancellation/reconcile/match-webhook.js";
import { LiveChanges } from "./cancellation/live/live-changes.js";
import type { CancelIntent, Transition } from "./cancellation/model/cancellation-ledger.js";
import { createLiveStatus } from "./cancellation/history/live-status.js";
import type { ReconcileCounts } from "./cancellation/reconcile/reconcile.js";
import type { Config } from "./config/config.js";
import { openCore, type Core, type CoreEvents } from "./core.js";
import { PUBLISHED_CODE } from "./ebp/answer.js";
import { createWebhookReader } from "./ebp/webhook.js";
import { MAX_COST } from "./graphql/plugins/limits.js";
import { rateLimitBucket } from "./graphql/plugins/rate-limits.js";
import { GRAPHIQL_PAGE } from "./graphql/graphiql-page.js";
import { SANDBOX_PAGE } from "./graphql/sandbox-page.js";
import { buildGraphQLSchema } from "./graphql/schema.js";
import { STREAM_PATH } from "./graphql/stream.js";
import { addGraphQL } from "./graphql/server.js";
import { isLoopback } from "./config/settings.js";
import { addExports, EXPORT_PATHS } from "./http/exports/exports.js";
import { addLoadShedding, identifyCallers } from "./http/admission.js";
import { addCors } from "./http/cors.js";
import { addExplorer } from "./http/explorer.js";
import { addHealth, Metrics } from "./http/monitoring.js";
import { addSecurityHeaders, serveLocalOnly } from "./http/security-headers.js";
import { createHttpServer, listen } from "./http/server.js";
import { addWebhooks, WEBHOOK_PATH } from "./http/webhooks.js";
import { watchAccessKeys } from "./process/access-keys.js";
import { openAuthentication } from "./process/authentication.js";
import { createCancelLog, logUnfinished } from "./process/log.js";
import { Releases, startPeriodic, type Periodic } from "./process/releases.js";
import { warnOfUnknownStatuses } from "./process/upstream.js";
import { readVersion } from "./process/version.js";

/** A repeated request waits this much longer than EBP may take, for the first one's outcome to be committed. */
const WAIT_MARGIN_MS = 2_000;

/** Delay for changes whose notification was lost (±50 % jitter). */
const LOOK_BACK_MS = 30_000;

/** The routes of those who call the API, by programs or pages of theirs. */
const CALLERS_ROUTES = ["/graphql", STREAM_PATH, ...EXPORT_PATHS];

const READS_ARE_REFUSED = { message: "more is asked of the history than can be served at this moment" };

export interface App {
  /** Where it listens, such as http://127.0.0.1:4000. */
  readonly url: string;
  readonly log: FastifyInstance["log"];
  /** From now on it is not ready, and connections end with the answer that is under way; requests are served as before. */
  drain(): void;
  /** Does now what is done every RECONCILE_INTERVAL_MS. */
  reconcile(): Promise<ReconcileCounts>;
  /**
   * Stops taking requests, finishes those in flight, stores every known outcome, then releases everything. Safe to call twice.
   * @returns false when that took longer than SHUTDOWN_GRACE_MS: the log then has what could not be stored.
   */
  close(): Promise<boolean>;
}

/** What the parts of the service are made of. */
interface Composition {
  readonly config: Config;
  readonly core: Core;
  readonly metrics: Metrics;
  readonly http: FastifyInstance;
  readonly releases: Releases;
  readonly isDraining: () => boolean;
}

/** The composition root: the one place that knows every part. When the start fails, it releases what it started. */
export async function startApp(
  config: Config,
  { monotonicMs }: Pick<CoreEvents, "monotonicMs"> = {},
): Promise<App> {
  let draining = false;
  const isDraining = (): boolean => draining;
  const http = createHttpServer({ logLevel: config.logLevel, isDraining });
  const releases = new Releases();
  let core: Core | undefined;
  let closing: Promise<boolean> | undefined;
  const close = (): Promise<boolean> => (closing ??= stop());
  async function stop(): Promise<boolean> {
    const released = releases.run((what, error) => http.log.error({ err: error }, `closing ${what} failed`));
    const inTime = new AbortController();
    const late = delay(config.shutdownGraceMs, false, { signal: inTime.signal }).catch(() => true);
    const isDone = await Promise.race([released.then(() => true), late]);
    inTime.abort();
    if (!isDone) logUnfinished(http.log, core?.recordings.giveUp() ?? []);
    return isDone;
  }
  try {
    // Before anything else answers: early refusals have the headers too.
    protect(http, config);
    await addCors(http, { origins: config.corsOrigins, routes: CALLERS_ROUTES });
    const metrics = new Metrics(readVersion());
    for (const { storeId } of config.stores) metrics.showStore(storeId);
    const opened = await openCore(config, http.log, releases, {
      onContradiction: () => metrics.contradictions.inc(),
      onNotAnnounced: () => metrics.notAnnounced.inc(),
      onWentBack: () => metrics.wentBack.inc(),
      ...(monotonicMs !== undefined && { monotonicMs }),
    });
    core = opened;
    const url = await serve({ config, core: opened, metrics, http, releases, isDraining });
    return {
      url,
      log: http.log,
      drain: () => (draining = true),
      reconcile: () => opened.reconcile(),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** @returns where it listens. */
async function serve(composition: Composition): Promise<string> {
  const { config, core, metrics, http, releases } = composition;
  const { history, upstream } = core;
  const always = http.log.level === "silent" ? http.log : http.log.child({}, { level: "info" });
  const cancelLog = createCancelLog(http.log, always);
  const schema = await buildGraphQLSchema({
    ...core,
    ...cancelLog,
    onOutcome: (intent, step) => {
      metrics.cancels.inc(cancelLabels(intent, step));
      cancelLog.onOutcome(intent, step);
    },
    liveStatus: createLiveStatus({ gateway: core.gateway, now: () => new Date() }),
    newId: uuidv7,
    clock: { monotonicMs: () => performance.now(), wallMs: () => Date.now() },
    waitMs: config.ebpTimeoutMs + WAIT_MARGIN_MS,
  });
  const reconciler = startReconciler(composition);

  const { authenticate, hasKeys } = openAuthentication(config, [...core.stores.keys()], http.log, releases);
  const admission = identifyCallers(authenticate, {
    barredFor: (caller) => core.rateLimiters.barredFor(rateLimitBucket(caller, [])),
    countRefusal: (caller) => core.rateLimiters.countRefusal(rateLimitBucket(caller, [])),
    onUnidentified: (reason) => metrics.authenticationFailures.inc({ reason }),
    onBarred: () => metrics.rateLimited.inc({ what: "refusal" }),
  });
  releases.add("the HTTP server", () => http.close());
  const accessKeys = watchAccessKeys(config, http.log, releases);
  warnOfUnknownStatuses(config, http.log);
  const isLate = addLoadShedding(http, {
    routes: CALLERS_ROUTES,
    maxDelayMs: config.maxEventLoopDelayMs,
    onShed: () => metrics.shed.inc({ what: "request" }),
  });
  addHealth(http, {
    whyUnready: () => {
      if (composition.isDraining()) return Promise.resolve("the service is stopping");
      if (!hasKeys()) return Promise.resolve("the keys of callers' tokens could not be fetched yet");
      return core.whyUnready();
    },
    // Not for reads: a replica that is taken out for them would serve no cancels either.
    isOverloaded: () => isLate() || core.isSaturated("cancels"),
    warnings: () => [...accessKeys.warnings(), ...(core.isSaturated("reads") ? [READS_ARE_REFUSED] : [])],
  });
  const changes = openLiveChanges(composition);
  const metricsHttp = config.metricsPort === null ? http : createHttpServer({ logLevel: config.logLevel });
  if (metricsHttp !== http) protect(metricsHttp, config);
  metrics.serve(metricsHttp, {
    openCancellations: () => history.openByStatus(),
    accessKeys: () => accessKeys.remaining(),
    followers: () => changes.followerCount,
  });
  receiveWebhooks(composition, reconciler);
  const { introspection, persistedOperations } = config;
  await addGraphQL(http, {
    schema,
    history,
    ledgerHistory: core.ledgerHistory,
    admission,
    introspection,
    persistedOperations,
    rateLimits: {
      ...config.rateLimits,
      ...core.rateLimiters,
      onLimited: (what) => metrics.rateLimited.inc({ what }),
    },
    live: { changes, stores: core.stores },
    load: { isSaturated: (what) => core.isSaturated(what), onShed: (what) => metrics.shed.inc({ what }) },
  });
  serveExports(composition, admission);
  if (config.sandbox) addExplorer(http, { sandbox: SANDBOX_PAGE, graphiql: GRAPHIQL_PAGE });
  if (config.metricsPort !== null) {
    releases.add("the server of the metrics", () => metricsHttp.close());
    await listen(metricsHttp, config.host, config.metricsPort, "Metrics");
  }
  const url = await listen(http, config.host, config.port);
  if (upstream.simulatorSecret !== null) {
    upstream.simulator?.sendWebhooksTo({
      url: url + WEBHOOK_PATH,
      secret: upstream.simulatorSecret,
      amounts: config.webhookAmounts,
    });
  }
  return url;
}

/** What every server does before anything else answers. */
function protect(http: FastifyInstance, { production, auth }: Config): void {
  addSecurityHeaders(http, { https: production });
  if (auth.kind === "off") serveLocalOnly(http, isLoopback);
}

function cancelLabels(
  { store }: CancelIntent,
  { to, failureKind, failure }: Transition,
): Record<string, string> {
  const code = failure?.resultCode ?? "none";
  return {
    store: store.id,
    outcome: failureKind === "NOT_SENT" ? "not_sent" : OUTCOMES[to],
    // Of EBP's codes there are few; whatever else stands in its place is not shown.
    result_code: code === "none" || PUBLISHED_CODE.test(code) ? code : "other",
  };
}

const OUTCOMES = {
  PENDING: "unknown",
  UNKNOWN: "unknown",
  SUCCEEDED: "succeeded",
  FAILED: "rejected",
} as const;

function openLiveChanges({ core, metrics, http, releases }: Composition): LiveChanges {
  const changes = new LiveChanges({
    ...core.changes,
    onRefused: (whose) => metrics.followersRefused.inc({ whose }),
  });
  const what = "looking back for changes";
  startPeriodic(() => changes.lookBack(), { what, intervalMs: LOOK_BACK_MS, log: http.log, releases });
  return changes;
}

/** Every replica has one; they share the work through the database. */
function startReconciler({ config, core, metrics, http, releases }: Composition): Periodic | null {
  if (config.reconcileIntervalMs === 0) return null;
  return startPeriodic(
    async (stopping) => {
      const counts = await core.reconcile(() => stopping.aborted);
      metrics.reconcilerLastSuccess.setToCurrentTime();
      for (const [what, count] of Object.entries(counts)) metrics.reconciled.inc({ what }, count);
      if (Object.values(counts).some((count) => count > 0)) http.log.info(counts, "reconciled");
    },
    { what: "reconciling", intervalMs: config.reconcileIntervalMs, log: http.log, releases },
  );
}

/** Without a webhook secret there is no such route. */
function receiveWebhooks({ config, core, metrics, http }: Composition, reconciler: Periodic | null): void {
  const { inbox, upstream } = core;
  if (upstream.webhookSecrets.size === 0) return;
  const reader = createWebhookReader({ secrets: upstream.webhookSecrets, amounts: config.webhookAmounts });
  addWebhooks(http, {
    receive: async (headers, body) => {
      const receipt = await receiveWebhook(inbox, reader.read(headers, body));
      metrics.webhooks.inc({ result: receipt });
      if (receipt === "stored") reconciler?.nudge();
      return receipt;
    },
  });
}

/** An export costs what the dearest query may: it reads far more, but each row costs far less. */
function serveExports(
  { config, core, metrics, http }: Composition,
  admission: ReturnType<typeof identifyCallers>,
): void {
  const { openExport, stores, cursors, rateLimiters } = core;
  const points = Math.min(MAX_COST, config.rateLimits.queryCostPerMinute);
  addExports(http, {
    open: openExport,
    stores,
    cursors,
    admission,
    isSaturated: () => core.isSaturated("reads"),
    charge: (caller, storeId) =>
      rateLimiters.takeQueryCost(rateLimitBucket(caller, [{ name: "cancellations", storeId }]), points),
    onShed: () => metrics.shed.inc({ what: "query" }),
    onLimited: () => metrics.rateLimited.inc({ what: "query" }),
    onEnded: (result, rows) => {
      metrics.exports.inc({ result });
      metrics.exportedRows.inc(rows);
    },
  });
}
