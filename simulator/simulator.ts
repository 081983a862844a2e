import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { SimulatedCancel } from "./simulated-cancel.js";
import type { SimulatedStore } from "./simulated-store.js";
import { Effects } from "./effects.js";
import { SimulatorInProductionError } from "./errors.js";
import { createHandler } from "./handler.js";
import { MemoryLedger, type Ledger } from "./ledger.js";
import { Numbering } from "./numbering.js";
import { Payments, type PaymentRegister } from "./payments.js";
import type { WebhookTarget } from "./webhook-target.js";
import { Webhooks, type WebhookDelivery } from "./webhooks.js";

/** Longer than a person's patience, shorter than the default time-out of the client. */
const DEFAULT_SLOW_MS = 3_000;
/** Twice the default time-out of the client: it has given up, and a first lookup may have been made. */
const DEFAULT_LATE_MS = 20_000;
/** Time enough to see, and to look up, a cancel that no webhook has told of yet. */
const DEFAULT_WEBHOOK_DELAY_MS = 5_000;
/** A receiver only has to store the event. */
const DEFAULT_WEBHOOK_TIMEOUT_MS = 5_000;
/** Bridges a restart of the receiver. EBP's own policy is not published. */
const DEFAULT_WEBHOOK_RETRY_MS: readonly number[] = [1_000, 2_000, 4_000];

export interface SimulatorOptions {
  readonly stores: readonly SimulatedStore[];
  /** 0, the default, takes any free port. */
  readonly port?: number;
  readonly host?: string;
  /** How late an order number of the form SIM-SLOW… is answered, in milliseconds. */
  readonly slowMs?: number;
  /** How late the effect on an order number of the form SIM-LATE-EFFECT… lands, in milliseconds. */
  readonly lateMs?: number;
  /** Called when a cancel has been decided (and performed, if it is to be), and awaited before anything is answered. */
  readonly beforeAnswer?: (cancel: SimulatedCancel) => Promise<void>;
  /** Called when the answer to a lookup has been decided, and awaited before it is given: it may be out of date by then. */
  readonly beforeLookupAnswer?: (orderNo: string) => Promise<void>;
  /** None unless stated; see also `sendWebhooksTo`. */
  readonly webhooks?: WebhookTarget | null;
  /** How late the webhooks of an order number of the form SIM-WEBHOOK-DELAYED… are, in milliseconds. */
  readonly webhookDelayMs?: number;
  /** How long a webhook waits for its answer, in milliseconds. */
  readonly webhookTimeoutMs?: number;
  /** How long to wait before each further try to deliver a webhook, in milliseconds; there are as many as are listed. */
  readonly webhookRetryMs?: readonly number[];
  /** One line per request and per try to deliver a webhook; never a body. */
  readonly log?: (line: string) => void;
  readonly now?: () => Date;
  /** NODE_ENV as the caller read it. The simulator refuses to start in production. */
  readonly environment?: string | undefined;
}

export interface Simulator {
  readonly url: string;
  readonly ledger: Ledger;
  readonly payments: PaymentRegister;
  /** Every try to deliver a webhook so far. */
  readonly webhooks: readonly WebhookDelivery[];
  /** From now on, also for tries yet to be made; null sends none. */
  sendWebhooksTo(target: WebhookTarget | null): void;
  /** Resolves when no webhook is on its way or waiting for its turn or its next try. */
  settledWebhooks(): Promise<void>;
  /** Does not wait for the effects on SIM-LATE-EFFECT… orders any longer. Returns how many there were. */
  landLateEffects(): number;
  /** Also cuts the connections that are never to be answered, and drops late effects and undelivered webhooks. */
  close(): Promise<void>;
}

/**
 * Starts a stand-in for EBP's Cancel Payment and Get Payment Details over HTTP. It checks headers, signature, schema, the
 * amount rule and what the payment allows, keeps a ledger of every request and every effect (also served at
 * `GET /ledger?orderNo=`), sends webhooks, and lets order numbers force behaviour (see FORCED_BEHAVIOURS).
 */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  if (options.environment === "production") throw new SimulatorInProductionError();
  const closing = new AbortController();
  const stores = new Map(options.stores.map((store) => [store.storeId, store]));
  const now = options.now ?? (() => new Date());
  const log = options.log ?? (() => undefined);
  const numbering = new Numbering(now);
  const ledger = new MemoryLedger();
  const webhooks = new Webhooks({
    stores,
    target: options.webhooks ?? null,
    now,
    log,
    timeoutMs: options.webhookTimeoutMs ?? DEFAULT_WEBHOOK_TIMEOUT_MS,
    retryMs: options.webhookRetryMs ?? DEFAULT_WEBHOOK_RETRY_MS,
    delayMs: options.webhookDelayMs ?? DEFAULT_WEBHOOK_DELAY_MS,
    closing: closing.signal,
  });
  const payments = new Payments({
    storeIds: [...stores.keys()],
    numbering,
    onCaptured: ({ storeId, orderNo }, amount) =>
      webhooks.announce({ eventType: "PAYMENT_CAPTURED", storeId, orderNo, amount, at: now() }),
  });
  const lateMs = options.lateMs ?? DEFAULT_LATE_MS;
  const effects = new Effects({ ledger, payments, webhooks, numbering, lateMs });
  const server = createServer(
    createHandler({
      stores,
      ledger,
      payments,
      effects,
      numbering,
      slowMs: options.slowMs ?? DEFAULT_SLOW_MS,
      beforeAnswer: options.beforeAnswer ?? (() => Promise.resolve()),
      beforeLookupAnswer: options.beforeLookupAnswer ?? (() => Promise.resolve()),
      log,
      closing: closing.signal,
    }),
  );
  const { port, address, family } = await listen(server, options.port ?? 0, options.host ?? "127.0.0.1");
  return {
    url: `http://${family === "IPv6" ? `[${address}]` : address}:${port}`,
    ledger,
    payments,
    get webhooks() {
      return webhooks.deliveries;
    },
    sendWebhooksTo: (target) => webhooks.sendTo(target),
    settledWebhooks: () => webhooks.settled(),
    landLateEffects: () => effects.landLate(),
    close: async () => {
      closing.abort();
      await close(server);
      effects.forgetLate();
      await webhooks.settled();
    },
  };
}

function listen(server: Server, port: number, host: string): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve(server.address() as AddressInfo);
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
