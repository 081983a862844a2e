import type { Cancellation } from "../../src/cancellation/model/cancellation.js";
import type { CancelIntent, CancellationLedger } from "../../src/cancellation/model/cancellation-ledger.js";
import type { CancellationHistory } from "../../src/cancellation/history/history.js";
import { createEbpClient, type EbpClient } from "../../src/ebp/ebp-client.js";
import { DEVELOPMENT_STORE } from "../../simulator/development-store.js";
import { intent as intentOf, ledgerOn, recorded } from "../helpers/ledger.js";
import type { TestService } from "../helpers/service.js";

/** What another process of the service has, to be left off at any point of its work. */
export interface AnotherProcess {
  readonly ledger: CancellationLedger;
  readonly history: CancellationHistory;
  readonly gateway: EbpClient;
  /** Its intent is committed, and nothing else of it done. */
  readonly intend: (orderNo: string) => Promise<{ intent: CancelIntent; pending: Cancellation }>;
}

/** Another process on the service's database and upstream; it is gone when `work` is done. */
export async function anotherProcess<T>(
  service: TestService,
  work: (process: AnotherProcess) => Promise<T>,
  database: string = service.databaseUrl,
): Promise<T> {
  const opened = await ledgerOn(database, Buffer.alloc(32, 7));
  const { ledger, history } = opened;
  const store = { ...DEVELOPMENT_STORE, baseUrl: service.simulator.url };
  const gateway = createEbpClient({
    stores: new Map([[store.storeId, store]]),
    timeoutMs: 2_000,
    paymentStatuses: { uncancelled: [], whollyCancelled: [] },
  });
  try {
    return await work({
      ledger,
      history,
      gateway,
      async intend(orderNo) {
        const intent = intentOf({ orderNo });
        return { intent, pending: await recorded(ledger, intent) };
      },
    });
  } finally {
    await gateway.close();
    await opened.close();
  }
}
