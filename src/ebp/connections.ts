import { readSync } from "node:fs";
import type { Socket } from "node:net";
import { Agent, type buildConnector, Client, type Dispatcher, Pool } from "undici";

export interface ConnectionsOptions extends Omit<Agent.Options, "factory" | "pipelining" | "allowH2"> {
  /** A connection carries one request and is then closed. */
  readonly onePerRequest?: boolean;
}

/** A request for the connections of `createConnections`. */
export interface WatchedRequest extends Dispatcher.DispatchOptions {
  /** Called before `onRequestStart` with the connection that the request will be written to. */
  readonly onConnection: (connection: Connection) => void;
}

/**
 * Connections that tell whether an answer belongs to the request. Bytes that came before the request was completely written belong
 * to something else: a message about the idle connection, or the request before.
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

/** undici's client has one connection at a time but does not say which. Its connector does. */
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

/** The connection of one client: one socket at a time. */
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
    // This listener must come before undici's, which reads the bytes and may end the exchange.
    socket.on("readable", () => {
      if (socket === this.#socket && socket.readableLength > 0 && hasUnwritten(socket))
        this.#isInStep = false;
    });
  }

  /**
   * Call this in the synchronous step that writes a request. "stale": the connection was used before and must not be reused; another
   * one will do. "early": the connection is new, and the other side spoke first.
   */
  take(): "ready" | "stale" | "early" {
    const socket = this.#socket;
    if (socket === null) return "stale";
    const wasFresh = this.#isFresh;
    this.#isFresh = false;
    const unread = hasUnread(socket, wasFresh);
    if (wasFresh ? unread !== true : unread === false && !this.#onePerRequest) return "ready";
    socket.destroy();
    return wasFresh ? "early" : "stale";
  }

  /** Whether every byte received since the request began came after its last byte was handed to the network. */
  get isInStep(): boolean {
    return this.#isInStep;
  }

  drop(): void {
    this.#socket?.destroy();
  }
}

/** Undocumented parts of Node: the state of the socket in the kernel. */
interface Handle {
  readonly fd?: number;
  /** Bytes that the kernel has not accepted yet. */
  readonly writeQueueSize?: number;
  /** The TCP connection below a TLS connection. */
  readonly _parent?: Handle;
}

function handleOf(socket: Socket): Handle {
  const handle = (socket as { _handle?: Handle | null })._handle ?? {};
  return handle._parent ?? handle;
}

/** Without the handle's figure, bytes not reported as written count as unwritten; TLS reports late. */
function hasUnwritten(socket: Socket): boolean {
  return (handleOf(socket).writeQueueSize ?? socket.writableLength) > 0;
}

const ONE_BYTE = Buffer.alloc(1);

/**
 * Whether bytes, or the end of the stream, wait that the event loop has not read yet. While the process was paused, a whole answer may
 * have come. Node has no call for this, so it reads from the socket itself: unless this returns false, the socket must not be used any
 * more. Null for a socket without a descriptor.
 */
function hasUnread(socket: Socket, isFresh: boolean): boolean | null {
  if (socket.readableLength > 0) return true;
  // A new TLS connection has its session tickets to read.
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
