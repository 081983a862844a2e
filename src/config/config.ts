import { readFileSync } from "node:fs";
import { AMOUNT_BASES } from "../cancellation/model/store.js";
import { readAuth, type AuthConfig } from "./auth.js";
import { ENCRYPTION_KEYS_FORMAT, parseEncryptionKeys, readDatabaseUrl } from "./database.js";
import type { PersistedOperation } from "../cancellation/model/persisted-operation.js";
import { readPersistedOperations } from "./persisted-operations.js";
import { Settings } from "./settings.js";
import {
  judgeStoreSecrets,
  STORE_VARIABLES,
  type StoreDefaults,
  storeFromEnvironment,
  type StoreReading,
  type StoreSettings,
  storesFromFile,
} from "./stores.js";

/** Everything that can be set from outside, read once at start. */
export interface Config {
  readonly production: boolean;
  readonly host: string;
  readonly port: number;
  /** Null: an embedded PostgreSQL in `dataDir`. */
  readonly databaseUrl: string | null;
  readonly dataDir: string;
  readonly stores: readonly StoreSettings[];
  readonly ebpTimeoutMs: number;
  /** Whether each cancel is sent over a new connection to EBP. */
  readonly connectionPerCancel: boolean;
  /** EBP is taken to carry out a cancel within this time or never. */
  readonly ebpSettlingMs: number;
  /** What EBP calls payments that are not cancelled at all, and those that are wholly cancelled. */
  readonly paymentStatuses: {
    readonly uncancelled: readonly string[];
    readonly whollyCancelled: readonly string[];
  };
  readonly webhookAmounts: WebhookAmounts;
  /** Zero: this process leaves what is in doubt to others. */
  readonly reconcileIntervalMs: number;
  /** For how long no cancel is sent once the database is seen to have gone back in time. */
  readonly recoveryHoldMs: number;
  readonly auth: AuthConfig;
  /** Whether the schema may be asked for, and whether Apollo Sandbox is served at `/`. */
  readonly introspection: boolean;
  readonly sandbox: boolean;
  /** The only operations to be answered. Null: any is. */
  readonly persistedOperations: readonly PersistedOperation[] | null;
  readonly rateLimits: RateLimits;
  /** When the event loop is later than this on average, requests are refused; zero: never. */
  readonly maxEventLoopDelayMs: number;
  /** How long a stop may take to finish what is in flight and store what is known. */
  readonly shutdownGraceMs: number;
  /** Null: a key made and kept in `dataDir`. The first encrypts, all decrypt. */
  readonly encryptionKeys: readonly { readonly id: string; readonly key: Buffer }[] | null;
  readonly logLevel: string;
}

/** A mistyped `production` must not start a simulator. */
const ENVIRONMENTS = ["production", "development", "test"] as const;
const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
/** EBP answers within seconds; much longer would hold callers for nothing, much shorter would make doubt out of slowness. */
const DEFAULT_EBP_TIMEOUT_MS = 10_000;

/** Unpublished how long EBP may take; a cancel called FAILED too early could be made twice. */
const DEFAULT_EBP_SETTLING_MS = 10 * 60_000;
/** Above any time-out: also what was written to the network and not yet sent has arrived by then, or never will. */
const MIN_PRODUCTION_SETTLING_MS = 3 * 60_000;
const MAX_EBP_SETTLING_MS = 7 * 24 * 60 * 60_000;
/** Often enough that nobody waits for it, seldom enough that an idle database does not notice. */
const DEFAULT_RECONCILE_INTERVAL_MS = 5_000;
/** Each replica sees within five seconds that the database has gone back, and then enters what it remembers. */
const DEFAULT_RECOVERY_HOLD_MS = 10_000;
const MAX_RECOVERY_HOLD_MS = 3_600_000;
/**
 * Published, and before any cancel. REQUESTED is not among them: nothing says that it is not the request for a cancel. Not for
 * production: that a partial cancel would change the status, or show a pgCancelTransactionId, is not published.
 */
const UNCANCELLED_STATUSES = ["APPROVED", "CAPTURED"];
/** Whether EBP's webhooks state amounts in minor units of `exponent` is not published. */
export const WEBHOOK_AMOUNTS = ["minor", "major"] as const;
export type WebhookAmounts = (typeof WEBHOOK_AMOUNTS)[number];

