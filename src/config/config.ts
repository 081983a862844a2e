import type { PaymentStatuses } from "../cancellation/model/payment-gateway.js";
import type { StoreCredentials } from "../cancellation/model/store.js";
import { WEBHOOK_AMOUNTS } from "../cancellation/model/webhook-inbox.js";
import { readAuth } from "./auth.js";
import { readDatabaseUrl, readEncryptionKeys } from "./database.js";
import { readPersistedOperations } from "./persisted-operations.js";
import { Settings } from "./settings.js";
import { readStores } from "./stores.js";

/** The whole configuration, read once at start. */
export type Config = Readonly<ReturnType<typeof readAll>>;

/** A mistyped `production` must not start a simulator. */
const ENVIRONMENTS = ["production", "development", "test"] as const;
const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
const RATE_LIMIT_STORES = ["memory", "postgres"] as const;
const ON_OFF = ["on", "off"] as const;

const HOUR_MS = 3_600_000;
/** Longer than any time-out: by then, what was handed to the network has arrived or never will. */
const MIN_PRODUCTION_SETTLING_MS = 3 * 60_000;

/** Every whole number: what it is unless set, and its bounds. */
const NUMBERS = {
  PORT: { fallback: 4000, least: 0, most: 65_535 },
  METRICS_PORT: { fallback: 0, least: 0, most: 65_535 },
  // EBP answers within seconds. Much longer would hold callers for nothing; much shorter would turn slowness into UNKNOWN.
  EBP_TIMEOUT_MS: { fallback: 10_000, least: 1, most: 120_000 },
  // EBP does not publish how long it may take. A cancel called FAILED too early could be made twice.
  EBP_SETTLING_MS: { fallback: 10 * 60_000, least: MIN_PRODUCTION_SETTLING_MS, most: 7 * 24 * HOUR_MS },
  // Frequent enough that nobody waits for it, rare enough that an idle database does not notice.
  RECONCILE_INTERVAL_MS: { fallback: 5_000, least: 0, most: HOUR_MS },
  // With exports and the listener 22 connections: four replicas have enough of PostgreSQL's hundred.
  DATABASE_POOL_SIZE: { fallback: 15, least: 5, most: 200 },
  // Each replica notices within five seconds that the database went back in time, then enters what it remembers.
  RECOVERY_HOLD_MS: { fallback: 10_000, least: 0, most: HOUR_MS },
  // More than a busy back office needs; it stops a runaway program within a second.
  RATE_LIMIT_MUTATIONS: { fallback: 600, least: 1, most: 1_000_000_000 },
  // Sixty of the largest queries.
  RATE_LIMIT_QUERY_COST: { fallback: 60_000, least: 1, most: 1_000_000_000 },
  // A request takes about ten turns of the event loop, so at this delay it takes seconds and callers give up. Raise it where the
  // machine hands out CPU time in slices.
  MAX_EVENT_LOOP_DELAY_MS: { fallback: 250, least: 0, most: 60_000 },
  // Load balancers look every few seconds, and need a second look to believe it.
  SHUTDOWN_DELAY_MS: { fallback: 5_000, least: 0, most: HOUR_MS },
  // A database that fails over is back by then. The orchestrator must wait longer than this before it kills the process.
  SHUTDOWN_GRACE_MS: { fallback: 60_000, least: 1, most: HOUR_MS },
};

/**
 * Published, and before any cancel. Not REQUESTED: it may stand for a requested cancel. Not for production: EBP does not publish
 * that a partial cancel changes the status, or shows a pgCancelTransactionId.
 */
const UNCANCELLED_STATUSES = ["APPROVED", "AUTHORIZED", "CAPTURED"];
/** Events of partial refunds carry them too: they mean neither that all is cancelled, nor that nothing is. */
const REFUND_STATUSES = ["REFUND_REQUESTED", "REFUNDED"];

/**
 * Reads the environment. Outside production, `developmentStore` fills in the store's variables that are not set, and
 * `developmentStatuses` EBP_CANCELLED_STATUSES. Production refuses the keys of that store.
 * @throws ConfigurationError that names every fault.
 */
export function readConfig(
  environment: Readonly<Record<string, string | undefined>>,
  developmentStore: StoreCredentials,
  developmentStatuses: readonly string[] = [],
): Config {
  const settings = new Settings(environment);
  const config = readAll(settings, developmentStore, developmentStatuses);
  settings.throwFaults();
  return config;
}

