import { setTimeout as delay } from "node:timers/promises";
import type { FastifyInstance } from "fastify";
import { v7 as uuidv7 } from "uuid";
import { openAuthentication } from "./authentication.js";
import type { Recording } from "./cancellation/cancel/record-outcome.js";
import type { Transition } from "./cancellation/model/cancellation-ledger.js";
import { receiveWebhook } from "./cancellation/reconcile/match-webhook.js";
import { LiveChanges } from "./cancellation/live/live-changes.js";
import { SENT, type SentRecord } from "./cancellation/cancel/sent-record.js";
import { createLiveStatus } from "./cancellation/history/live-status.js";
import type { ReconcileCounts } from "./cancellation/reconcile/reconcile.js";
import type { Config } from "./config/config.js";
import { openCore, type Core, type CoreEvents } from "./core.js";
import { createWebhookReader } from "./ebp/webhook.js";
import { MAX_COST } from "./graphql/plugins/limits/limits.js";
import { rateLimitBucket } from "./graphql/plugins/rate-limits.js";
import { SANDBOX_PAGE } from "./graphql/sandbox-page.js";
import { buildGraphQLSchema } from "./graphql/schema.js";
import { STREAM_PATH } from "./graphql/subscription.js";
import { addGraphQL } from "./graphql/server.js";
import { isLoopback } from "./config/settings.js";
import { addExports, EXPORT_PATHS } from "./http/exports/exports.js";
import { addHealth } from "./http/health.js";
import { identifyCallers } from "./http/caller.js";
import { addLoadShedding } from "./http/load-shedding.js";
import { addMetrics, createMetrics, type Metrics } from "./http/metrics.js";
import { addPage, addSecurityHeaders, serveLocalOnly } from "./http/security-headers.js";
import { createHttpServer, listen } from "./http/server.js";
import { addWebhooks, WEBHOOK_PATH } from "./http/webhooks.js";
import { startPeriodic, type Periodic } from "./periodic.js";
import { Releases } from "./releases.js";
import { watchAccessKeys } from "./watch-access-keys.js";

/** A repeated request waits this much longer than EBP may take, for the first one's outcome to be committed. */
const WAIT_MARGIN_MS = 2_000;

/** A change that nobody could announce is told of within this time, more or less by half. */
const LOOK_BACK_MS = 30_000;

const READS_ARE_REFUSED = { message: "more is asked of the history than can be served at this moment" };

export interface App {
  /** Where it listens, such as http://127.0.0.1:4000. */
  readonly url: string;
  readonly log: FastifyInstance["log"];
  /** Looks at all that is in doubt now, as is done every RECONCILE_INTERVAL_MS. */
  reconcile(): Promise<ReconcileCounts>;
  /**
   * Stops taking requests, finishes those in flight, stores what is known, then gives everything back. Safe to call twice. False when that was not
   * done within SHUTDOWN_GRACE_MS: what could not be stored is in the log then.
   */
  close(): Promise<boolean>;
}

/** The composition root: the one place that knows every part. What it started is given back when the start fails. */
export async function startApp(
  config: Config,
  { monotonicMs }: Pick<CoreEvents, "monotonicMs"> = {},
): Promise<App> {
  const http = createHttpServer({ logLevel: config.logLevel });
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
    // Before anything else answers: what is refused early has them too.
    addSecurityHeaders(http, { https: config.production });
    const metrics = createMetrics();
    const opened = await openCore(config, http.log, releases, {
      onContradiction: () => metrics.contradiction(),
      onNotAnnounced: () => metrics.notAnnounced(),
      onWentBack: () => metrics.wentBack(),
      ...(monotonicMs !== undefined && { monotonicMs }),
    });
    core = opened;
    const url = await serve(config, opened, metrics, http, releases);
    return { url, log: http.log, reconcile: () => opened.reconcile(), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function serve(
  config: Config,
  core: Core,
  metrics: Metrics,
  http: FastifyInstance,
  releases: Releases,
): Promise<string> {
  const { history, upstream } = core;
  const schema = await buildGraphQLSchema({
    ...core,
    liveStatus: createLiveStatus({ gateway: core.gateway, now: () => new Date() }),
    newId: uuidv7,
    clock: { monotonicMs: () => performance.now(), wallMs: () => Date.now() },
    waitMs: config.ebpTimeoutMs + WAIT_MARGIN_MS,
    onNotRecorded: (error, { id }, step) =>
      http.log.error(
        { err: error, cancellationId: id, ...shown(step) },
        "recording an outcome failed; it is tried again",
      ),
    onSend: logSends(http.log),
    onFault: (error, cancellationId) =>
      http.log.error({ err: error, cancellationId }, "sending a cancel failed"),
  });
  const reconciler = startReconciler(config, core, metrics, http, releases);

  const admission = identifyCallers(openAuthentication(config, [...core.stores.keys()], http.log, releases), {
    barredFor: (caller) => core.rateLimiters.barredFor(rateLimitBucket(caller, [])),
    countRefusal: (caller) => core.rateLimiters.countRefusal(rateLimitBucket(caller, [])),
    onBarred: () => metrics.rateLimited("refusal"),
  });
  releases.add("the HTTP server", () => http.close());
  if (config.auth.kind === "off") serveLocalOnly(http, isLoopback);
  const accessKeys = watchAccessKeys(config, http.log);
  releases.add("the watch over the access keys", () => accessKeys.stop());
  warnOfUnknownStatuses(config, http.log);
  const isLate = addLoadShedding(http, {
    routes: ["/graphql", STREAM_PATH, ...EXPORT_PATHS],
    maxDelayMs: config.maxEventLoopDelayMs,
    onShed: () => metrics.shed("request"),
  });
  addHealth(http, {
    whyUnready: () => core.whyUnready(),
    // Not for reads: whoever takes a replica out for them takes its cancels out as well, which it would serve.
    isOverloaded: () => isLate() || core.isSaturated("cancels"),
    warnings: () => [...accessKeys.warnings(), ...(core.isSaturated("reads") ? [READS_ARE_REFUSED] : [])],
  });
  metrics.openCancellations(() => history.openByStatus());
  metrics.accessKeys(() => accessKeys.remaining());
  addMetrics(http, metrics);
  receiveWebhooks(config, core, metrics, http, reconciler);
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
      onLimited: (what) => metrics.rateLimited(what),
    },
    live: { changes: openLiveChanges(core, metrics, http, releases), stores: core.stores },
    load: { isSaturated: (what) => core.isSaturated(what), onShed: (what) => metrics.shed(what) },
  });
  serveExports(config, core, metrics, http, admission);
  if (config.sandbox) addPage(http, SANDBOX_PAGE);
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

