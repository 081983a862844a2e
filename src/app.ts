import type { FastifyInstance } from "fastify";
import { v7 as uuidv7 } from "uuid";
import { createAuthenticator } from "./auth/authenticator.js";
import { receiveWebhook } from "./cancellation/receive-webhook.js";
import type { ReconcileCounts } from "./cancellation/reconcile.js";
import type { Config } from "./config.js";
import { openCore, type Core } from "./core.js";
import { createWebhookReader } from "./ebp/read-webhook.js";
import { sandboxPage } from "./graphql/sandbox-page.js";
import { buildGraphQLSchema } from "./graphql/schema.js";
import { addGraphQL } from "./graphql/server.js";
import { addHealth } from "./http/health.js";
import { listen } from "./http/listen.js";
import { addMetrics, createMetrics, type Metrics } from "./http/metrics.js";
import { createHttpServer } from "./http/server.js";
import { addPage } from "./http/page.js";
import { addWebhooks, WEBHOOK_PATH } from "./http/webhooks.js";
import { startPeriodic, type Periodic } from "./periodic.js";
import { Releases } from "./releases.js";

/** A repeated request waits this much longer than EBP may take, for the first one's outcome to be committed. */
const WAIT_MARGIN_MS = 2_000;

/** Time enough to have EBP issue a new key. */
const EXPIRY_NOTICE_MS = 30 * 24 * 60 * 60 * 1_000;

export interface App {
  /** Where it listens, such as http://127.0.0.1:4000. */
  readonly url: string;
  readonly log: FastifyInstance["log"];
  /** Looks at all that is in doubt now, as is done every RECONCILE_INTERVAL_MS. */
  reconcile(): Promise<ReconcileCounts>;
  /** Stops taking requests, finishes those in flight, then gives everything back. Safe to call twice. */
  close(): Promise<void>;
}

/** The composition root: the one place that knows every part. What it started is given back when the start fails. */
export async function startApp(config: Config): Promise<App> {
  const http = createHttpServer({ logLevel: config.logLevel });
  const releases = new Releases();
  const close = (): Promise<void> =>
    releases.run((what, error) => http.log.error({ err: error }, `closing ${what} failed`));
  try {
    const metrics = createMetrics();
    const core = await openCore(config, http.log, releases, {
      onContradiction: () => metrics.contradiction(),
    });
    const url = await serve(config, core, metrics, http, releases);
    return { url, log: http.log, reconcile: () => core.reconcile(), close };
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
    newId: uuidv7,
    clock: { monotonicMs: () => performance.now(), wallMs: () => Date.now() },
    waitMs: config.ebpTimeoutMs + WAIT_MARGIN_MS,
    onNotRecorded: (error, { id }, { to, evidence: { rawAnswer: _, ...evidence }, confirmation }) =>
      http.log.error(
        { err: error, cancellationId: id, to, evidence, returnRequestId: confirmation?.returnRequestId },
        "recording an outcome failed; it is tried again",
      ),
    onFault: (error, cancellationId) =>
      http.log.error({ err: error, cancellationId }, "sending a cancel failed"),
  });
  const reconciler = startReconciler(config, core, metrics, http, releases);

  releases.add("the HTTP server", () => http.close());
  const authenticate = createAuthenticator(config.auth, [...core.stores.keys()]);
  if (config.auth.kind === "off")
    http.log.warn("authentication is off: whoever reaches this address may cancel");
  warnOfExpiry(config, http.log);
  warnOfUnknownStatuses(config, http.log);
  addHealth(http, { isDatabaseUp: () => core.isDatabaseUp() });
  metrics.openCancellations(() => history.openByStatus());
  addMetrics(http, metrics);
  receiveWebhooks(config, core, metrics, http, reconciler);
  await addGraphQL(http, { schema, history, authenticate, introspection: config.introspection });
  if (config.sandbox) addPage(http, (endpoint) => sandboxPage(endpoint));
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

function warnOfExpiry(config: Config, log: App["log"]): void {
  const soon = Date.now() + EXPIRY_NOTICE_MS;
  for (const { storeId, accessKeyExpiresAt } of config.stores) {
    if (accessKeyExpiresAt !== null && accessKeyExpiresAt.getTime() < soon) {
      log.warn(
        { storeId, accessKeyExpiresAt },
        "the access key of this store expires within 30 days, or has expired",
      );
    }
  }
}
