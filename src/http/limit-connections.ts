import { readFileSync } from "node:fs";
import type { Server } from "node:http";
import { isWaiting, type Connections } from "./connections.js";

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
