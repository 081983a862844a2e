import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "undici";
import { startServiceProcess } from "../service-process.mjs";
import { STORES } from "./vocabulary.mjs";

const BUILT = ["--max-semi-space-size=64", "--enable-source-maps", "dist/src/main.js"];

/** Runs `work` with a connection to a service, as it is built, for each of the databases; all have the stores of a history. */
export async function withServices(databaseUrls, work) {
  const folder = await mkdtemp(join(tmpdir(), "ebp-bench-history-"));
  const services = [];
  const clients = [];
  try {
    const storesFile = join(folder, "stores.json");
    await writeFile(storesFile, JSON.stringify(STORES.map(settingsOf)));
    for (const url of databaseUrls) {
      const environment = { EBP_STORES_FILE: storesFile };
      services.push(await startServiceProcess(url, { program: BUILT, environment }));
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
