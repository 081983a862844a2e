import { readFileSync } from "node:fs";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { FastifyInstance } from "fastify";

/** How long a client may take. None of them counts the time this service takes to answer: a cancel may wait two minutes for EBP. */
export interface TimeLimits {
  /** For the request line and headers, from the connection's start or the request's first byte. */
  readonly headersMs: number;
  /** For the whole request to arrive, from the same moment. */
  readonly requestMs: number;
  /** For the next request on a connection that is kept. */
  readonly keepAliveMs: number;
  /** For anything at all to be sent or received, also while an answer is worked on. */
  readonly idleMs: number;
  /** How often the first two are looked at, and so by how much they may be overrun. */
  readonly checkEveryMs: number;
}

export const TIME_LIMITS: TimeLimits = {
  // A few hundred bytes, mostly one packet: also the worst of networks has sent them again by then.
  headersMs: 10_000,
  // The largest body there may be, 100 kB, at 5 kB a second and the headers before it.
  requestMs: 30_000,
  // Load balancers keep connections for 60 s: were it less here, they would send requests into connections that are being closed.
  keepAliveMs: 72_000,
  // More than the longest answer takes: EBP_TIMEOUT_MS can be 120 s, and a repeated request waits a little longer. It ends connections whose other side reads no answer, or is gone.
  idleMs: 180_000,
  checkEveryMs: 1_000,
};

/**
 * Every connection, with the request on it that is being received or answered; null while there is none. In the order of what
 * happened on them last: that they were opened, a request began, or an answer ended.
 */
export type Connections = Map<Socket, IncomingMessage | null>;

export function trackConnections(server: Server): Connections {
  const connections: Connections = new Map();
  /** A key that is set again keeps its place, so it is removed first. */
  function note(socket: Socket, request: IncomingMessage | null): void {
    connections.delete(socket);
    connections.set(socket, request);
  }
  server.on("connection", (socket: Socket) => {
    note(socket, null);
    socket.once("close", () => connections.delete(socket));
  });
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request;
    if (!connections.has(socket)) return;
    note(socket, request);
    response.once("close", () => {
      if (connections.get(socket) === request) note(socket, null);
    });
  });
  return connections;
}

/**
 * Whether a connection can be cut off and nothing is lost: what has arrived whole is being answered, and for anything less nothing has
 * been begun.
 */
export function isWaiting(request: IncomingMessage | null): boolean {
  return request?.complete !== true;
}

/** Of the files a process may have open: the database's connections, 38 at most, the key server's, files that are read, and Node's own. */
const KEPT_FILES = 96;
/** Where hardly any file may be open. */
const LEAST_CONNECTIONS = 16;
/** Where any number may. Each takes some 10 kB of memory, and no replica has so many callers. */
const MOST_CONNECTIONS = 10_000;
/** What most systems allow a process, where it cannot be read. */
const USUAL_OPEN_FILES = 1_024;

/** How many connections clients may have. Half of what is left, because each cancel under way may need another to EBP. */
export function mostConnections(openFiles: number): number {
  const half = Math.floor((openFiles - KEPT_FILES) / 2);
  return Math.min(MOST_CONNECTIONS, Math.max(LEAST_CONNECTIONS, half));
}

/** How many files this process may have open, sockets among them. On Linux; elsewhere, what is usual. */
export function maxOpenFiles(path = "/proc/self/limits"): number {
  try {
    const [, soft] = /^Max open files +(\w+)/mu.exec(readFileSync(path, "utf8")) ?? [];
    return soft === "unlimited" ? Number.POSITIVE_INFINITY : Number(soft ?? USUAL_OPEN_FILES);
  } catch {
    return USUAL_OPEN_FILES;
  }
}

/**
 * Without a limit anybody could use up the files of this process with connections that send nothing, and its cancels could be neither
 * sent nor stored. When there are as many as may be, the newest takes the place of the one that has waited longest: idle
 * connections keep nobody out. Where all are being answered, the newest is refused.
 */
export function limitConnections(server: Server, connections: Connections, most: number): void {
  server.on("connection", () => {
    if (connections.size <= most) return;
    // The newest is the last of them, and waits as well.
    for (const [socket, request] of connections) {
      if (!isWaiting(request)) continue;
      // Not left to its own event, which comes after others have been accepted.
      connections.delete(socket);
      socket.destroy();
      return;
    }
  });
}

/**
 * Node stops looking at its time limits when a server begins to close, and then waits for every connection: one client that sends
 * a byte now and then would hold up a stop for ever. So what has not arrived a whole limit later is cut off. Nothing has been begun
 * for it; what has arrived is answered, however long that takes.
 */
export function cutLateRequests(app: FastifyInstance, connections: Connections, limitMs: number): void {
  app.addHook("preClose", (done) => {
    // Opened in advance, as browsers do: Node takes only those for idle that have had a request.
    for (const [socket, request] of connections)
      if (request === null && socket.bytesRead === 0) socket.destroy();
    const timer = setTimeout(() => {
      for (const [socket, request] of connections) if (isWaiting(request)) socket.destroy();
    }, limitMs);
    app.server.once("close", () => clearTimeout(timer));
    done();
  });
}
