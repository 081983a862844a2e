import { finished, type Readable } from "node:stream";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Admission } from "../../cancellation/model/caller.js";
import { EXPORT_PACE, watchPace, type Pace } from "./watch-pace.js";

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
