import { beforeEach, jest } from "@jest/globals";
import { startApp, type App } from "../../../src/app.js";
import { readConfig } from "../../../src/config/config.js";
import { DEVELOPMENT_STORE } from "../../../simulator/development-store.js";
import { WHOLLY_CANCELLED_STATUS } from "../../../simulator/payments.js";
import { startSimulator, type Simulator, type SimulatorOptions } from "../../../simulator/simulator.js";
import { createTestDatabase } from "../../helpers/database.js";
import { UNLIMITED } from "../../helpers/service.js";
import type { ServiceProcess } from "../../helpers/service-process.js";
import { useStarted } from "../../helpers/started.js";
import { Database } from "./rows.js";
import { startEbpProxy, type EbpProxy } from "./ebp-proxy.js";
import { kill, runReconciler, startInstance, type Defect, type Instance } from "./instance.js";
import { startPostgres, type PostgresServer } from "./postgres-server.js";
import { Callers } from "./requests.js";
import { TEST_TIMEOUT_MS, type Dice } from "./size.js";

export const WEBHOOK_SECRET = "a secret that the tests know";

export interface WorldOptions {
  readonly dice: Dice;
  readonly environment?: Readonly<Record<string, string>>;
  readonly simulator?: Partial<SimulatorOptions>;
  /** On a PostgreSQL of its own, which can be killed; on a database of the one that tests share unless stated. */
  readonly ownServer?: boolean;
  /** The services reach EBP through a proxy that does what networks do. */
  readonly proxied?: boolean;
}

/** Everything one test file plays with: a database, an EBP, one healthy replica in this process, and callers. */
export class World {
  callers: Callers;
  readonly database: Database;
  readonly #dice: Dice;
  readonly #instances: Instance[] = [];
  readonly #releases: (() => Promise<unknown>)[] = [];

  private constructor(
    dice: Dice,
    databaseUrl: string,
    readonly simulator: Simulator,
    readonly environment: Readonly<Record<string, string>>,
  ) {
    this.#dice = dice;
    this.callers = new Callers(dice);
    this.database = new Database(databaseUrl);
  }

  #app: App | undefined;

  /** What tests have let pass, for those who count it by their own clock. */
  passedMs = 0;

  /** The healthy replica. Its own reconciler is off: tests say when it looks. */
  get app(): App {
    if (this.#app === undefined) throw new Error("the world has no replica of its own");
    return this.#app;
  }

  #upstream: EbpProxy | undefined;

  /** The way to EBP. */
  get upstream(): EbpProxy {
    if (this.#upstream === undefined) throw new Error("the world has no proxy before EBP");
    return this.#upstream;
  }

  #postgres: PostgresServer | undefined;

  /** The server of its own. */
  get postgres(): PostgresServer {
    if (this.#postgres === undefined) throw new Error("the world has no PostgreSQL of its own");
    return this.#postgres;
  }

  /** New callers, whose requests are judged by themselves. */
  begin(): void {
    this.callers = new Callers(this.#dice);
  }

  static async create(options: WorldOptions): Promise<World> {
    const postgres = options.ownServer === true ? await startPostgres() : undefined;
    const cloned = postgres === undefined ? await createTestDatabase() : undefined;
    const databaseUrl = postgres?.proxy.url ?? cloned?.url ?? "";
    const simulator = await startSimulator({ stores: [DEVELOPMENT_STORE], ...options.simulator });
    const upstream = options.proxied === true ? await startEbpProxy(simulator.url) : undefined;
    const world = new World(options.dice, databaseUrl, simulator, {
      PORT: "0",
      LOG_LEVEL: "info",
      DATABASE_URL: databaseUrl,
      EBP_BASE_URL: upstream?.url ?? simulator.url,
      EBP_TIMEOUT_MS: "5000",
      EBP_WEBHOOK_SECRET: WEBHOOK_SECRET,
      RECONCILE_INTERVAL_MS: "0",
      DATA_ENCRYPTION_KEYS: `test:${Buffer.alloc(32, 7).toString("base64")}`,
      ...UNLIMITED,
      ...options.environment,
    });
    world.#upstream = upstream;
    world.#postgres = postgres;
    world.#releases.push(
      () => postgres?.close() ?? Promise.resolve(),
      () => cloned?.drop() ?? Promise.resolve(),
      () => upstream?.close() ?? Promise.resolve(),
      () => simulator.close(),
      () => world.database.close(),
    );
    world.#app = await world.startApp();
    return world;
  }

  /** The healthy replica goes, and another comes. */
  async restart(): Promise<void> {
    await this.#app?.close();
    this.#app = await this.startApp();
  }

  /** One more replica in this process. */
  async startApp(environment: Readonly<Record<string, string>> = {}): Promise<App> {
    const settings = { ...this.environment, LOG_LEVEL: "silent", ...environment };
    const app = await startApp(readConfig(settings, DEVELOPMENT_STORE, [WHOLLY_CANCELLED_STATUS]), {
      monotonicMs: () => performance.now() + this.passedMs,
    });
    this.#releases.push(() => app.close());
    return app;
  }

  /** One more replica, as a process of its own. */
  async startInstance(
    defect: Defect = {},
    environment: Readonly<Record<string, string>> = {},
  ): Promise<Instance> {
    const instance = await startInstance({ ...this.environment, ...environment }, defect);
    this.#instances.push(instance);
    return instance;
  }

  /** `npm run reconcile`, as a process of its own. */
  runReconciler(defect: Defect = {}): ServiceProcess {
    return runReconciler(this.environment, defect);
  }

  /**
   * Resolves when EBP has read all that a dead process has written: two rounds over new connections, which it reads
   * after what was there before.
   */
  async upstreamHasReadEverything(): Promise<void> {
    for (let round = 0; round < 2; round += 1) {
      await (await fetch(`${this.simulator.url}/ledger?orderNo=none`)).arrayBuffer();
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#instances.map(kill));
    for (let release = this.#releases.pop(); release !== undefined; release = this.#releases.pop()) {
      await release();
    }
  }
}

/** A world for the tests of one file, each of which has callers of its own. */
export function useWorld(options: WorldOptions): World {
  jest.setTimeout(TEST_TIMEOUT_MS);
  const world = useStarted(async (atEnd) => {
    const created = await World.create(options);
    atEnd(() => created.close());
    return created;
  }, TEST_TIMEOUT_MS);
  beforeEach(() => world.begin());
  return world;
}
