import type { FastifyInstance } from "fastify";
import { isWaiting, type Connections } from "./connections.js";

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
