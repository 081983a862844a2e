import { fileURLToPath } from "node:url";
import type { FastifyInstance } from "fastify";
import { v7 as uuidv7 } from "uuid";
import { createAuthenticator } from "./auth/authenticator.js";
import { currencyDecimals } from "./cancellation/currency.js";
import type { Store, Stores } from "./cancellation/store.js";
import type { Config } from "./config.js";
import type { StoreSettings } from "./config/stores.js";
import { createEbpClient } from "./ebp/ebp-client.js";
import { startSimulator } from "./ebp/simulator/simulator.js";
import { sandboxPage } from "./graphql/sandbox-page.js";
import { buildGraphQLSchema } from "./graphql/schema.js";
import { addGraphQL } from "./graphql/server.js";
import { addHealth } from "./http/health.js";
import { listen } from "./http/listen.js";
import { createHttpServer } from "./http/server.js";
import { addPage } from "./http/page.js";
import { createAccountCipher, type EncryptionKey } from "./persistence/account-cipher.js";
import { startEmbeddedPostgres } from "./persistence/embedded-postgres.js";
import { localEncryptionKey } from "./persistence/local-encryption-key.js";
import { applyMigrations, pendingMigrations } from "./persistence/migrations.js";
import { assertSession, createPrisma, isDatabaseUp } from "./persistence/prisma.js";
import { createPrismaHistory } from "./persistence/prisma-history.js";
import { createPrismaLedger } from "./persistence/prisma-ledger.js";
import { Releases } from "./releases.js";

export const MIGRATIONS_FOLDER = fileURLToPath(new URL("../prisma/migrations", import.meta.url));
/** A repeated request waits this much longer than EBP may take, for the first one's outcome to be committed. */
const WAIT_MARGIN_MS = 2_000;

/** Time enough to have EBP issue a new key. */
const EXPIRY_NOTICE_MS = 30 * 24 * 60 * 60 * 1_000;

export interface App {
  /** Where it listens, such as http://127.0.0.1:4000. */
  readonly url: string;
  readonly log: FastifyInstance["log"];
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
    return { url: await start(config, http, releases), log: http.log, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function start(config: Config, http: FastifyInstance, releases: Releases): Promise<string> {
  const databaseUrl = await openDatabase(config, http.log, releases);
  // Connections of their own for what moves money: however many read, an outcome finds one.
  const [prisma, ledgerPrisma] = [createPrisma(databaseUrl), createPrisma(databaseUrl)];
  releases.add("the database connections", () =>
    Promise.all([prisma.$disconnect(), ledgerPrisma.$disconnect()]),
  );
  await assertSession(prisma);

  const gateway = createEbpClient({
    stores: await reachableStores(config, http.log, releases),
    timeoutMs: config.ebpTimeoutMs,
  });
  releases.add("the connections to EBP", () => gateway.close());

  const stores = storesOf(config);
  const cipher = createAccountCipher(await encryptionKeys(config));
  const history = createPrismaHistory(prisma, cipher);
  const schema = await buildGraphQLSchema({
    stores,
    history,
    ledger: createPrismaLedger(ledgerPrisma, cipher, createPrismaHistory(ledgerPrisma, cipher)),
    gateway,
    newId: uuidv7,
    waitMs: config.ebpTimeoutMs + WAIT_MARGIN_MS,
    onNotRecorded: (error, { id }, { to, evidence: { rawAnswer: _, ...evidence }, confirmation }) =>
      http.log.error(
        { err: error, cancellationId: id, to, evidence, returnRequestId: confirmation?.returnRequestId },
        "recording an outcome failed; it is tried again",
      ),
    onFault: (error, cancellationId) =>
      http.log.error({ err: error, cancellationId }, "sending a cancel failed"),
  });

  releases.add("the HTTP server", () => http.close());
  const authenticate = createAuthenticator(config.auth, [...stores.keys()]);
  if (config.auth.kind === "off")
    http.log.warn("authentication is off: whoever reaches this address may cancel");
  warnOfExpiry(config, http.log);
  addHealth(http, { isDatabaseUp: () => isDatabaseUp(prisma) });
  await addGraphQL(http, { schema, history, authenticate, introspection: !config.production });
  if (!config.production) addPage(http, (endpoint) => sandboxPage(endpoint));
  return listen(http, config.host, config.port);
}

/** An embedded database is brought up to date at start; any other is left to `prisma migrate deploy`, and checked. */
async function openDatabase(config: Config, log: App["log"], releases: Releases): Promise<string> {
  const say = (message: string): void => log.info(message);
  if (config.databaseUrl === null) {
    const embedded = await startEmbeddedPostgres({ dataDir: config.dataDir, log: say });
    releases.add("the embedded PostgreSQL", () => embedded.stop());
    await applyMigrations({ url: embedded.url, directory: MIGRATIONS_FOLDER, log: say });
    return embedded.url;
  }
  const pending = await pendingMigrations({
    url: config.databaseUrl,
    directory: MIGRATIONS_FOLDER,
    log: say,
  });
  if (pending.length === 0) return config.databaseUrl;
  throw new Error(
    `The database at DATABASE_URL lacks the migrations ${pending.join(", ")}. Apply them with \`npx prisma migrate deploy\` (or \`npm run migrate\`), then start again.`,
  );
}

/** The stores with their base URLs; those without one are served by a simulator of our own. */
async function reachableStores(
  config: Config,
  log: App["log"],
  releases: Releases,
): Promise<ReadonlyMap<string, StoreSettings & { baseUrl: string }>> {
  const simulated = config.stores.filter((store) => store.baseUrl === null);
  const simulator =
    simulated.length === 0
      ? null
      : await startSimulator({
          stores: simulated,
          log: (line) => log.debug(line),
          environment: config.production ? "production" : undefined,
        });
  if (simulator !== null) {
    releases.add("the simulator", () => simulator.close());
    log.info(`EBP is played by the built-in simulator at ${simulator.url}`);
  }
  return new Map(
    config.stores.map((store) => [
      store.storeId,
      { ...store, baseUrl: store.baseUrl ?? simulator?.url ?? "" },
    ]),
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

function storesOf(config: Config): Stores {
  return new Map(
    config.stores.map(({ storeId, currencyCode, amountBasis }): [string, Store] => {
      const decimals = currencyDecimals(currencyCode);
      if (decimals === undefined)
        throw new Error(`store ${storeId}: ${currencyCode} is not an ISO 4217 currency`);
      return [storeId, { id: storeId, currencyCode, currencyDecimals: decimals, amountBasis }];
    }),
  );
}

async function encryptionKeys(config: Config): Promise<[EncryptionKey, ...EncryptionKey[]]> {
  const [newest, ...older] = config.encryptionKeys ?? [];
  return newest === undefined ? [await localEncryptionKey(config.dataDir)] : [newest, ...older];
}
