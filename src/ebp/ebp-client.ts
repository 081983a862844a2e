import { performance } from "node:perf_hooks";
import type { Agent, Dispatcher } from "undici";
import type { CancelRequest } from "../cancellation/model/cancel-request.js";
import type {
  Language,
  LookedUpPayment,
  PaymentGateway,
  PaymentQuestion,
  SendWindow,
  PaymentStatuses,
  SentCancel,
} from "../cancellation/model/payment-gateway.js";
import type { PaymentDisplay, ShownPayment } from "../cancellation/history/live-status.js";
import { createConnections } from "./connections.js";
import {
  CANCEL_METHOD,
  cancelBody,
  cancelUrl,
  describeRequest,
  DETAIL_METHOD,
  detailUrl,
  type EbpStore,
  requestHeaders,
} from "./ebp-request.js";
import { exchange, type Exchange, notSent } from "./exchange.js";
import { readLiveStatus, canShow, readPaymentState } from "./payment-state-table.js";
import { readOutcome } from "./outcome-table.js";

/** Concurrent requests to one host. Further requests wait for a connection, up to the time-out, and nothing of them is sent. */
const CONNECTIONS_PER_ORIGIN = 64;
/** A TCP and TLS handshake with the farthest region takes well under a second; the rest is for lost packets. */
const CONNECT_TIMEOUT_MS = 5_000;
/**
 * How long an idle connection may be reused, whatever the peer announces. Shorter than the idle time-out of common servers
 * and balancers (5 s and more): a cancel written to a connection that is being closed ends as UNKNOWN.
 */
const IDLE_CONNECTION_MS = 2_000;
/** Language of EBP's messages in answers to lookups; only the recorded evidence shows them. */
const LOOKUP_LANGUAGE: Language = "en";
/** A lookup moves no money, so it may be sent at any time. */
const ALWAYS_OPEN: SendWindow = { isOpen: () => true };

export interface EbpClientOptions {
  readonly stores: ReadonlyMap<string, EbpStore>;
  /** Milliseconds for one exchange, from asking for a connection to the last byte of the answer. */
  readonly timeoutMs: number;
  /** Concurrent requests to one host. */
  readonly connectionsPerOrigin?: number;
  /** Each cancel gets a new connection of its own: nothing read there can be about anything else. */
  readonly connectionPerCancel?: boolean;
  readonly paymentStatuses: PaymentStatuses;
}

export interface EbpClient extends PaymentGateway, PaymentDisplay {
  /** Waits for the exchanges under way. A later cancel or lookup is not sent. */
  close(): Promise<void>;
}

/**
 * The client of EBP's Cancel Payment and Get Payment Details. Whatever the network or EBP does is an outcome, never an error.
 * @throws Error, from every method, for a store without credentials: the service was put together wrongly.
 */
export function createEbpClient(options: EbpClientOptions): EbpClient {
  const { stores, timeoutMs, connectionsPerOrigin = CONNECTIONS_PER_ORIGIN } = options;
  const { paymentStatuses, connectionPerCancel = false } = options;
  const connect = (onePerRequest: boolean): Agent =>
    createConnections({
      onePerRequest,
      connections: connectionsPerOrigin,
      connect: { timeout: Math.min(timeoutMs, CONNECT_TIMEOUT_MS) },
      // The exchange has its own time-out; that one reads the socket once more before it gives up.
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: IDLE_CONNECTION_MS,
      keepAliveMaxTimeout: IDLE_CONNECTION_MS,
    });
  const kept = connect(false);
  const forCancels = connectionPerCancel ? connect(true) : kept;
  const underWay = new Set<Promise<unknown>>();
  let closing: Promise<void> | null = null;

  async function send(
    connections: Agent,
    store: EbpStore,
    { method, url, text }: { method: Dispatcher.HttpMethod; url: URL; text: string },
    { language, window, limitMs }: { language: Language; window: SendWindow; limitMs: number },
  ): Promise<Exchange> {
    if (closing !== null) return notSent("CLIENT_CLOSED");
    const body = Buffer.from(text, "utf8");
    const headers = requestHeaders(store, body, language);
    const request = { origin: url.origin, path: url.pathname + url.search, method, headers, body };
    const sending = exchange(connections, request, limitMs, window);
    underWay.add(sending);
    return sending.finally(() => underWay.delete(sending));
  }

  async function cancel(request: CancelRequest, language: Language, window: SendWindow): Promise<SentCancel> {
    const store = storeOf(stores, request.storeId);
    const post = { method: CANCEL_METHOD, url: cancelUrl(store.baseUrl), text: cancelBody(request) } as const;
    const happened = await send(forCancels, store, post, { language, window, limitMs: timeoutMs });
    const outcome = readOutcome(happened, request);
    const sentAgoMs = happened.sentAt === null ? null : Math.round(performance.now() - happened.sentAt);
    return { outcome, sentAgoMs };
  }

  async function ask(storeId: string, orderNo: string, limitMs: number): Promise<Exchange> {
    const store = storeOf(stores, storeId);
    const url = detailUrl(store.baseUrl);
    const post = { method: DETAIL_METHOD, url, text: JSON.stringify({ orderNo }) } as const;
    return send(kept, store, post, { language: LOOKUP_LANGUAGE, window: ALWAYS_OPEN, limitMs });
  }

  async function lookup(question: PaymentQuestion): Promise<LookedUpPayment> {
    const happened = await ask(question.storeId, question.orderNo, timeoutMs);
    return readPaymentState(happened, question, paymentStatuses);
  }

  async function showPayment(storeId: string, orderNo: string, withinMs: number): Promise<ShownPayment> {
    const happened = await ask(storeId, orderNo, Math.min(withinMs, timeoutMs));
    return readLiveStatus(happened, orderNo, paymentStatuses);
  }

  /** undici's own close() would also wait, past our time-out, for connections that are still being made. */
  async function closeWhenIdle(): Promise<void> {
    await Promise.allSettled(underWay);
    await Promise.all([kept.destroy(), forCancels.destroy()]);
  }

  return {
    cancel,
    lookup,
    showPayment,
    canShow: (state) => canShow(state, paymentStatuses),
    describe: describeRequest,
    close: () => (closing ??= closeWhenIdle()),
  };
}

function storeOf(stores: ReadonlyMap<string, EbpStore>, storeId: string): EbpStore {
  const store = stores.get(storeId);
  if (store === undefined)
    throw new Error(`calling EBP for store ${JSON.stringify(storeId)}: no credentials are configured for it`);
  return store;
}