/** At every level but `silent`: after a restored backup these lines are all that knows what was sent. */
function logSends(log: App["log"]): (sent: SentRecord) => void {
  if (log.level === "silent") return () => undefined;
  const always = log.child({}, { level: "info" });
  return (sent) => always.info(sent, SENT);
}

/** The last that this process can do for them: what is not stored stands here, and nowhere else. */
function logUnfinished(log: App["log"], left: readonly Recording[]): void {
  log.error({ unfinished: left.length }, "the stop was not finished within SHUTDOWN_GRACE_MS");
  for (const { storeId, id, orderNo, step } of left) {
    const which = { storeId, cancellationId: id, orderNo };
    if (step === null) log.error(which, "a cancel was cut off; if it was sent, its outcome is looked up");
    else log.error({ ...which, ...shown(step) }, "an outcome is known, and could not be stored");
  }
}

/** Of an outcome what the log may show. */
function shown({ to, evidence: { rawAnswer: _, ...evidence }, confirmation }: Transition): object {
  return { to, evidence, returnRequestId: confirmation?.returnRequestId ?? null };
}

function openLiveChanges(
  core: Core,
  metrics: Metrics,
  http: FastifyInstance,
  releases: Releases,
): LiveChanges {
  const changes = new LiveChanges({
    ...core.changes,
    onRefused: (who) => metrics.followerRefused(who),
  });
  metrics.followers(() => changes.followerCount);
  const looker = startPeriodic(async () => {
    try {
      await changes.lookBack();
    } catch (error) {
      http.log.error({ err: error }, "looking back for changes failed; it is tried again");
    }
  }, LOOK_BACK_MS);
  releases.add("the look back for changes", () => looker.stop());
  return changes;
}

/** Every replica has one; they share the work through the database. */
function startReconciler(
  config: Config,
  core: Core,
  metrics: Metrics,
  http: FastifyInstance,
  releases: Releases,
): Periodic | null {
  if (config.reconcileIntervalMs === 0) return null;
  let stopping = false;
  const reconciler = startPeriodic(async () => {
    try {
      const counts = await core.reconcile(() => stopping);
      metrics.reconciled(counts);
      if (Object.values(counts).some((count) => count > 0)) http.log.info(counts, "reconciled");
    } catch (error) {
      http.log.error({ err: error }, "reconciling failed; it is tried again");
    }
  }, config.reconcileIntervalMs);
  releases.add("the reconciler", () => {
    stopping = true;
    return reconciler.stop();
  });
  return reconciler;
}

/** Without a secret there are none, and the address answers that there is nothing. */
function receiveWebhooks(
  config: Config,
  { inbox, upstream }: Core,
  metrics: Metrics,
  http: FastifyInstance,
  reconciler: Periodic | null,
): void {
  if (upstream.webhookSecrets.size === 0) return;
  const reader = createWebhookReader({ secrets: upstream.webhookSecrets, amounts: config.webhookAmounts });
  addWebhooks(http, {
    receive: async (headers, body) => {
      const receipt = await receiveWebhook(inbox, reader.read(headers, body));
      metrics.webhookReceived(receipt);
      if (receipt === "stored") reconciler?.nudge();
      return receipt;
    },
  });
}

/** Each costs what the dearest query may: it reads far more, and far more cheaply. */
function serveExports(
  { rateLimits: { queryCostPerMinute } }: Config,
  core: Core,
  metrics: Metrics,
  http: FastifyInstance,
  admission: ReturnType<typeof identifyCallers>,
): void {
  const { openExport, stores, cursors, rateLimiters } = core;
  const points = Math.min(MAX_COST, queryCostPerMinute);
  addExports(http, {
    open: openExport,
    stores,
    cursors,
    admission,
    isSaturated: () => core.isSaturated("reads"),
    charge: (caller, storeId) =>
      rateLimiters.takeQueryCost(rateLimitBucket(caller, [{ name: "cancellations", storeId }]), points),
    onShed: () => metrics.shed("query"),
    onLimited: () => metrics.rateLimited("query"),
    onEnded: (result, rows) => metrics.exported(result, rows),
  });
}

function warnOfUnknownStatuses({ paymentStatuses }: Config, log: App["log"]): void {
  const unset = [
    ...(paymentStatuses.uncancelled.length === 0 ? ["EBP_UNCANCELLED_STATUSES"] : []),
    ...(paymentStatuses.whollyCancelled.length === 0 ? ["EBP_CANCELLED_STATUSES"] : []),
  ];
  if (unset.length === 0) return;
  log.warn(
    { unset },
    "EBP's words for the states of a payment are not set: lookups cannot decide what is in doubt",
  );
}
