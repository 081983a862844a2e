import { performance } from "node:perf_hooks";
import { Agent } from "undici";
import type { CancelRequest } from "../cancellation/cancel-request.js";
import type { Language, PaymentGateway, SentCancel } from "../cancellation/payment-gateway.js";
import { cancelBody } from "./cancel-body.js";
import { describeRequest } from "./describe-request.js";
import type { EbpStore } from "./ebp-store.js";
import { CANCEL_METHOD, cancelUrl } from "./endpoint.js";
import { UnknownStoreError } from "./errors.js";
import { exchange, notSent, type Exchange } from "./exchange.js";
import { requestHeaders } from "./headers.js";
import { readOutcome } from "./read-outcome.js";

/** Requests at a time to one host. More wait for a connection, up to the time-out; nothing of them is sent meanwhile. */
const CONNECTIONS_PER_ORIGIN = 64;
/** A TCP and TLS handshake takes well under a second to the farthest region; this leaves room for lost packets. */
const CONNECT_TIMEOUT_MS = 5_000;
/**
 * How long an idle connection is used again, whatever the peer announces. Shorter than the idle time-out of common
 * servers and balancers (5 s and up): a cancel written to a connection that is just being closed ends as UNKNOWN.
 */
const IDLE_CONNECTION_MS = 2_000;

export interface EbpClientOptions {
  readonly stores: ReadonlyMap<string, EbpStore>;
  /** Milliseconds for one cancel as a whole, from asking for a connection to the last byte of the answer. */
  readonly timeoutMs: number;
  /** Requests at a time to one host. */
  readonly connectionsPerOrigin?: number;
}

export interface EbpClient extends PaymentGateway {
  /** Waits for the cancels under way; a cancel asked for from now on is not sent. */
  close(): Promise<void>;
}

/**
 * The client of EBP's Cancel Payment. `cancel` and `describe` throw UnknownStoreError for a store it has no credentials
 * for; whatever the network or EBP does is an outcome.
 */
export function createEbpClient(options: EbpClientOptions): EbpClient {
  const { stores, timeoutMs, connectionsPerOrigin = CONNECTIONS_PER_ORIGIN } = options;
  const agent = new Agent({
    connections: connectionsPerOrigin,
    connect: { timeout: Math.min(timeoutMs, CONNECT_TIMEOUT_MS) },
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    keepAliveTimeout: IDLE_CONNECTION_MS,
    keepAliveMaxTimeout: IDLE_CONNECTION_MS,
    // One request at a time per connection, and HTTP/1.1 only: a pipelined or multiplexed request may be sent again.
    pipelining: 1,
    allowH2: false,
  });
  const underWay = new Set<Promise<unknown>>();
  let closing: Promise<void> | null = null;

  function send(store: EbpStore, request: CancelRequest, language: Language): Promise<Exchange> {
    const body = Buffer.from(cancelBody(request), "utf8");
    const url = cancelUrl(store.baseUrl);
    const headers = requestHeaders(store, body, language);
    const path = url.pathname + url.search;
    return exchange(agent, { origin: url.origin, path, method: CANCEL_METHOD, headers, body }, timeoutMs);
  }

  async function cancel(request: CancelRequest, language: Language): Promise<SentCancel> {
    const store = storeOf(stores, request.storeId);
    const sending =
      closing === null ? send(store, request, language) : Promise.resolve(notSent("CLIENT_CLOSED"));
    underWay.add(sending);
    const happened = await sending.finally(() => underWay.delete(sending));
    const outcome = readOutcome(happened, request);
    const sentAgoMs = happened.sentAt === null ? null : Math.round(performance.now() - happened.sentAt);
    return { outcome, sentAgoMs };
  }

  /** undici's own close() would also wait for connections still being made, past our time-out. */
  async function closeWhenIdle(): Promise<void> {
    await Promise.allSettled(underWay);
    await agent.destroy();
  }

  return {
    cancel,
    describe: (request) => describeRequest(request, storeOf(stores, request.storeId)),
    close: () => (closing ??= closeWhenIdle()),
  };
}

function storeOf(stores: ReadonlyMap<string, EbpStore>, storeId: string): EbpStore {
  const store = stores.get(storeId);
  if (store === undefined) throw new UnknownStoreError(storeId);
  return store;
}
