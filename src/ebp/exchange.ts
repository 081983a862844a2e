import type { IncomingHttpHeaders } from "node:http";
import { performance } from "node:perf_hooks";
import type { Dispatcher } from "undici";
import type { SendWindow } from "../cancellation/model/payment-gateway.js";
import type { Connection, WatchedRequest } from "./connections.js";

/** EBP's answers are around 1 kB, a cancel of 500 lines about 60 kB. Past this the answer is not one of EBP's. */
export const MAX_ANSWER_BYTES = 1024 * 1024;

/** Error code of an exchange that was not begun because its window had closed. */
export const SEND_WINDOW_CLOSED = "SEND_WINDOW_CLOSED";

/** Nothing was written, and another connection will do. */
const STALE_CONNECTION = "STALE_CONNECTION";

/** What happened on the wire when one request was sent once. */
export interface Exchange {
  /** `performance.now()` at the moment the first byte was handed to the network; null when none was. */
  readonly sentAt: number | null;
  /** "unasked": the answer is whole, and had begun before the request was. */
  readonly end: "complete" | "unasked" | "timedOut" | "tooLarge" | "broken";
  /** Null when no status line came. */
  readonly httpStatus: number | null;
  readonly headers: IncomingHttpHeaders;
  /** The bytes of the answer's body that came, as they came. */
  readonly body: Buffer;
  /** Code of the error that ended it, such as ECONNREFUSED; null when there was none. */
  readonly errorCode: string | null;
}

/**
 * Sends one request and reads its answer; always resolves. `dispatcher` is of `createConnections`. `timeoutMs` bounds the whole
 * of it: waiting for a connection, sending, and reading the last byte. `window` is asked in the synchronous step that writes the
 * first byte: once it has closed, nothing is written, however long the request has waited for its connection.
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

/** An exchange that ended before it began. */
export function notSent(errorCode: string): Exchange {
  return { sentAt: null, end: "broken", httpStatus: null, headers: {}, body: Buffer.alloc(0), errorCode };
}

/** Thrown into undici to keep a request from being written. */
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
 * Whether a request left is a fact here, not a guess from error codes: undici calls `onRequestStart` synchronously
 * before it writes the first byte to a connected (for TLS: authenticated) socket, and never writes without. When
 * it throws, nothing of the request is written. So "not called" proves "not sent", and a second call, whatever undici's
 * reason to dispatch a request again may be, is refused.
 */
class SingleExchange implements Dispatcher.DispatchHandler {
  /** Hands the request to a connection. */
  readonly dispatch: () => void;
  connection: Connection | null = null;
  readonly #resolve: (exchange: Exchange) => void;
  readonly #timer: NodeJS.Timeout;
  readonly #window: SendWindow;
  readonly #sink = new ByteSink(MAX_ANSWER_BYTES);
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
    if (!this.#window.isOpen()) throw new NotToBeSentError("the time to send it is over", SEND_WINDOW_CLOSED);
    if (connection === "stale")
      throw new NotToBeSentError("the connection is not to be used again", STALE_CONNECTION);
    if (connection === "unasked") throw new NotToBeSentError("the other side spoke first", "SPOKE_FIRST");
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
    this.#settle(isInStep ? "complete" : "unasked");
    // The answer to the request is still to come, and would be taken for the next one's.
    if (!isInStep) this.connection?.drop();
  }

  onResponseError(_controller: unknown, error: Error): void {
    if (codeOf(error) === STALE_CONNECTION) queueMicrotask(this.dispatch);
    else this.#settle("broken", codeOf(error));
  }

  /**
   * Timers run before the sockets are read: in a process that was paused, or busy, the answer may have come in time and lie
   * there unread. So the sockets are read once more.
   */
  #timeIsOver(): void {
    this.#isTimeOver = true;
    setImmediate(() => this.#giveUp("timedOut"));
  }

  /** A request still waiting for its connection cannot be taken back from undici; `onRequestStart` refuses it. */
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

/** Most answers fit without growing: EBP's whole-order example is under 1 kB. */
const INITIAL_BYTES = 2 * 1024;

/**
 * Collects bytes up to a bound in one growing buffer. Keeping the chunks instead would cost a Buffer object each, and an
 * upstream that drips single bytes could make that many times the bound.
 */
export class ByteSink {
  #buffer = Buffer.alloc(0);
  #length = 0;

  constructor(readonly capacity: number) {}

  /** False when the chunk goes past the bound; what fits is kept. */
  append(chunk: Uint8Array): boolean {
    const accepted = chunk.subarray(0, this.capacity - this.#length);
    this.#reserve(this.#length + accepted.byteLength);
    this.#buffer.set(accepted, this.#length);
    this.#length += accepted.byteLength;
    return accepted.byteLength === chunk.byteLength;
  }

  bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  #reserve(needed: number): void {
    if (needed <= this.#buffer.byteLength) return;
    const size = Math.min(this.capacity, Math.max(needed, 2 * this.#buffer.byteLength, INITIAL_BYTES));
    // Nobody sees what has not been written.
    const grown = Buffer.allocUnsafe(size);
    grown.set(this.bytes());
    this.#buffer = grown;
  }
}
