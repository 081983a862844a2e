import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { finished, type Readable } from "node:stream";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Admission, Caller } from "../../cancellation/model/caller.js";

/** Slow readers of a store hold up its own exports, and not those of others. */
const MOST_OF_SAME_STORES = 2;
/**
 * Of three stores two, or of six one: each holds a connection of its own, a snapshot that PostgreSQL keeps old rows for, and, of the
 * largest cancellations, 40 MB.
 */
const MOST_AT_ONCE = 6;

/** Whose places are all taken: the caller's one, those of the stores that are asked for, or all that there are. */
export type FullPlaces = "caller" | "stores" | "replica";

interface ExportPlaces {
  /** What gives the place back; else whose are taken. */
  take(caller: Caller, storeIds: readonly string[]): (() => void) | FullPlaces;
}

interface Place {
  /** Null while nobody has to say who calls. */
  readonly subject: string | null;
  readonly stores: string;
}

/** One for each caller, and two for the same stores: an export of several stores takes none of those of each. */
export function createExportPlaces(): ExportPlaces {
  const taken = new Set<Place>();
  return {
    take({ subject }, storeIds) {
      const place: Place = { subject, stores: JSON.stringify([...storeIds].sort()) };
      const others = [...taken];
      if (others.some((other) => other.subject === subject)) return "caller";
      if (others.filter(({ stores }) => stores === place.stores).length >= MOST_OF_SAME_STORES)
        return "stores";
      if (others.length >= MOST_AT_ONCE) return "replica";
      taken.add(place);
      return () => void taken.delete(place);
    },
  };
}

type Waiting = Pick<ServerResponse, "writableNeedDrain" | "writableEnded" | "writableFinished">;
type Sending = Pick<Socket, "bytesWritten" | "writableLength">;

/** What a reader has to take of an answer that waits for it. */
export interface Pace {
  readonly bytes: number;
  /** Waited for the reader alone: the time that the database takes does not count. */
  readonly withinMs: number;
}

/**
 * 17 kB a second, which a telephone on a bad line takes as well. Whoever is slower would hold a connection, a snapshot and a place for
 * as long as an export may last, and get 30 MB in it. A minute, so that a reader may pause, for a full disk or a busy moment.
 */
export const EXPORT_PACE: Pace = { bytes: 1_048_576, withinMs: 60_000 };

/** Once a second, for the pace of exports. */
const LOOKS = 60;

/**
 * Looks again and again whether the response waits for its reader: a look that comes late, as in a busy process, counts as one.
 * `onTooSlow` is called once.
 * @returns what stops it.
 */
export function watchPace(
  response: Waiting,
  socket: Sending,
  { bytes, withinMs }: Pace,
  onTooSlow: () => void,
): () => void {
  let takenBefore = takenFrom(socket);
  let waits = 0;
  const timer = setInterval(() => {
    if (takenFrom(socket) - takenBefore >= bytes) [takenBefore, waits] = [takenFrom(socket), 0];
    if (isWaiting(response)) waits += 1;
    if (waits < LOOKS) return;
    clearInterval(timer);
    onTooSlow();
  }, withinMs / LOOKS);
  return () => clearInterval(timer);
}

/** Also for the last bytes, behind which nothing is written any more. */
function isWaiting(response: Waiting): boolean {
  return response.writableNeedDrain || (response.writableEnded && !response.writableFinished);
}

/** Node counts as written what it still holds. */
function takenFrom(socket: Sending): number {
  return socket.bytesWritten - socket.writableLength;
}

/**
 * - completed: all of it was sent.
 * - cut: its client hung up or read too slowly, its token ended, it took too long, or the service was stopped.
 * - failed: it could not be read.
 */
export type ExportResult = "completed" | "cut" | "failed";

export interface ExportLimits {
  /** For a client to read anything at all. */
  readonly idleMs: number;
  /** For a client to read on. */
  readonly pace: Pace;
  /** For a whole export. */
  readonly lastsMs: number;
  /** For what is under way when the service is stopped. */
  readonly graceMs: number;
}

const EXPORT_LIMITS: ExportLimits = {
  idleMs: 60_000,
  pace: EXPORT_PACE,
  // Ten times what a million rows take. The database keeps what has been replaced since for as long.
  lastsMs: 30 * 60_000,
  // A cancel may take as long. Platforms mostly kill 30 s after they have asked for a stop.
  graceMs: 10_000,
};

/** It would end otherwise only with its client. */
class ExportCutError extends Error {
  override readonly name = "ExportCutError";
}

interface ExportWatch {
  /** Cuts off whatever goes on for too long: never so that it looks like a whole file. */
  export(
    request: FastifyRequest,
    reply: FastifyReply,
    stream: Readable,
    ended: (result: ExportResult) => void,
  ): void;
}

/** Over the exports under way. A stop waits for them, but not for long. */
export function watchExports(
  app: FastifyInstance,
  { watchToken }: Pick<Admission<FastifyRequest, unknown>, "watchToken">,
  limits: ExportLimits = EXPORT_LIMITS,
): ExportWatch {
  const running = new Set<Readable>();
  let stopped = false;
  app.addHook("preClose", (done) => {
    const timer = setTimeout(() => {
      stopped = true;
      for (const stream of running) stream.destroy(new ExportCutError("the service is stopped"));
    }, limits.graceMs);
    app.server.once("close", () => clearTimeout(timer));
    done();
  });

  return {
    export(request, { raw: response }, stream, ended) {
      const cut = (why: string): void => void stream.destroy(new ExportCutError(why));
      running.add(stream);
      if (stopped) cut("the service is stopped");
      // Node looks at what the other side has taken; the next request on the connection has the usual limit again.
      const { socket } = request.raw;
      socket.setTimeout(limits.idleMs);
      const stopPacing = watchPace(response, socket, limits.pace, () => cut("it was read too slowly"));
      const timer = setTimeout(() => cut(`it took longer than ${limits.lastsMs} ms`), limits.lastsMs);
      const stopWatching = watchToken(request, () => cut("its token has ended"));
      finished(response, () => {
        clearTimeout(timer);
        stopWatching();
        stopPacing();
        running.delete(stream);
        ended(resultOf(stream, response.writableFinished));
      });
    },
  };
}

function resultOf({ errored }: Readable, wasSent: boolean): ExportResult {
  if (errored != null && !(errored instanceof ExportCutError)) return "failed";
  return wasSent ? "completed" : "cut";
}
