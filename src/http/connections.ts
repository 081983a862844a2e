import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

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
