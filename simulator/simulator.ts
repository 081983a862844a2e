import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { DETAIL_PATH } from "../src/ebp/ebp-request.js";
import { sendReply } from "./answers.js";
import { orderNoOf, parseBody, type SimulatedCancel } from "./cancel-body.js";
import type { SimulatedStore } from "./development-store.js";
import { Effects } from "./effects.js";
import { headerOf, judge, type JudgeDependencies, sha256 } from "./judge.js";
import { ledgerJson, MemoryLedger, type Ledger } from "./ledger.js";
import { Numbering } from "./numbering.js";
import { Payments, type PaymentRegister } from "./payments.js";
import { Webhooks, type WebhookDelivery, type WebhookTarget } from "./webhooks.js";

/** Longer than a person's patience, shorter than the client's default time-out. */
const DEFAULT_SLOW_MS = 3_000;
/** Twice the client's default time-out: it has given up, and may have looked the payment up once. */
const DEFAULT_LATE_MS = 20_000;
/** Enough to see, and to look up, a cancel before its webhook comes. */
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
  /** Awaited before a cancel is answered; by then it is decided, and performed if it has an effect. */
  readonly beforeAnswer?: (cancel: SimulatedCancel) => Promise<void>;
  /** Awaited before a lookup is answered. The answer is fixed by then, and may become outdated. */
  readonly beforeLookupAnswer?: (orderNo: string) => Promise<void>;
  /** None unless stated; see also `sendWebhooksTo`. */
  readonly webhooks?: WebhookTarget | null;
  /** How late the webhooks of an order number of the form SIM-WEBHOOK-DELAYED… are, in milliseconds. */
  readonly webhookDelayMs?: number;
  /** How long a webhook waits for its answer, in milliseconds. */
  readonly webhookTimeoutMs?: number;
  /** The waits before each further attempt to deliver a webhook, in milliseconds. */
  readonly webhookRetryMs?: readonly number[];
  /** One line per request and per attempt to deliver a webhook; never a body. */
  readonly log?: (line: string) => void;
  readonly now?: () => Date;
  /** NODE_ENV as the caller read it. The simulator refuses to start in production. */
  readonly environment?: string | undefined;
}

export interface Simulator {
  readonly url: string;
  readonly ledger: Ledger;
  readonly payments: PaymentRegister;
  /** Every attempt to deliver a webhook so far. */
  readonly webhooks: readonly WebhookDelivery[];
  /** Applies to all further attempts; null sends none. */
  sendWebhooksTo(target: WebhookTarget | null): void;
  /** Resolves when no webhook is under way, or waits for its turn or its next attempt. */
  settledWebhooks(): Promise<void>;
  /** Lands the effects on SIM-LATE-EFFECT… orders now. Returns how many took effect. */
  landLateEffects(): number;
  /** Also cuts unanswered connections, and drops late effects and undelivered webhooks. */
  close(): Promise<void>;
}

/**
 * Starts a stand-in for EBP's Cancel Payment and Get Payment Details over HTTP. It checks headers, signature, schema, the
 * amount rule and what the payment allows, keeps a ledger of every request and every effect (also served at
 * `GET /ledger?orderNo=`), sends webhooks, and lets order numbers force behaviour (see FORCED_BEHAVIOURS).
 */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  if (options.environment === "production")
    throw new Error(
      "starting the EBP simulator with NODE_ENV=production: it would confirm cancels that never happened",
    );
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
  const dependencies: HandlerDependencies = {
    stores,
    ledger,
    payments,
    effects,
    numbering,
    slowMs: options.slowMs ?? DEFAULT_SLOW_MS,
    beforeAnswer: options.beforeAnswer,
    beforeLookupAnswer: options.beforeLookupAnswer,
    log,
    closing: closing.signal,
  };
  const server = createServer((request, response) => {
    handle(dependencies, request, response).catch(() => response.destroy());
  });
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

/** The service puts the same limit on EBP's answers. */
const MAX_BODY_BYTES = 1024 * 1024;
const SECRET_HEADERS: readonly string[] = ["x-access-key", "x-ebp-signature"];

interface HandlerDependencies extends JudgeDependencies {
  readonly ledger: MemoryLedger;
  readonly beforeAnswer: SimulatorOptions["beforeAnswer"];
  readonly beforeLookupAnswer: SimulatorOptions["beforeLookupAnswer"];
  readonly log: (line: string) => void;
  /** Aborted when the simulator closes: slow answers stop waiting. */
  readonly closing: AbortSignal;
}

async function handle(
  dependencies: HandlerDependencies,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://simulator");
  if (request.method === "GET" && pathname === "/ledger") {
    const orderNo = searchParams.get("orderNo") ?? undefined;
    const body = ledgerJson(dependencies.ledger, dependencies.payments.all(orderNo), orderNo);
    return sendReply(response, { kind: "answer", httpStatus: 200, body });
  }
  const body = await readBody(request);
  if (body === null) return;
  const received = {
    storeId: headerOf(request, "x-store-id"),
    orderNo: orderNoOf(parseBody(body)),
    bodyHash: sha256(body),
    body: body.toString("utf8"),
    headers: shownHeaders(request),
    at: dependencies.numbering.now(),
  };
  const isLookup = pathname === DETAIL_PATH;
  const entry = isLookup
    ? dependencies.ledger.receiveLookup(received)
    : dependencies.ledger.receive(received);
  try {
    const verdict = judge(dependencies, request, pathname, body);
    entry.decided(verdict.outcome);
    const orderNo = verdict.cancel?.orderNo ?? verdict.lookedUp ?? "";
    dependencies.log(`${request.method ?? ""} ${pathname} ${orderNo} → ${verdict.outcome}`);
    if (verdict.cancel !== undefined) await dependencies.beforeAnswer?.(verdict.cancel);
    if (verdict.lookedUp !== undefined) await dependencies.beforeLookupAnswer?.(verdict.lookedUp);
    if (verdict.afterMs !== undefined)
      await delay(verdict.afterMs, undefined, { signal: dependencies.closing });
    await sendReply(response, verdict.reply);
  } finally {
    entry.over();
  }
}

/** Null when it is too large; leaving the loop cuts the connection. */
async function readBody(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.byteLength;
    if (length > MAX_BODY_BYTES) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function shownHeaders({ headers }: IncomingMessage): Record<string, string> {
  const shown = Object.entries(headers).filter(([name]) => !SECRET_HEADERS.includes(name));
  return Object.fromEntries(shown.map(([name, value]) => [name, String(value)]));
}
