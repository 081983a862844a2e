import { connect } from "node:net";
import { DEVELOPMENT_STORE } from "../../simulator/development-store.js";
import { startSimulator } from "../../simulator/simulator.js";
import { startInstance, type Instance } from "../faults/harness/instance.js";
import { withConnection } from "../helpers/connection.js";
import { createTestDatabase } from "../helpers/database.js";
import { CANCEL, cancelInput } from "../helpers/operations.js";
import { pipe, startRelay } from "../helpers/relay.js";
import { UNLIMITED, WEBHOOK_SECRET } from "../helpers/service.js";
import { command, runService, type ServiceProcess } from "../helpers/service-process.js";
import { useStarted } from "../helpers/started.js";
import { accountOf, type Canary } from "./canaries.js";
import { startEchoingUpstream, type EchoingUpstream } from "./canary-upstream.js";

/** For an EBP that is silent. */
const TIMEOUT_MS = 1_500;
const RETRY_PAUSE_MS = 100;

/** A service process that logs everything, its database behind a tap, and an EBP that echoes. */
interface Ends {
  readonly databaseUrl: string;
  /** All bytes that went to the database. */
  readonly sent: () => Buffer;
  /** It went away when a cancel of an order `…database-goes-away…` reached EBP. */
  readonly databaseComesBack: () => void;
  readonly upstream: EchoingUpstream;
  readonly environment: Readonly<Record<string, string>>;
  readonly service: Instance;
}

/** Every answer is kept. */
export interface CanaryWorld {
  readonly ends: Ends;
  /** Every process that was started. */
  readonly processes: ServiceProcess[];
  /** Every answer received: status, headers and body. */
  readonly answers: string[];
  readonly sql: (text: string) => Promise<any[]>;
  /** Keeps an answer; its body, if that is JSON. */
  readonly kept: (answering: Promise<Response>) => Promise<any>;
  readonly post: (body: string, headers?: Record<string, string>, url?: string) => Promise<any>;
  readonly graphql: (query: string, variables?: object, url?: string) => Promise<any>;
  readonly cancel: (canary: Canary, changes?: object, url?: string) => Promise<any>;
  /** Bytes to the service, and whatever comes back until the connection ends. */
  readonly raw: (text: string) => Promise<void>;
  /** Another replica, which dies at this point of fault-points.mjs. */
  readonly startDying: (at: string) => Promise<Instance>;
  /** A program of the project, with more settings. */
  readonly run: (name: string, more: Readonly<Record<string, string>>) => ServiceProcess;
}

export function useCanaryWorld(): CanaryWorld {
  const processes: ServiceProcess[] = [];
  const answers: string[] = [];
  const ends = useStarted(async (atEnd): Promise<Ends> => {
    const database = await createTestDatabase();
    atEnd(() => database.drop());
    const simulator = await startSimulator({ stores: [DEVELOPMENT_STORE] });
    atEnd(() => simulator.close());
    const sent: Buffer[] = [];
    const tap = await startRelay(database.url, (pair) => {
      pair.client.on("data", (bytes) => sent.push(bytes));
      pipe(pair);
    });
    atEnd(() => tap.close());
    const upstream = await startEchoingUpstream(simulator.url, (orderNo) => {
      if (orderNo.includes("database-goes-away")) tap.leadTo(null);
    });
    atEnd(() => upstream.close());
    const environment = {
      ...UNLIMITED,
      PORT: "0",
      LOG_LEVEL: "trace",
      DATABASE_URL: tap.url,
      EBP_BASE_URL: upstream.upstream.url,
      EBP_TIMEOUT_MS: String(TIMEOUT_MS),
      EBP_WEBHOOK_SECRET: WEBHOOK_SECRET,
      RECONCILE_INTERVAL_MS: "100",
      DATA_ENCRYPTION_KEYS: `test:${Buffer.alloc(32, 7).toString("base64")}`,
    };
    atEnd(async () => {
      for (const running of processes) running.kill("SIGKILL");
      await Promise.all(processes.map(({ ended }) => ended));
    });
    const service = await startInstance(environment);
    processes.push(service);
    return {
      databaseUrl: database.url,
      sent: () => Buffer.concat(sent),
      databaseComesBack: () => tap.leadTo(Number(new URL(database.url).port || "5432")),
      upstream,
      environment,
      service,
    };
  });

  async function sql(text: string): Promise<any[]> {
    return withConnection(ends.databaseUrl, async (client) => (await client.query(text)).rows);
  }

  async function kept(answering: Promise<Response>): Promise<any> {
    const answer = await answering;
    const text = await answer.text();
    answers.push(`${answer.status} ${JSON.stringify([...answer.headers])}\n${text}`);
    try {
      return JSON.parse(text);
    } catch {
      return null;
    }
  }

  function post(body: string, headers: Record<string, string> = {}, url = ends.service.url): Promise<any> {
    const all = { "content-type": "application/json", ...headers };
    return kept(fetch(`${url}/graphql`, { method: "POST", headers: all, body }));
  }

  function graphql(query: string, variables: object = {}, url = ends.service.url): Promise<any> {
    return post(JSON.stringify({ query, variables }), {}, url);
  }

  async function cancel(canary: Canary, changes: object = {}, url = ends.service.url): Promise<any> {
    const input = cancelInput({ refundAccount: accountOf(canary), ...changes });
    // As a client does while there is no free connection to the database.
    for (;;) {
      const { data, errors } = await graphql(CANCEL, { input }, url);
      if (errors?.[0]?.extensions?.code !== "SERVICE_UNAVAILABLE") return data?.cancelPayment ?? null;
      await new Promise((resolve) => setTimeout(resolve, RETRY_PAUSE_MS));
    }
  }

  function raw(text: string): Promise<void> {
    return new Promise((resolve) => {
      const socket = connect(Number(new URL(ends.service.url).port), "127.0.0.1", () => socket.write(text));
      socket.on("data", (bytes) => answers.push(bytes.toString("latin1")));
      socket.on("close", () => resolve()).on("error", () => undefined);
    });
  }

  async function startDying(at: string): Promise<Instance> {
    const instance = await startInstance({ ...ends.environment, RECONCILE_INTERVAL_MS: "0" }, { at });
    processes.push(instance);
    return instance;
  }

  function run(name: string, more: Readonly<Record<string, string>>): ServiceProcess {
    const running = runService({ ...ends.environment, ...more }, command(name));
    processes.push(running);
    return running;
  }

  return { ends, processes, answers, sql, kept, post, graphql, cancel, raw, startDying, run };
}
