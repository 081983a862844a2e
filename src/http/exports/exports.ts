import type { ServerResponse } from "node:http";
import { finished } from "node:stream";
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteShorthandOptions } from "fastify";
import {
  EXPORT_SCOPE,
  type Admission,
  type Caller,
  type PointsTaken,
} from "../../cancellation/model/caller.js";
import { toExportRecord } from "../../cancellation/history/export-record.js";
import { type Cursors, positionOf } from "../../cancellation/history/cursors.js";
import type { ExportedCancellation, OpenExport, RunningExport } from "../../cancellation/history/history.js";
import type { Stores } from "../../cancellation/model/store.js";
import { ApiError, retryLater } from "../api-error.js";
import { CSV, NDJSON, type ExportFormat } from "./export-formats.js";
import {
  createExportPlaces,
  watchExports,
  type ExportLimits,
  type ExportResult,
  type FullPlaces,
} from "./export-limits.js";
import { readExportRequest, type AskedExport } from "./export-request.js";
import { exportStream, readText } from "./export-stream.js";

export interface ExportsParts {
  readonly open: OpenExport;
  readonly stores: Stores;
  readonly cursors: Cursors;
  readonly admission: Admission<FastifyRequest, RouteShorthandOptions>;
  /** Whether those who read wait too long for a connection: an export would read beside them. */
  readonly isSaturated: () => boolean;
  /** Takes what an export costs of what a caller, or a caller's only store, has for a minute. */
  readonly charge: (caller: Caller, storeId: string | null) => Promise<PointsTaken>;
  /** Told of each export that is refused while there is too much to do. */
  readonly onShed: () => void;
  /** Told of each that is refused because its caller asks too often, or has, or its stores have, as many at once as there may be. */
  readonly onLimited: () => void;
  readonly onEnded: (result: ExportResult, rows: number) => void;
  readonly limits?: ExportLimits;
}

export const EXPORT_PATHS: readonly string[] = [CSV, NDJSON].map(pathOf);

/** The connections are free again as soon as what holds them is done. */
const RETRY_WHEN_BUSY_SECONDS = 1;
/** A million rows take a minute or two; most exports are far smaller. */
const RETRY_WHEN_TAKEN_SECONDS = 10;

const NOT_BEGUN =
  "The history cannot be read at this moment, or hardly anything meets these conditions and finding it takes too long: then name a shorter time in createdFrom and createdBefore. Quote the x-request-id header of this answer if it goes on.";

const FULL: Readonly<Record<FullPlaces, string>> = {
  caller: "One export at a time per caller, and one is under way.",
  stores: "Two exports at a time of the same stores, and two are under way.",
  replica: "As many exports are under way as can be at once.",
};

