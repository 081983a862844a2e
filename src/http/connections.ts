import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { FastifyInstance } from "fastify";
import { errorBody } from "../messages/api-error.js";
import { BARE_HEADERS } from "./security-headers.js";

/** How long a client may take. None of them counts the time this service takes to answer: a cancel may wait two minutes for EBP. */
export interface TimeLimits {
  /** For the request line and headers, from the connection's start or the request's first byte. */
  readonly headersMs: number;
  /** For the whole request to arrive, from the same moment. */
  readonly requestMs: number;
  /** For the next request on a connection that is kept. */
  readonly keepAliveMs: number;
  /** For anything at all to be sent or received, also while the service works on an answer. */
  readonly idleMs: number;
  /** How often the first two are checked, and so by how much a client may overrun them. */
  readonly checkEveryMs: number;
}

export const TIME_LIMITS: TimeLimits = {
  // A few hundred bytes, mostly one packet: even the worst of networks has sent them again by then.
  headersMs: 10_000,
  // The largest honest body, 350 kB, at 12 kB a second, and the headers before it.
  requestMs: 30_000,
  // Load balancers keep connections for 60 s: with less here, they would send requests into connections that are being closed.
  keepAliveMs: 72_000,
  // More than the longest answer takes: EBP_TIMEOUT_MS can be 120 s, and a repeated request waits a little longer.
  idleMs: 180_000,
  checkEveryMs: 1_000,
};

/** Of the files a process may have open: the database's connections, 38 at most, the key server's, files that are read, and Node's own. */
const KEPT_FILES = 96;
/** For a process that may have hardly any file open. */
const LEAST_CONNECTIONS = 16;
/** For a process that may have any number of files open. A connection takes some 10 kB, and no replica has so many callers. */
const MOST_CONNECTIONS = 10_000;
/** What most systems allow a process, where the limit cannot be read. */
const USUAL_OPEN_FILES = 1_024;

/** How many connections clients may have: half of what is left, because each cancel under way may need another one to EBP. */
export function mostConnections(openFiles: number): number {
  const half = Math.floor((openFiles - KEPT_FILES) / 2);
  return Math.min(MOST_CONNECTIONS, Math.max(LEAST_CONNECTIONS, half));
}

/** How many files, sockets among them, this process may have open. Read on Linux; elsewhere what is usual. */
export function maxOpenFiles(path = "/proc/self/limits"): number {
  try {
    const [, soft] = /^Max open files +(\w+)/mu.exec(readFileSync(path, "utf8")) ?? [];
    return soft === "unlimited" ? Number.POSITIVE_INFINITY : Number(soft ?? USUAL_OPEN_FILES);
  } catch {
    return USUAL_OPEN_FILES;
  }
}

/**
 * Keeps clients from using up this process's connections, and from holding up its stop. A connection can be cut off and nothing is lost
 * unless a request on it has arrived whole: only such a one is being worked on.
 */
export function guardConnections(app: FastifyInstance, most: number, requestMs: number): void {
  const { server } = app;
  /**
   * Every connection, with the request on it that is being received or answered, or null. Ordered by what happened on them last: they
   * were opened, a request began, or an answer ended.
   */
  const connections = new Map<Socket, IncomingMessage | null>();
  function note(socket: Socket, request: IncomingMessage | null): void {
    // A key that is set again would keep its place.
    connections.delete(socket);
    connections.set(socket, request);
  }
  function* waiting(): Generator<Socket> {
    for (const [socket, request] of connections) if (request?.complete !== true) yield socket;
  }

  server.on("connection", (socket: Socket) => {
    note(socket, null);
    socket.once("close", () => connections.delete(socket));
    if (connections.size <= most) return;
    // Connections that send nothing could use up the files of this process, and its cancels could be neither sent nor stored. So the
    // newest takes the place of the one that has waited longest; while all others are being answered, that is the newest itself.
    const [longest] = waiting();
    if (longest === undefined) return;
    // Not left to its "close" event, which comes after others have been accepted.
    connections.delete(longest);
    longest.destroy();
  });
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request;
    if (!connections.has(socket)) return;
    note(socket, request);
    response.once("close", () => {
      if (connections.get(socket) === request) note(socket, null);
    });
  });
  // Node stops checking its time limits when a server begins to close, and then waits for every connection: a client that sends a byte
  // now and then would hold up a stop forever.
  app.addHook("preClose", (done) => {
    // Browsers open connections in advance; Node takes only those for idle that have had a request.
    for (const [socket, request] of connections)
      if (request === null && socket.bytesRead === 0) socket.destroy();
    const timer = setTimeout(() => {
      for (const socket of waiting()) socket.destroy();
    }, requestMs);
    server.once("close", () => clearTimeout(timer));
    done();
  });
}

const CLIENT_ERRORS: Readonly<Record<string, readonly [status: number, reason: string]>> = {
  HPE_HEADER_OVERFLOW: [431, "Request Header Fields Too Large"],
  ERR_HTTP_REQUEST_TIMEOUT: [408, "Request Timeout"],
};
/** How long a client may take to read its answer. */
const LINGER_MS = 1_000;

/** Answers bytes that are not HTTP, or come too slowly. Never logged: the error carries the bytes, and maybe an account number in them. */
export function answerClientError(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === "ECONNRESET" || socket.destroyed || !socket.writable) return;
  const [status, reason] = CLIENT_ERRORS[error.code ?? ""] ?? [400, "Bad Request"];
  const body = JSON.stringify(errorBody(reason, { code: "BAD_REQUEST" }));
  const head = [
    `HTTP/1.1 ${status} ${reason}`,
    "Content-Type: application/json",
    `Content-Length: ${body.length}`,
    "Connection: close",
    ...Object.entries(BARE_HEADERS).map(([name, value]) => `${name}: ${value}`),
  ];
  // Destroyed at once with unread bytes, the connection would be reset, and the client might never see the answer.
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once("close", () => clearTimeout(timer));
}
