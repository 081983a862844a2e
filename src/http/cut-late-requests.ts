import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { FastifyInstance } from "fastify";

/**
 * Node stops looking at its time limits when a server begins to close, and then waits for every connection: one client that sends
 * a byte now and then would hold up a stop for ever. So what has not arrived a whole limit later is cut off. Nothing has been begun
 * for it; what has arrived is answered, however long that takes.
 */
export function cutLateRequests(app: FastifyInstance, limitMs: number): void {
  /** Every connection, with the request that is being received or answered. */
  const current = new Map<Socket, IncomingMessage | null>();
  app.server.on("connection", (socket: Socket) => {
    current.set(socket, null);
    socket.once("close", () => current.delete(socket));
  });
  app.server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request;
    current.set(socket, request);
    response.once("close", () => {
      if (current.get(socket) === request) current.set(socket, null);
    });
  });

  app.addHook("preClose", (done) => {
    // Opened in advance, as browsers do: Node takes only those for idle that have had a request.
    for (const [socket, request] of current) if (request === null && socket.bytesRead === 0) socket.destroy();
    const timer = setTimeout(() => {
      for (const [socket, request] of current) if (request?.complete !== true) socket.destroy();
    }, limitMs);
    app.server.once("close", () => clearTimeout(timer));
    done();
  });
}
