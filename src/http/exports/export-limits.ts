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

/** One for each caller, and two for the same stores: an export of several stores takes none of those of each. */
export class ExportPlaces {
  readonly #taken = new Set<{ readonly subject: string | null; readonly stores: string }>();

  /** What gives the place back; else whose are taken. */
  take({ subject }: Caller, storeIds: readonly string[]): (() => void) | FullPlaces {
    const place = { subject, stores: JSON.stringify([...storeIds].sort()) };
    const others = [...this.#taken];
    if (others.some((other) => other.subject === subject)) return "caller";
    if (others.filter(({ stores }) => stores === place.stores).length >= MOST_OF_SAME_STORES) return "stores";
    if (others.length >= MOST_AT_ONCE) return "replica";
    this.#taken.add(place);
    return () => void this.#taken.delete(place);
  }
}

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
  response: Pick<ServerResponse, "writableNeedDrain" | "writableEnded" | "writableFinished">,
  socket: Pick<Socket, "bytesWritten" | "writableLength">,
  { bytes, withinMs }: Pace,
  onTooSlow: () => void,
): () => void {
  // Node counts as written what it still holds.
  const taken = (): number => socket.bytesWritten - socket.writableLength;
  let takenBefore = taken();
  let waits = 0;
  const timer = setInterval(() => {
    if (taken() - takenBefore >= bytes) [takenBefore, waits] = [taken(), 0];
    // The last bytes are waited for too, behind which nothing is written any more.
    if (response.writableNeedDrain || (response.writableEnded && !response.writableFinished)) waits += 1;
    if (waits < LOOKS) return;
    clearInterval(timer);
    onTooSlow();
  }, withinMs / LOOKS);
  return () => clearInterval(timer);
}

/**
 * - completed: all of it was sent.
 * - cut: its client hung up or read too slowly, its token ended, it took too long, or the service was stopped.
 * - failed: it could not be read.
 */
export type ExportResult = "completed" | "cut" | "failed";

export interface ExportLimits {
  /** For a client to read on. */
  readonly pace: Pace;
  /** For a whole export. */
  readonly lastsMs: number;
  /** For what is under way when the service is stopped. */
  readonly graceMs: number;
}

const EXPORT_LIMITS: ExportLimits = {
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

type WatchExport = (
  request: FastifyRequest,
  reply: FastifyReply,
  stream: Readable,
  ended: (result: ExportResult) => void,
) => void;

/**
 * Cuts off exports that go on for too long, never so that they look like whole files. A stop waits for those under way, but not for
 * long.
 */
export function watchExports(
  app: FastifyInstance,
  { watchToken }: Pick<Admission<FastifyRequest, unknown>, "watchToken">,
  { pace, lastsMs, graceMs }: ExportLimits = EXPORT_LIMITS,
): WatchExport {
  const stopped = new AbortController();
  app.addHook("preClose", (done) => {
    const timer = setTimeout(() => stopped.abort(), graceMs);
    app.server.once("close", () => clearTimeout(timer));
    done();
  });

  return (request, { raw: response }, stream, ended) => {
    const cut = (why: string): void => {
      stream.destroy(new ExportCutError(why));
      // What is being read of the database is given up when nobody waits for it.
      response.destroy();
    };
    const onStop = (): void => cut("the service is stopped");
    stopped.signal.addEventListener("abort", onStop);
    if (stopped.signal.aborted) onStop();
    const stopPacing = watchPace(response, request.raw.socket, pace, () => cut("it was read too slowly"));
    const timer = setTimeout(() => cut(`it took longer than ${lastsMs} ms`), lastsMs);
    const stopWatching = watchToken(request, () => cut("its token has ended"));
    finished(response, () => {
      stopped.signal.removeEventListener("abort", onStop);
      clearTimeout(timer);
      stopWatching();
      stopPacing();
      ended(resultOf(stream, response.writableFinished));
    });
  };
}

function resultOf({ errored }: Readable, wasSent: boolean): ExportResult {
  if (errored != null && !(errored instanceof ExportCutError)) return "failed";
  return wasSent ? "completed" : "cut";
}
