import type { IncomingHttpHeaders } from "node:http";
import { performance } from "node:perf_hooks";
import type { Dispatcher } from "undici";
import type { SendWindow } from "../cancellation/model/payment-gateway.js";
import type { Connection, WatchedRequest } from "./connections.js";

/** EBP's answers have around 1 kB, that to a cancel of 500 lines about 60 kB. A larger one is not EBP's. */
export const MAX_ANSWER_BYTES = 1024 * 1024;

/** Error code of an exchange that was not sent because its window had closed. */
export const SEND_WINDOW_CLOSED = "SEND_WINDOW_CLOSED";

/** Error code of an attempt on a used-up connection: nothing was written, and another connection will do. */
const STALE_CONNECTION = "STALE_CONNECTION";

/** What happened on the wire when one request was sent once. */
export interface Exchange {
  /** `performance.now()` at the moment the first byte was handed to the network; null when none was. */
  readonly sentAt: number | null;
  /** "early": the answer is whole, but began before the request had left. */
  readonly end: "complete" | "early" | "timedOut" | "tooLarge" | "broken";
  /** Null when no status line came. */
  readonly httpStatus: number | null;
  readonly headers: IncomingHttpHeaders;
  /** The bytes of the answer's body that came, as they came. */
  readonly body: Buffer;
  /** Code of the error that ended it, such as ECONNREFUSED; null when there was none. */
  readonly errorCode: string | null;
}

/**
 * Sends one request and reads its answer; always resolves.
 * @param dispatcher from `createConnections`.
 * @param timeoutMs bounds the whole exchange: waiting for a connection, sending, and reading the last byte.
 * @param window is checked in the synchronous step that writes the first byte. Once it has closed, nothing is written, however
 * long the request waited for its connection.
 */
export function exchange(
  dispatcher: Dispatcher,
  request: Dispatcher.DispatchOptions,
  timeoutMs: number,
  window: SendWindow,
): Promise<Exchange> {
  return new Promise((resolve) => {
    const handler = new SingleExchange(resolve, timeoutMs, window, () => {
      const watched: WatchedRequest = {
        ...request,
        onConnection: (connection) => (handler.connection = connection),
      };
      dispatcher.dispatch(watched, handler);
    });
    handler.dispatch();
  });
}

/** An exchange of which nothing was sent. */
export function notSent(errorCode: string): Exchange {
  return { sentAt: null, end: "broken", httpStatus: null, headers: {}, body: Buffer.alloc(0), errorCode };
}

/** Thrown into undici so that it does not write the request. */
class NotToBeSentError extends Error {
  override readonly name = "NotToBeSentError";

  constructor(
    message: string,
    readonly code = "NOT_TO_BE_SENT",
  ) {
    super(message);
  }
}

/**
 * Knows for a fact whether its request left, without guessing from error codes. undici calls `onRequestStart` synchronously before it
 * writes the first byte to a connected (for TLS: authenticated) socket, and never writes without that call. If it throws, nothing is
 * written. So "not called" proves "not sent". A second call, for whatever reason undici dispatches again, is refused.
 */
class SingleExchange implements Dispatcher.DispatchHandler {
  /** Hands the request to a connection. */
  readonly dispatch: () => void;
  connection: Connection | null = null;
  readonly #resolve: (exchange: Exchange) => void;
  readonly #timer: NodeJS.Timeout;
  readonly #window: SendWindow;
  readonly #sink = new ByteSink();
  #controller: Dispatcher.DispatchController | null = null;
  #sentAt: number | null = null;
  #httpStatus: number | null = null;
  #headers: IncomingHttpHeaders = {};
  #isTimeOver = false;
  #settled = false;

  constructor(
    resolve: (exchange: Exchange) => void,
    timeoutMs: number,
    window: SendWindow,
    dispatch: () => void,
  ) {
    this.#resolve = resolve;
    this.#window = window;
    this.dispatch = dispatch;
    this.#timer = setTimeout(() => this.#timeIsOver(), timeoutMs);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    const connection = this.connection?.take() ?? "stale";
    if (this.#isTimeOver) this.#settle("timedOut");
    if (this.#settled) throw new NotToBeSentError("the request was given up while it waited");
    if (this.#sentAt !== null) throw new NotToBeSentError("the request has been sent before");
    if (!this.#window.isOpen()) throw new NotToBeSentError("its send window has closed", SEND_WINDOW_CLOSED);
    if (connection === "stale")
      throw new NotToBeSentError("the connection must not be reused", STALE_CONNECTION);
    if (connection === "early") throw new NotToBeSentError("the other side spoke first", "SPOKE_FIRST");
    this.#controller = controller;
    this.#sentAt = performance.now();
  }

  onResponseStart(_controller: unknown, httpStatus: number, headers: IncomingHttpHeaders): void {
    const isInterim = httpStatus < 200;
    if (isInterim) return;
    this.#httpStatus = httpStatus;
    this.#headers = headers;
  }

  onResponseData(_controller: unknown, chunk: Buffer): void {
    if (!this.#settled && !this.#sink.append(chunk)) this.#giveUp("tooLarge");
  }

  onResponseEnd(): void {
    const isInStep = this.connection?.isInStep ?? false;
    this.#settle(isInStep ? "complete" : "early");
    // The real answer is still to come and would be read as the next request's.
    if (!isInStep) this.connection?.drop();
  }

  onResponseError(_controller: unknown, error: Error): void {
    if (codeOf(error) === STALE_CONNECTION) queueMicrotask(this.dispatch);
    else this.#settle("broken", codeOf(error));
  }

  /**
   * Timers run before sockets are read. In a process that was paused or busy, the answer may have come in time and lie unread, so
   * this lets the sockets be read once more.
   */
  #timeIsOver(): void {
    this.#isTimeOver = true;
    setImmediate(() => this.#giveUp("timedOut"));
  }

  /** undici cannot take back a request that waits for its connection; `onRequestStart` refuses it. */
  #giveUp(end: "timedOut" | "tooLarge"): void {
    this.#settle(end);
    this.#controller?.abort(new Error(`the exchange was given up: ${end}`));
  }

  #settle(end: Exchange["end"], errorCode: string | null = null): void {
    if (this.#settled) return;
    this.#settled = true;
    clearTimeout(this.#timer);
    this.#resolve({
      sentAt: this.#sentAt,
      end,
      httpStatus: this.#httpStatus,
      headers: this.#headers,
      body: this.#sink.bytes(),
      errorCode,
    });
  }
}

function codeOf(error: Error): string {
  const { code } = error as { code?: unknown };
  return typeof code === "string" ? code : error.name;
}

/**
 * Collects bytes up to a bound in one growing buffer. A list of chunks would cost a Buffer object each: an upstream that drips
 * single bytes could make that many times the bound.
 */
class ByteSink {
  /** Most answers fit: EBP's whole-order example has less than 1 kB. */
  #buffer = Buffer.alloc(2 * 1024);
  #length = 0;

  /** False when the chunk exceeds the bound; the part that fits is kept. */
  append(chunk: Uint8Array): boolean {
    const accepted = chunk.subarray(0, MAX_ANSWER_BYTES - this.#length);
    const length = this.#length + accepted.byteLength;
    if (length > this.#buffer.byteLength)
      this.#buffer = Buffer.concat([this.bytes()], Math.min(2 * length, MAX_ANSWER_BYTES));
    this.#buffer.set(accepted, this.#length);
    this.#length = length;
    return accepted.byteLength === chunk.byteLength;
  }

  bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }
}