/** How much one caller may ask of one store in a minute. */
export interface RateLimits {
  readonly mutationsPerMinute: number;
  readonly queryCostPerMinute: number;
  /** `memory`: each replica counts for itself. `postgres`: all count together, for one statement more per request. */
  readonly store: (typeof RATE_LIMIT_STORES)[number];
}
const RATE_LIMIT_STORES = ["memory", "postgres"] as const;
/** A busy back office, and then some; a program gone wild is stopped within a second. */
const DEFAULT_MUTATIONS_PER_MINUTE = 600;
/** As many as 60 of the largest queries. */
const DEFAULT_QUERY_COST_PER_MINUTE = 60_000;
const MAX_RATE_LIMIT = 1_000_000_000;
/**
 * A request takes some ten turns of the event loop, so then it takes seconds, and most of what is begun ends as somebody's time-out. A
 * machine that gives this process its share in pieces may have to be allowed more.
 */
const DEFAULT_MAX_EVENT_LOOP_DELAY_MS = 250;
/** A database that fails over is back by then. Orchestrators that wait less kill the process: theirs has to be longer. */
const DEFAULT_SHUTDOWN_GRACE_MS = 60_000;
const ON_OFF = ["on", "off"] as const;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the environment. Outside production `developmentStore` stands in for what is not set of the store, and
 * `developmentStatuses` for EBP's words for a wholly cancelled payment, which are not published; in it, that store's keys are refused.
 * @throws ConfigurationError that names every fault at once.
 */
export function readConfig(
  environment: Environment,
  developmentStore: StoreDefaults,
  developmentStatuses: readonly string[] = [],
): Config {
  const settings = new Settings(environment);
  const production = settings.choice("NODE_ENV", ENVIRONMENTS, "development") === "production";
  const host = settings.value("HOST") ?? "127.0.0.1";
  const ebpTimeoutMs = settings.integer("EBP_TIMEOUT_MS", DEFAULT_EBP_TIMEOUT_MS, 1, 120_000);
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
    // Shorter than the time-out, a cancel could be called FAILED that EBP is still answering.
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
    reconcileIntervalMs: settings.integer(
      "RECONCILE_INTERVAL_MS",
      DEFAULT_RECONCILE_INTERVAL_MS,
      0,
      3_600_000,
    ),
    recoveryHoldMs: settings.integer("RECOVERY_HOLD_MS", DEFAULT_RECOVERY_HOLD_MS, 0, MAX_RECOVERY_HOLD_MS),
    auth: readAuth(settings, production, host),
    ...readExplorer(settings, production),
    persistedOperations: readPersistedOperations(settings),
    rateLimits: readRateLimits(settings),
    maxEventLoopDelayMs: settings.integer(
      "MAX_EVENT_LOOP_DELAY_MS",
      DEFAULT_MAX_EVENT_LOOP_DELAY_MS,
      0,
      60_000,
    ),
    shutdownGraceMs: settings.integer("SHUTDOWN_GRACE_MS", DEFAULT_SHUTDOWN_GRACE_MS, 1, 3_600_000),
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

/** What developers explore the API with: off in production unless asked for. */
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

function readStores(settings: Settings, reading: StoreReading): readonly StoreSettings[] {
  const fallbacks = {
    amountBasis: settings.choice("EBP_AMOUNT_BASIS", AMOUNT_BASES, "unit"),
    webhookSecret: readWebhookSecret(settings, reading),
  };
  const file = settings.value("EBP_STORES_FILE");
  if (file === undefined) return storeFromEnvironment(settings, fallbacks, reading);
  settings.refuseBeside("EBP_STORES_FILE", STORE_VARIABLES);
  const text = readText(settings, "EBP_STORES_FILE", file);
  return text === null ? [] : storesFromFile(settings, text, fallbacks, reading);
}

function readWebhookSecret(settings: Settings, { production, simulated }: StoreReading): string | null {
  const webhookSecret = settings.value("EBP_WEBHOOK_SECRET") ?? "";
  if (production) judgeStoreSecrets(settings, { webhookSecret }, simulated, () => "EBP_WEBHOOK_SECRET");
  return webhookSecret === "" ? null : webhookSecret;
}

function readEncryptionKeys(settings: Settings, production: boolean): Config["encryptionKeys"] {
  const text = production
    ? settings.required("DATA_ENCRYPTION_KEYS", ENCRYPTION_KEYS_FORMAT)
    : settings.value("DATA_ENCRYPTION_KEYS");
  return text === undefined ? null : parseEncryptionKeys(settings, text, production);
}

function readText(settings: Settings, variable: string, path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    // The stores themselves, put where their path belongs, hold secrets.
    const shown = /^\s*[[{]/u.test(path) ? "JSON" : path;
    const found = `${shown} (${(error as NodeJS.ErrnoException).code ?? "?"})`;
    settings.fault(variable, "the path of a file that can be read", found);
    return null;
  }
}
