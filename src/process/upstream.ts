import { randomBytes } from "node:crypto";
import type { Config } from "../config/config.js";
import type { StoreSettings } from "../cancellation/model/store.js";
import { startSimulator, type Simulator } from "../../simulator/simulator.js";
import type { Log } from "./log.js";
import type { Releases } from "./releases.js";

export interface Upstream {
  /** Every store, with where it is reached. */
  readonly stores: ReadonlyMap<string, StoreSettings & { readonly baseUrl: string }>;
  /** Plays EBP for the stores that have no base URL; null when all have one. */
  readonly simulator: Simulator | null;
  /** The webhook secrets, each with the stores whose webhooks it signs. */
  readonly webhookSecrets: ReadonlyMap<string, readonly string[]>;
  /** What the simulator signs its webhooks with; null without one. */
  readonly simulatorSecret: string | null;
}

/** Where EBP is for each store; where no base URL is set, a simulator of our own is started. */
export async function openUpstream(config: Config, log: Log, releases: Releases): Promise<Upstream> {
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
  const simulatorSecret = simulator === null ? null : randomBytes(32).toString("base64url");
  const stores = config.stores.map((store) => ({
    ...store,
    baseUrl: store.baseUrl ?? simulator?.url ?? "",
    webhookSecret: store.baseUrl === null ? simulatorSecret : store.webhookSecret,
  }));
  return {
    stores: new Map(stores.map((store) => [store.storeId, store])),
    simulator,
    webhookSecrets: secretsOf(stores),
    simulatorSecret,
  };
}

function secretsOf(stores: readonly StoreSettings[]): ReadonlyMap<string, readonly string[]> {
  const secrets = new Map<string, string[]>();
  for (const { storeId, webhookSecret } of stores) {
    if (webhookSecret !== null) secrets.set(webhookSecret, [...(secrets.get(webhookSecret) ?? []), storeId]);
  }
  return secrets;
}

/** Lookups and webhooks decide nothing by a payment status that the configuration does not name. */
export function warnOfUnknownStatuses({ paymentStatuses }: Pick<Config, "paymentStatuses">, log: Log): void {
  const unset = [
    ...(paymentStatuses.uncancelled.length === 0 ? ["EBP_UNCANCELLED_STATUSES"] : []),
    ...(paymentStatuses.whollyCancelled.length === 0 ? ["EBP_CANCELLED_STATUSES"] : []),
  ];
  if (unset.length === 0) return;
  log.warn(
    { unset },
    "EBP's words for the states of a payment are not set: lookups cannot decide what is in doubt",
  );
}
