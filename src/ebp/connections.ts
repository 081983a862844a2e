import { readSync } from "node:fs";
import type { Socket } from "node:net";
import { Agent, type buildConnector, Client, type Dispatcher, Pool } from "undici";

export interface ConnectionsOptions extends Omit<Agent.Options, "factory" | "pipelining" | "allowH2"> {
  /** Whether a connection carries one request only, and is closed after it. */
  readonly onePerRequest?: boolean;
}

/** A request as `createConnections` takes it. */
export interface WatchedRequest extends Dispatcher.DispatchOptions {
  /** Called before `onRequestStart`, with the connection that the request will be written to. */
  readonly onConnection: (connection: Connection) => void;
}

/**
 * Connections on which an answer can be told to be the answer to the request: bytes that came before a request had been
 * written whole answer something else, such as a time-out of the idle connection, or are left over from the request before.
 */
export function createConnections({ onePerRequest = false, ...options }: ConnectionsOptions): Agent {
  return new Agent({
    ...options,
    // One request at a time per connection, and HTTP/1.1 only: a pipelined or multiplexed request may be sent again.
    pipelining: onePerRequest ? 0 : 1,
    allowH2: false,
    factory: (origin, forPool: Pool.Options) =>
      new Pool(origin, {
        ...forPool,
        factory: (url, forClient) => new WatchedClient(url, forClient as ClientOptions, onePerRequest),
      }),
  });
}

type ClientOptions = Client.Options & { readonly connect: buildConnector.connector };

/** undici's client has one connection at a time, and does not say which; so its connector is listened to. */
class WatchedClient extends Client {
  readonly #connection: Connection;

  constructor(url: URL, options: ClientOptions, onePerRequest: boolean) {
    const connection = new Connection(onePerRequest);
    super(url, {
      ...options,
      connect: (where, callback) =>
        options.connect(where, (...made) => {
          if (made[0] === null) connection.opened(made[1]);
          callback(...made);
        }),
    });
    this.#connection = connection;
  }

  override dispatch(request: WatchedRequest, handler: Dispatcher.DispatchHandler): boolean {
    request.onConnection(this.#connection);
    return super.dispatch(request, handler);
  }
}

/** What one client is connected by: one socket, and later another. */
export class Connection {
  readonly #onePerRequest: boolean;
  #socket: Socket | null = null;
  #isFresh = true;
  #isInStep = true;

  constructor(onePerRequest: boolean) {
    this.#onePerRequest = onePerRequest;
  }

  opened(socket: Socket): void {
    this.#socket = socket;
    this.#isFresh = true;
    this.#isInStep = true;
    // Before undici listens: it would read what has come, and may have ended the exchange by it.
    socket.on("readable", () => {
      if (socket === this.#socket && socket.readableLength > 0 && hasUnwritten(socket))
        this.#isInStep = false;
    });
  }

  /**
   * To be called in the synchronous step that writes a request. "stale": the connection has been used and is not to be used
   * again; another will do. "unasked": it is new, and EBP's side has spoken first.
   */
  take(): "ready" | "stale" | "unasked" {
    const socket = this.#socket;
    if (socket === null) return "stale";
    const wasFresh = this.#isFresh;
    this.#isFresh = false;
    const unread = hasUnread(socket, wasFresh);
    if (wasFresh ? unread !== true : unread === false && !this.#onePerRequest) return "ready";
    socket.destroy();
    return wasFresh ? "unasked" : "stale";
  }

  /** Whether all that has come since the request was begun came after its last byte had been handed to the network. */
  get isInStep(): boolean {
    return this.#isInStep;
  }

  drop(): void {
    this.#socket?.destroy();
  }
}

/** Node's own, not documented: what says how things stand in the kernel. */
interface Handle {
  readonly fd?: number;
  /** Bytes that the kernel has not taken yet. */
  readonly writeQueueSize?: number;
  /** Of a TLS connection: the TCP connection below. */
  readonly _parent?: Handle;
}

function handleOf(socket: Socket): Handle {
  const handle = (socket as { _handle?: Handle | null })._handle ?? {};
  return handle._parent ?? handle;
}

/** Where the handle does not say, all that has not been reported as written is taken for unwritten; TLS reports late. */
function hasUnwritten(socket: Socket): boolean {
  return (handleOf(socket).writeQueueSize ?? socket.writableLength) > 0;
}

const ONE_BYTE = Buffer.alloc(1);

/**
 * Whether bytes, or the end, have come that the event loop has not read yet: in one turn of it, or while the process was
 * paused, a whole answer may have. Node has no call for this, so the socket itself is read; it must not be used any more unless
 * this says false. Null where a socket has no descriptor.
 */
function hasUnread(socket: Socket, isFresh: boolean): boolean | null {
  if (socket.readableLength > 0) return true;
  // There a TLS connection has its session tickets to read.
  if (isFresh && "encrypted" in socket) return false;
  const { fd = -1 } = handleOf(socket);
  if (fd < 0) return null;
  try {
    readSync(fd, ONE_BYTE);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "EAGAIN";
  }
}