function readAll(
  settings: Settings,
  developmentStore: StoreCredentials,
  developmentStatuses: readonly string[],
) {
  const number = (name: keyof typeof NUMBERS): number => settings.integer(name, NUMBERS[name]);
  const production = settings.choice("NODE_ENV", ENVIRONMENTS, "development") === "production";
  const host = settings.value("HOST") ?? "127.0.0.1";
  const ebpTimeoutMs = number("EBP_TIMEOUT_MS");
  return {
    production,
    host,
    port: number("PORT"),
    /** Where `/metrics` is served, and nothing else; null: beside the API. */
    metricsPort: settings.value("METRICS_PORT") === undefined ? null : number("METRICS_PORT"),
    /** Null: an embedded PostgreSQL in `dataDir`. */
    databaseUrl: readDatabaseUrl(settings, production) ?? null,
    dataDir: settings.value("DATA_DIR") ?? ".data",
    /** Connections to the database at most, beside those of exports and of the listener for changes. */
    databasePoolSize: number("DATABASE_POOL_SIZE"),
    stores: readStores(settings, { production, simulated: developmentStore }),
    ebpTimeoutMs,
    /** Each cancel gets a new connection to EBP. */
    connectionPerCancel:
      settings.choice("EBP_CONNECTION_PER_CANCEL", ON_OFF, production ? "on" : "off") === "on",
    /** EBP carries out a cancel within this time or never. Shorter than the time-out, it could call a cancel FAILED that EBP is still answering. */
    ebpSettlingMs: settings.integer("EBP_SETTLING_MS", {
      ...NUMBERS.EBP_SETTLING_MS,
      ...(!production && { least: ebpTimeoutMs }),
    }),
    paymentStatuses: readPaymentStatuses(settings, production, developmentStatuses),
    webhookAmounts: settings.choice("EBP_WEBHOOK_AMOUNTS", WEBHOOK_AMOUNTS, "minor"),
    /** Zero: this process does not reconcile; other replicas do. */
    reconcileIntervalMs: number("RECONCILE_INTERVAL_MS"),
    /** No cancel is sent for this long after the database was found to have gone back in time. */
    recoveryHoldMs: number("RECOVERY_HOLD_MS"),
    auth: readAuth(settings, production, host),
    /** The origins whose pages may call; `*` alone: any. */
    corsOrigins: readCorsOrigins(settings, production),
    ...readExplorer(settings, production),
    /** The only operations that are answered. Null: all are. */
    persistedOperations: readPersistedOperations(settings),
    /** How much one caller may ask of one store in a minute. */
    rateLimits: {
      mutationsPerMinute: number("RATE_LIMIT_MUTATIONS"),
      queryCostPerMinute: number("RATE_LIMIT_QUERY_COST"),
      /** `memory`: each replica counts for itself. `postgres`: all replicas count together, for one more statement per request. */
      store: settings.choice("RATE_LIMIT_STORE", RATE_LIMIT_STORES, "memory"),
    },
    /** Requests are refused while the event loop's average delay is above this; zero: never. */
    maxEventLoopDelayMs: number("MAX_EVENT_LOOP_DELAY_MS"),
    /** After SIGTERM it serves on for this long, not ready: load balancers send nothing new by then. */
    shutdownDelayMs: settings.integer("SHUTDOWN_DELAY_MS", {
      ...NUMBERS.SHUTDOWN_DELAY_MS,
      ...(!production && { fallback: 0 }),
    }),
    /** Time for a stop to finish requests and store outcomes. */
    shutdownGraceMs: number("SHUTDOWN_GRACE_MS"),
    /** The first key encrypts, every key decrypts. Null: a key made and kept in `dataDir`. */
    encryptionKeys: readEncryptionKeys(settings, production),
    logLevel: settings.choice("LOG_LEVEL", LOG_LEVELS, "info"),
    // Last: by now every variable has been asked for.
    unknownVariables: settings.unknownVariables(),
  };
}

function readPaymentStatuses(
  settings: Settings,
  production: boolean,
  developmentStatuses: readonly string[],
): PaymentStatuses {
  const read = (name: string, fallback: readonly string[]): readonly string[] => {
    const words = settings.words(name, production ? [] : fallback);
    const refunds = words.filter((word) => REFUND_STATUSES.includes(word));
    if (refunds.length === 0) return words;
    settings.fault(name, "words that partial refunds do not have", refunds.join(", "));
    return fallback;
  };
  const uncancelled = read("EBP_UNCANCELLED_STATUSES", UNCANCELLED_STATUSES);
  const whollyCancelled = read("EBP_CANCELLED_STATUSES", developmentStatuses);
  const both = uncancelled.filter((word) => whollyCancelled.includes(word));
  if (both.length > 0)
    settings.fault("EBP_CANCELLED_STATUSES", "other words than EBP_UNCANCELLED_STATUSES", both.join(", "));
  return { uncancelled, whollyCancelled };
}

/** Introspection, and Apollo Sandbox at `/`. Off in production unless set. */
function readExplorer(
  settings: Settings,
  production: boolean,
): { readonly introspection: boolean; readonly sandbox: boolean } {
  const fallback = production ? "off" : "on";
  const introspection = settings.choice("GRAPHQL_INTROSPECTION", ON_OFF, fallback) === "on";
  const sandbox = settings.choice("GRAPHQL_SANDBOX", ON_OFF, introspection ? fallback : "off") === "on";
  if (sandbox && !introspection)
    settings.fault("GRAPHQL_SANDBOX", "off while GRAPHQL_INTROSPECTION is off: it reads the schema", "on");
  return { introspection, sandbox };
}

/** With `*` in production, a page of any site could use a token that its user was made to paste. */
function readCorsOrigins(settings: Settings, production: boolean): readonly string[] {
  const variable = "CORS_ORIGINS";
  const text = settings.value(variable);
  if (text === undefined) return [];
  if (text === "*") {
    if (production) settings.fault(variable, "the origins of your pages in production", '"*"');
    return [text];
  }
  const origins = text.split(",").map((entry) => entry.trim());
  for (const origin of origins.filter((each) => !isOrigin(each)))
    // A URL may carry a password.
    settings.fault(variable, ORIGIN, origin.includes("@") ? "a URL with a user" : JSON.stringify(origin));
  return origins;
}

/** Compared byte by byte with what browsers send. */
const ORIGIN =
  "origins such as https://shop.example or http://localhost:5173, as browsers write them (no path, no slash at the end, no default port, lower case), separated by commas";

function isOrigin(text: string): boolean {
  return /^https?:/u.test(text) && URL.canParse(text) && new URL(text).origin === text;
}
