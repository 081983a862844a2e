import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { DETAIL_PATH } from "../src/ebp/ebp-request.js";
import { sendReply } from "./answers.js";
import { orderNoOf, parseBody, type SimulatedCancel } from "./cancel-body.js";
import type { SimulatedStore } from "./development-store.js";
import { Effects } from "./effects.js";
import { headerOf, judge, type JudgeDependencies, sha256 } from "./judge.js";
import { Ledger } from "./ledger.js";
import { Numbering, Payments } from "./payments.js";
import { Webhooks, type WebhookDelivery, type WebhookTarget } from "./webhooks.js";

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
  /** How long after its request a refund is carried out, as a webhook reports it, in milliseconds. */
  readonly refundAfterMs?: number;
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

const DEFAULTS = {
  port: 0,
  host: "127.0.0.1",
  // Longer than a person's patience, shorter than the client's default time-out.
  slowMs: 3_000,
  // Twice the client's default time-out: it has given up, and may have looked the payment up once.
  lateMs: 20_000,
  // Enough to see that it was requested.
  refundAfterMs: 2_000,
  webhooks: null,
  // Enough to see, and to look up, a cancel before its webhook comes.
  webhookDelayMs: 5_000,
  // A receiver only has to store the event.
  webhookTimeoutMs: 5_000,
  // Bridges a restart of the receiver. EBP's own policy is not published.
  webhookRetryMs: [1_000, 2_000, 4_000],
  log: () => undefined,
  now: () => new Date(),
};

export interface Simulator {
  readonly url: string;
  readonly ledger: Ledger;
  readonly payments: Pick<Payments, "register" | "all">;
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
  const settings = { ...DEFAULTS, ...options };
  const { now, lateMs, refundAfterMs } = settings;
  const closing = new AbortController();
  const stores = new Map(options.stores.map((store) => [store.storeId, store]));
  const numbering = new Numbering(now);
  const ledger = new Ledger();
  const webhooks = new Webhooks(settings, stores, closing.signal);
  const payments = new Payments([...stores.keys()], numbering, ({ storeId, orderNo }, amount) =>
    webhooks.announce({ eventType: "PAYMENT_CAPTURED", storeId, orderNo, amount, at: now() }),
  );
  const effects = new Effects({ ledger, payments, webhooks, now, lateMs, refundAfterMs });
  const dependencies = { ...settings, stores, ledger, payments, effects, numbering, closing: closing.signal };
  const server = createServer((request, response) => {
    handle(dependencies, request, response).catch(() => response.destroy());
  });
  server.listen(settings.port, settings.host);
  await once(server, "listening");
  const { port, address, family } = server.address() as AddressInfo;
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
      await new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      });
      effects.takeLate();
      await webhooks.settled();
    },
  };
}

/** The service puts the same limit on EBP's answers. */
const MAX_BODY_BYTES = 1024 * 1024;
const SECRET_HEADERS: readonly string[] = ["x-access-key", "x-ebp-signature"];

interface HandlerDependencies
  extends JudgeDependencies, Pick<SimulatorOptions, "beforeAnswer" | "beforeLookupAnswer"> {
  readonly ledger: Ledger;
  readonly log: (line: string) => void;
  readonly now: () => Date;
  /** Aborted when the simulator closes: slow answers stop waiting. */
  readonly closing: AbortSignal;
}

async function handle(
  dependencies: HandlerDependencies,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { ledger, payments, now, log, closing } = dependencies;
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://simulator");
  if (request.method === "GET" && pathname === "/ledger") {
    const orderNo = searchParams.get("orderNo") ?? undefined;
    const body = ledger.json(payments.all(orderNo), orderNo);
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
    at: now(),
  };
  const entry = pathname === DETAIL_PATH ? ledger.receiveLookup(received) : ledger.receive(received);
  try {
    const verdict = judge(dependencies, request, pathname, body);
    entry.decided(verdict.outcome);
    const orderNo = verdict.cancel?.orderNo ?? verdict.lookedUp ?? "";
    log(`${request.method ?? ""} ${pathname} ${orderNo} → ${verdict.outcome}`);
    if (verdict.cancel !== undefined) await dependencies.beforeAnswer?.(verdict.cancel);
    if (verdict.lookedUp !== undefined) await dependencies.beforeLookupAnswer?.(verdict.lookedUp);
    if (verdict.afterMs !== undefined) await delay(verdict.afterMs, undefined, { signal: closing });
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
