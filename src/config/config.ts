import type { AuthSettings, PersistedOperation } from "../cancellation/model/caller.js";
import type { PaymentStatuses } from "../cancellation/model/payment-gateway.js";
import type { StoreCredentials, StoreSettings } from "../cancellation/model/store.js";
import { WEBHOOK_AMOUNTS, type WebhookAmounts } from "../cancellation/model/webhook-inbox.js";
import { readAuth } from "./auth.js";
import { readDatabaseUrl, readEncryptionKeys } from "./database.js";
import { readPersistedOperations } from "./persisted-operations.js";
import { Settings } from "./settings.js";
import { readStores } from "./stores.js";

/** The whole configuration, read once at start. */
export interface Config {
  readonly production: boolean;
  readonly host: string;
  readonly port: number;
  /** Null: an embedded PostgreSQL in `dataDir`. */
  readonly databaseUrl: string | null;
  readonly dataDir: string;
  readonly stores: readonly StoreSettings[];
  readonly ebpTimeoutMs: number;
  /** Each cancel gets a new connection to EBP. */
  readonly connectionPerCancel: boolean;
  /** EBP carries out a cancel within this time or never. */
  readonly ebpSettlingMs: number;
  readonly paymentStatuses: PaymentStatuses;
  readonly webhookAmounts: WebhookAmounts;
  /** Zero: this process does not reconcile; other replicas do. */
  readonly reconcileIntervalMs: number;
  /** No cancel is sent for this long after the database was found to have gone back in time. */
  readonly recoveryHoldMs: number;
  readonly auth: AuthSettings;
  readonly introspection: boolean;
  /** Apollo Sandbox at `/`. */
  readonly sandbox: boolean;
  /** The only operations that are answered. Null: all are. */
  readonly persistedOperations: readonly PersistedOperation[] | null;
  readonly rateLimits: RateLimits;
  /** Requests are refused while the event loop's average delay is above this; zero: never. */
  readonly maxEventLoopDelayMs: number;
  /** Time for a stop to finish requests and store outcomes. */
  readonly shutdownGraceMs: number;
  /** The first key encrypts, every key decrypts. Null: a key made and kept in `dataDir`. */
  readonly encryptionKeys: readonly { readonly id: string; readonly key: Buffer }[] | null;
  readonly logLevel: string;
}

/** How much one caller may ask of one store in a minute. */
export interface RateLimits {
  readonly mutationsPerMinute: number;
  readonly queryCostPerMinute: number;
  /** `memory`: each replica counts for itself. `postgres`: all replicas count together, for one more statement per request. */
  readonly store: (typeof RATE_LIMIT_STORES)[number];
}

/** A mistyped `production` must not start a simulator. */
const ENVIRONMENTS = ["production", "development", "test"] as const;
const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
const RATE_LIMIT_STORES = ["memory", "postgres"] as const;
const ON_OFF = ["on", "off"] as const;

/** EBP answers within seconds. Much longer would hold callers for nothing; much shorter would turn slowness into UNKNOWN. */
const DEFAULT_EBP_TIMEOUT_MS = 10_000;
const MAX_EBP_TIMEOUT_MS = 120_000;
/** EBP does not publish how long it may take. A cancel called FAILED too early could be made twice. */
const DEFAULT_EBP_SETTLING_MS = 10 * 60_000;
/** Longer than any time-out: by then, what was handed to the network has arrived or never will. */
const MIN_PRODUCTION_SETTLING_MS = 3 * 60_000;
const MAX_EBP_SETTLING_MS = 7 * 24 * 60 * 60_000;
/**
 * Published, and before any cancel. Not REQUESTED: it may stand for a requested cancel. Not for production: EBP does not publish
 * that a partial cancel changes the status, or shows a pgCancelTransactionId.
 */
const UNCANCELLED_STATUSES = ["APPROVED", "CAPTURED"];
/** Frequent enough that nobody waits for it, rare enough that an idle database does not notice. */
const DEFAULT_RECONCILE_INTERVAL_MS = 5_000;
/** Each replica notices within five seconds that the database went back in time, then enters what it remembers. */
const DEFAULT_RECOVERY_HOLD_MS = 10_000;
/** More than a busy back office needs; it stops a runaway program within a second. */
const DEFAULT_MUTATIONS_PER_MINUTE = 600;
/** Sixty of the largest queries. */
const DEFAULT_QUERY_COST_PER_MINUTE = 60_000;
const MAX_RATE_LIMIT = 1_000_000_000;
/**
 * A request takes about ten turns of the event loop, so at this delay it takes seconds and callers give up. Raise it where the
 * machine hands out CPU time in slices.
 */
