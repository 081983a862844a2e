import { connect } from "node:net";
import { afterAll, beforeAll } from "@jest/globals";
import { DEVELOPMENT_STORE } from "../../simulator/development-store.js";
import { startSimulator } from "../../simulator/simulator.js";
import { startInstance, type Instance } from "../faults/harness/instance.js";
import { withConnection } from "../helpers/connection.js";
import { createTestDatabase } from "../helpers/database.js";
import { CANCEL, cancelInput } from "../helpers/operations.js";
import { UNLIMITED, WEBHOOK_SECRET } from "../helpers/service.js";
import { program, runService, type ServiceProcess } from "../helpers/service-process.js";
import { accountOf, type Canary } from "./canaries.js";
import { startTap, type Tap } from "./canary-tap.js";
import { startEchoingUpstream, type EchoingUpstream } from "./canary-upstream.js";

/** For an EBP that is silent. */
const TIMEOUT_MS = 1_500;
const RETRY_PAUSE_MS = 100;

interface Started {
  readonly databaseUrl: string;
  readonly tap: Tap;
  readonly upstream: EchoingUpstream;
  readonly environment: Readonly<Record<string, string>>;
  readonly service: Instance;
}

/** A service process that logs everything, its database behind a tap, and an EBP that echoes. Every answer is kept. */
export interface CanaryWorld extends Started {
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
  const releases: (() => Promise<unknown>)[] = [];
  const processes: ServiceProcess[] = [];
  const answers: string[] = [];
  let started: Started | undefined;
  const ready = (): Started => {
    if (started === undefined) throw new Error("the service is there once the tests run");
    return started;
  };

  beforeAll(async () => {
    const database = await createTestDatabase();
    releases.push(() => database.drop());
    const simulator = await startSimulator({ stores: [DEVELOPMENT_STORE] });
    releases.push(() => simulator.close());
    const tap = await startTap(database.url);
    releases.push(() => tap.close());
    const upstream = await startEchoingUpstream(simulator.url, (orderNo) => {
      if (orderNo.includes("database-goes-away")) tap.down();
    });
    releases.push(() => upstream.close());
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
    const service = await startInstance(environment);
    processes.push(service);
    started = { databaseUrl: database.url, tap, upstream, environment, service };
  });
  afterAll(async () => {
    for (const running of processes) running.kill("SIGKILL");
    await Promise.all(processes.map(({ ended }) => ended));
    for (const release of releases.reverse()) await release();
  });

  async function sql(text: string): Promise<any[]> {
    return withConnection(ready().databaseUrl, async (client) => (await client.query(text)).rows);
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

  function post(body: string, headers: Record<string, string> = {}, url = ready().service.url): Promise<any> {
    const all = { "content-type": "application/json", ...headers };
    return kept(fetch(`${url}/graphql`, { method: "POST", headers: all, body }));
  }

  function graphql(query: string, variables: object = {}, url = ready().service.url): Promise<any> {
    return post(JSON.stringify({ query, variables }), {}, url);
  }

  async function cancel(canary: Canary, changes: object = {}, url = ready().service.url): Promise<any> {
    const input = cancelInput({ refundAccount: accountOf(canary), ...changes });
    // As a client does while there is no free connection to the database.
    for (;;) {
      const { data, errors } = await graphql(CANCEL, { input }, url);
      if (errors?.[0]?.extensions?.code !== "SERVICE_UNAVAILABLE") return data?.cancelPayment ?? null;
      await new Promise((resolve) => setTimeout(resolve, RETRY_PAUSE_MS));
    }
  }

  /** Bytes to the service, and whatever comes back until the connection ends. */
  function raw(text: string): Promise<void> {
    return new Promise((resolve) => {
      const socket = connect(Number(new URL(ready().service.url).port), "127.0.0.1", () =>
        socket.write(text),
      );
      socket.on("data", (bytes) => answers.push(bytes.toString("latin1")));
      socket.on("close", () => resolve()).on("error", () => undefined);
    });
  }

  async function startDying(at: string): Promise<Instance> {
    const instance = await startInstance({ ...ready().environment, RECONCILE_INTERVAL_MS: "0" }, { at });
    processes.push(instance);
    return instance;
  }

  function run(name: string, more: Readonly<Record<string, string>>): ServiceProcess {
    const running = runService({ ...ready().environment, ...more }, program(name));
    processes.push(running);
    return running;
  }

  return {
    get databaseUrl() {
      return ready().databaseUrl;
    },
    get tap() {
      return ready().tap;
    },
    get upstream() {
      return ready().upstream;
    },
    get environment() {
      return ready().environment;
    },
    get service() {
      return ready().service;
    },
    processes,
    answers,
    sql,
    kept,
    post,
    graphql,
    cancel,
    raw,
    startDying,
    run,
  };
}
