import { startApp, type App } from "../../src/app.js";
import { readConfig } from "../../src/config/config.js";
import type { ReconcileCounts } from "../../src/cancellation/reconcile/reconcile.js";
import { DEVELOPMENT_STORE } from "../../simulator/development-store.js";
import { WHOLLY_CANCELLED_STATUS } from "../../simulator/payments.js";
import { startSimulator, type Simulator, type SimulatorOptions } from "../../simulator/simulator.js";
import { openSql } from "./connection.js";
import { createTestDatabase, type TestDatabase } from "./database.js";
import { useStarted } from "./started.js";

export interface GraphQLAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Loosely typed on purpose: a test says what it expects of it. */
  readonly data: any;
  readonly errors: any[] | undefined;
  readonly text: string;
}

/** One more process of the service, as it were. */
export interface TestReplica {
  readonly url: string;
  graphql(query: string, variables?: object, headers?: Record<string, string>): Promise<GraphQLAnswer>;
}

export interface TestService extends TestReplica {
  /** The upstream, with its ledger of what it received and did. */
  readonly simulator: Simulator;
  readonly databaseUrl: string;
  /** Starts another on the same database and upstream, perhaps with other settings. It ends with the service. */
  replica(environment?: Record<string, string>): Promise<TestReplica>;
  /** Rows of the service's own database. */
  sql(text: string, values?: unknown[]): Promise<any[]>;
  /** Looks at all that is in doubt and due, once; nothing does so by itself. */
  reconcile(): Promise<ReconcileCounts>;
  /** Lets everything open be due, and in doubt for so much longer, as if that time had passed. */
  letTimePass(interval: string): Promise<void>;
  /** Stops the service and starts it anew on the same database and upstream, perhaps with other settings. */
  restart(environment?: Record<string, string>): Promise<void>;
  close(): Promise<void>;
}

/** What EBP signs its webhooks to the test service with. */
export const WEBHOOK_SECRET = "test-webhook-secret";

/** For tests that are not about limits: they ask for more in a minute than anybody should, and of a machine that has much else to do. */
export const UNLIMITED = {
  RATE_LIMIT_MUTATIONS: "1000000000",
  RATE_LIMIT_QUERY_COST: "1000000000",
  MAX_EVENT_LOOP_DELAY_MS: "0",
};

export interface TestServiceOptions {
  /** On top of what the test service sets, as a user would set it. */
  readonly environment?: Record<string, string>;
  readonly simulator?: Partial<SimulatorOptions>;
  /** Unstated, one of its own, migrated. It is dropped when the service is closed. */
  readonly database?: TestDatabase;
}

/** The service as a user runs it, over HTTP, on a database of its own and an upstream of its own. */
export async function startService(options: TestServiceOptions = {}): Promise<TestService> {
  const database = options.database ?? (await createTestDatabase());
  const simulator = await startSimulator({
    stores: [DEVELOPMENT_STORE],
    refundAfterMs: 0,
    ...options.simulator,
  });
  // What `letTimePass` has let pass, for those who count it by their own clock.
  let passedMs = 0;
  const monotonicMs = (): number => performance.now() + passedMs;
  const start = (environment: Record<string, string> = {}): Promise<App> =>
    startApp(
      readConfig(
        {
          PORT: "0",
          LOG_LEVEL: "silent",
          DATABASE_URL:
            options.environment?.["NODE_ENV"] === "production" ? withoutPassword(database.url) : database.url,
          EBP_BASE_URL: simulator.url,
          EBP_TIMEOUT_MS: "5000",
          EBP_WEBHOOK_SECRET: WEBHOOK_SECRET,
          RECONCILE_INTERVAL_MS: "0",
          ...UNLIMITED,
          DATA_ENCRYPTION_KEYS: `test:${Buffer.alloc(32, 7).toString("base64")}`,
          ...options.environment,
          ...environment,
        },
        DEVELOPMENT_STORE,
        [WHOLLY_CANCELLED_STATUS],
      ),
      { monotonicMs },
    );
  const { sql, close: closeSql } = openSql(database.url);
  let app = await start().catch(async (error: unknown) => {
    await closeSql();
    await simulator.close();
    await database.drop();
    throw error;
  });
  const replicas: App[] = [];
  return {
    get url() {
      return app.url;
    },
    simulator,
    databaseUrl: database.url,
    graphql: (query, variables, headers) => post(app.url, query, variables, headers),
    async replica(environment) {
      const replica = await start(environment);
      replicas.push(replica);
      return {
        url: replica.url,
        graphql: (query, variables, headers) => post(replica.url, query, variables, headers),
      };
    },
    sql,
    reconcile: () => app.reconcile(),
    async letTimePass(interval) {
      const [{ ms }] = await sql("SELECT (extract(epoch FROM $1::interval) * 1000)::float8 AS ms", [
        interval,
      ]);
      passedMs += Number(ms);
      await sql(
        `UPDATE cancellation SET next_check_at = statement_timestamp(), in_doubt_since = in_doubt_since - $1::interval
         WHERE status IN ('PENDING', 'UNKNOWN') AND next_check_at IS NOT NULL`,
        [interval],
      );
      await sql(
        "UPDATE webhook_event SET next_match_at = statement_timestamp() WHERE next_match_at IS NOT NULL",
      );
    },
    async restart(environment) {
      await app.close();
      app = await start(environment);
    },
    async close() {
      await Promise.all([app, ...replicas].map((one) => one.close()));
      await simulator.close();
      await closeSql();
      await database.drop();
    },
  };
}

/** One service for all tests of a file, or of a describe block: it starts before them and ends after them. */
export function useService(options: TestServiceOptions = {}): TestService {
  return useStarted(async (atEnd) => {
    const service = await startService(options);
    atEnd(() => service.close());
    return service;
  });
}

/** Without its password, which the driver then takes from PGPASSWORD: production refuses those that test servers mostly have. */
function withoutPassword(databaseUrl: string): string {
  const url = new URL(databaseUrl);
  process.env["PGPASSWORD"] = decodeURIComponent(url.password);
  url.password = "";
  return url.href;
}

export async function post(
  url: string,
  query: string,
  variables?: object,
  headers?: Record<string, string>,
): Promise<GraphQLAnswer> {
  const response = await fetch(`${url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ query, variables }),
  });
  const text = await response.text();
  const { data, errors } = JSON.parse(text) as { data: unknown; errors: any[] | undefined };
  return { status: response.status, headers: response.headers, data, errors, text };
}