/** `GET /exports/cancellations.csv` and `.ndjson`: the history in one go. */
export function addExports(app: FastifyInstance, parts: ExportsParts): void {
  const places = createExportPlaces();
  const watch = watchExports(app, parts.admission, parts.limits);

  for (const format of [CSV, NDJSON]) {
    app.route({
      method: "GET",
      url: pathOf(format),
      // It would read all of it for nothing.
      exposeHeadRoute: false,
      ...parts.admission.hooks,
      handler: (request, reply) => answer(request, reply, format),
    });
  }

  async function answer(
    request: FastifyRequest,
    reply: FastifyReply,
    format: ExportFormat,
  ): Promise<FastifyReply> {
    const caller = parts.admission.callerOf(request);
    assertMayRead(caller);
    assertTellsTheEnd(request);
    const asked = readExportRequest(request.query as Record<string, string>, format, caller, parts);
    assertNotBusy();
    // Also when its client vanishes, or has vanished already.
    // Fastify, the pipe and each watch wait for its end: a dozen, however long the export is.
    reply.raw.setMaxListeners(20);
    finished(reply.raw, takePlace(caller, asked));
    let rows = 0;
    const write = (exported: ExportedCancellation): string => {
      rows += 1;
      return format.write(toExportRecord(exported, cursorOf(exported, asked)));
    };
    const { running, first } = await begin(caller, asked, write, request.log, reply);
    const stream = exportStream(running, { beginning: format.head(asked) + first, write });
    watch.export(request, reply, stream, (result) => {
      request.log.info({ format: format.extension, result, rows }, "export ended");
      parts.onEnded(result, rows);
    });
    return reply
      .type(format.contentType)
      .header("content-disposition", `attachment; filename="cancellations.${format.extension}"`)
      .send(stream);
  }

  /** Up to its first rows: what goes wrong until then can still be told. */
  async function begin(
    caller: Caller,
    asked: AskedExport,
    write: (exported: ExportedCancellation) => string,
    log: FastifyRequest["log"],
    { raw: response }: FastifyReply,
  ): Promise<{ readonly running: RunningExport; readonly first: string }> {
    await charge(caller, asked);
    let running: RunningExport | null = null;
    try {
      running = await parts.open(asked.request, goneOf(response));
      return { running, first: await readText(running, write) };
    } catch (error) {
      if (!response.destroyed) log.error({ err: error }, "beginning an export failed");
      await running?.close().catch(() => undefined);
      throw retryLater(503, RETRY_WHEN_TAKEN_SECONDS, NOT_BEGUN);
    }
  }

  function cursorOf({ cancellation }: ExportedCancellation, { order }: AskedExport): string {
    const position = positionOf(cancellation, order);
    if (position === null) throw new Error("exporting a cancellation: it has no place in the order");
    return parts.cursors.encode(position, order);
  }

  function assertNotBusy(): void {
    if (!parts.isSaturated()) return;
    parts.onShed();
    throw retryLater(
      503,
      RETRY_WHEN_BUSY_SECONDS,
      `More is asked than can be served at this moment. Come again in ${RETRY_WHEN_BUSY_SECONDS} s.`,
    );
  }

  function takePlace(caller: Caller, { request }: AskedExport): () => void {
    const place = places.take(caller, request.filter.storeIds);
    if (typeof place === "function") return place;
    const message = `${FULL[place]} Come again in ${RETRY_WHEN_TAKEN_SECONDS} s.`;
    if (place === "replica") {
      parts.onShed();
      throw retryLater(503, RETRY_WHEN_TAKEN_SECONDS, message);
    }
    parts.onLimited();
    throw retryLater(429, RETRY_WHEN_TAKEN_SECONDS, message);
  }

  async function charge(caller: Caller, { onlyStoreId }: AskedExport): Promise<void> {
    const charged = await parts.charge(caller, onlyStoreId);
    if (charged.allowed) return;
    parts.onLimited();
    const { retryAfterSeconds } = charged;
    const message = `An export costs as much as the dearest query, and this caller has used up what a minute allows; come again in ${retryAfterSeconds} s.`;
    throw retryLater(429, retryAfterSeconds, message);
  }
}

/** Comes when nobody waits for the response any more, or has come already: what is being read for it then fails. */
function goneOf(response: ServerResponse): AbortSignal {
  const gone = new AbortController();
  if (response.destroyed) gone.abort();
  finished(response, () => gone.abort());
  return gone.signal;
}

function pathOf({ extension }: ExportFormat): string {
  return `/exports/cancellations.${extension}`;
}

function assertMayRead({ scopes }: Caller): void {
  if (scopes.includes(EXPORT_SCOPE)) return;
  throw new ApiError(
    403,
    "FORBIDDEN",
    `An export needs the scope ${EXPORT_SCOPE}, which your token does not have.`,
  );
}

/** Before HTTP/1.1 an answer ends where the connection does: one that was cut would look like a whole one. */
function assertTellsTheEnd({ raw }: FastifyRequest): void {
  if (raw.httpVersion !== "1.0") return;
  const message = "Ask by HTTP/1.1: by HTTP/1.0 nobody could tell a file that was cut from a whole one.";
  throw new ApiError(426, "BAD_REQUEST", message, { headers: { upgrade: "HTTP/1.1" } });
}