const DEFAULT_MAX_EVENT_LOOP_DELAY_MS = 250;
const MAX_EVENT_LOOP_DELAY_MS = 60_000;
/** A database that fails over is back by then. The orchestrator must wait longer than this before it kills the process. */
const DEFAULT_SHUTDOWN_GRACE_MS = 60_000;
const HOUR_MS = 3_600_000;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the environment. Outside production, `developmentStore` fills in the store's variables that are not set, and
 * `developmentStatuses` EBP_CANCELLED_STATUSES. Production refuses the keys of that store.
 * @throws ConfigurationError that names every fault.
 */
export function readConfig(
  environment: Environment,
  developmentStore: StoreCredentials,
  developmentStatuses: readonly string[] = [],
): Config {
  const settings = new Settings(environment);
  const production = settings.choice("NODE_ENV", ENVIRONMENTS, "development") === "production";
  const host = settings.value("HOST") ?? "127.0.0.1";
  const ebpTimeoutMs = settings.integer("EBP_TIMEOUT_MS", DEFAULT_EBP_TIMEOUT_MS, 1, MAX_EBP_TIMEOUT_MS);
  const config: Config = {
    production,
    host,
    port: settings.integer("PORT", 4000, 0, 65_535),
    databaseUrl: readDatabaseUrl(settings, production) ?? null,
    dataDir: settings.value("DATA_DIR") ?? ".data",
    stores: readStores(settings, { production, simulated: developmentStore }),
    ebpTimeoutMs,
    connectionPerCancel:
      settings.choice("EBP_CONNECTION_PER_CANCEL", ON_OFF, production ? "on" : "off") === "on",
    // Shorter than the time-out, it could call a cancel FAILED that EBP is still answering.
    ebpSettlingMs: settings.integer(
      "EBP_SETTLING_MS",
      DEFAULT_EBP_SETTLING_MS,
      production ? MIN_PRODUCTION_SETTLING_MS : ebpTimeoutMs,
      MAX_EBP_SETTLING_MS,
    ),
    paymentStatuses: {
      uncancelled: settings.words("EBP_UNCANCELLED_STATUSES", production ? [] : UNCANCELLED_STATUSES),
      whollyCancelled: settings.words("EBP_CANCELLED_STATUSES", production ? [] : developmentStatuses),
    },
    webhookAmounts: settings.choice("EBP_WEBHOOK_AMOUNTS", WEBHOOK_AMOUNTS, "minor"),
    reconcileIntervalMs: settings.integer("RECONCILE_INTERVAL_MS", DEFAULT_RECONCILE_INTERVAL_MS, 0, HOUR_MS),
    recoveryHoldMs: settings.integer("RECOVERY_HOLD_MS", DEFAULT_RECOVERY_HOLD_MS, 0, HOUR_MS),
    auth: readAuth(settings, production, host),
    ...readExplorer(settings, production),
    persistedOperations: readPersistedOperations(settings),
    rateLimits: readRateLimits(settings),
    maxEventLoopDelayMs: settings.integer(
      "MAX_EVENT_LOOP_DELAY_MS",
      DEFAULT_MAX_EVENT_LOOP_DELAY_MS,
      0,
      MAX_EVENT_LOOP_DELAY_MS,
    ),
    shutdownGraceMs: settings.integer("SHUTDOWN_GRACE_MS", DEFAULT_SHUTDOWN_GRACE_MS, 1, HOUR_MS),
    encryptionKeys: readEncryptionKeys(settings, production),
    logLevel: settings.choice("LOG_LEVEL", LOG_LEVELS, "info"),
  };
  const both = config.paymentStatuses.uncancelled.filter((word) =>
    config.paymentStatuses.whollyCancelled.includes(word),
  );
  if (both.length > 0) {
    settings.fault("EBP_CANCELLED_STATUSES", "other words than EBP_UNCANCELLED_STATUSES", both.join(", "));
  }
  settings.throwFaults();
  return config;
}

/** Off in production unless set. */
function readExplorer(settings: Settings, production: boolean): Pick<Config, "introspection" | "sandbox"> {
  const fallback = production ? "off" : "on";
  const introspection = settings.choice("GRAPHQL_INTROSPECTION", ON_OFF, fallback) === "on";
  const sandbox = settings.choice("GRAPHQL_SANDBOX", ON_OFF, introspection ? fallback : "off") === "on";
  if (sandbox && !introspection)
    settings.fault("GRAPHQL_SANDBOX", "off while GRAPHQL_INTROSPECTION is off: it reads the schema", "on");
  return { introspection, sandbox };
}

function readRateLimits(settings: Settings): RateLimits {
  const perMinute = (name: string, fallback: number): number =>
    settings.integer(name, fallback, 1, MAX_RATE_LIMIT);
  return {
    mutationsPerMinute: perMinute("RATE_LIMIT_MUTATIONS", DEFAULT_MUTATIONS_PER_MINUTE),
    queryCostPerMinute: perMinute("RATE_LIMIT_QUERY_COST", DEFAULT_QUERY_COST_PER_MINUTE),
    store: settings.choice("RATE_LIMIT_STORE", RATE_LIMIT_STORES, "memory"),
  };
}
