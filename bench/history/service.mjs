import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Client } from "undici";
import { startProgram } from "../compare/processes.mjs";
import { STORES } from "./vocabulary.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const LISTENING = /Apollo Sandbox: (http:\S+?)\/\s/u;
const BUILT = ["--max-semi-space-size=64", "--enable-source-maps", "dist/src/main.js"];

/** The service as it is built, in a process of its own, without authentication and without limits on how often one may ask. */
export function startService(databaseUrl, environment, interrupted) {
  const env = {
    DATABASE_URL: databaseUrl,
    PORT: "0",
    LOG_LEVEL: "error",
    RECONCILE_INTERVAL_MS: "0",
    DATA_ENCRYPTION_KEYS: `bench:${Buffer.alloc(32, 7).toString("base64")}`,
    RATE_LIMIT_QUERY_COST: "1000000000",
    ...environment,
  };
  return startProgram({ name: "the service", args: BUILT, cwd: ROOT, env, says: LISTENING }, interrupted);
}

/** Runs `work` with a connection to a service, as it is built, for each of the databases; all have the stores of a history. */
export async function withServices(databaseUrls, interrupted, work) {
  const folder = await mkdtemp(join(tmpdir(), "ebp-bench-history-"));
  const services = [];
  const clients = [];
  try {
    const storesFile = join(folder, "stores.json");
    await writeFile(storesFile, JSON.stringify(STORES.map(settingsOf)));
    for (const url of databaseUrls) {
      services.push(await startService(url, { EBP_STORES_FILE: storesFile }, interrupted));
    }
    clients.push(...services.map(({ url }) => new Client(url)));
    return await work(clients);
  } finally {
    // Before the services: one that stops waits half a minute for whoever has just connected and says nothing.
    await Promise.all(clients.map((client) => client.destroy()));
    await Promise.all(services.map((service) => service.stop()));
    await rm(folder, { recursive: true, force: true });
  }
}

/** The keys open nothing: nobody is asked to cancel. */
function settingsOf({ id, countryCode, currencyCode }) {
  return {
    storeId: id,
    countryCode,
    currencyCode,
    accessKey: "bench-access-key",
    hashKey: "bench-hash-key",
    divisionCode: "BENCH",
    channelCode: "WEB",
    ricCode: "KIC",
    amountBasis: "unit",
  };
}
