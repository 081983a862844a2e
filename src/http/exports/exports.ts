import type { ServerResponse } from "node:http";
import { finished, Readable } from "node:stream";
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteShorthandOptions } from "fastify";
import {
  EXPORT_SCOPE,
  type Admission,
  type Caller,
  type PointsTaken,
} from "../../cancellation/model/caller.js";
import {
  toExportRecord,
  type ExportedCancellation,
  type OpenExport,
  type RunningExport,
} from "../../cancellation/history/history.js";
import { type Cursors, positionOf } from "../../cancellation/history/cursors.js";
import type { Stores } from "../../cancellation/model/store.js";
import { ApiError, retryLater } from "../../messages/api-error.js";
import { chooseLanguage, MESSAGES, type Text } from "../../messages/messages.js";
import { CSV, NDJSON, type ExportFormat } from "./export-formats.js";
import {
  ExportPlaces,
  watchExports,
  type ExportLimits,
  type ExportResult,
  type FullPlaces,
} from "./export-limits.js";
import { readExportRequest, type AskedExport } from "./export-request.js";

export interface ExportsParts {
  readonly open: OpenExport;
  readonly stores: Stores;
  readonly cursors: Cursors;
  readonly admission: Admission<FastifyRequest, RouteShorthandOptions>;
  /** Whether those who read wait too long for a connection: an export would read beside them. */
  readonly isSaturated: () => boolean;
  /** Takes what an export costs of what a caller, or a caller's only store, has for a minute. */
  readonly charge: (caller: Caller, storeId: string | null) => Promise<PointsTaken>;
  /** Called for each export that is refused while there is too much to do. */
  readonly onShed: () => void;
  /** Called for each that is refused because its caller, or its stores, ask for too many. */
  readonly onLimited: () => void;
  readonly onEnded: (result: ExportResult, rows: number) => void;
  readonly limits?: ExportLimits;
}

export const EXPORT_PATHS: readonly string[] = [CSV, NDJSON].map(pathOf);

/** Two or three readings of the database: so much is read ahead of what is sent, and no more. */
const BUFFERED_BYTES = 64 * 1_024;
/** The connections are free again as soon as what holds them is done. */
const RETRY_WHEN_BUSY_SECONDS = 1;
/** A million rows take a minute or two; most exports are far smaller. */
const RETRY_WHEN_TAKEN_SECONDS = 10;
/** Fastify, the pipe and each watch wait for an answer's end: a dozen, however long the export is. */
const MAX_LISTENERS = 20;

const FULL: Readonly<Record<FullPlaces, Text>> = {
  caller: ({ refusals }) => refusals.exportOfCallerRuns(RETRY_WHEN_TAKEN_SECONDS),
  stores: ({ refusals }) => refusals.exportsOfStoresRun(RETRY_WHEN_TAKEN_SECONDS),
  replica: ({ refusals }) => refusals.exportsOfReplicaRun(RETRY_WHEN_TAKEN_SECONDS),
};

type Write = (exported: ExportedCancellation) => string;

/** `GET /exports/cancellations.csv` and `.ndjson`: the history in one go. */
export function addExports(app: FastifyInstance, parts: ExportsParts): void {
  const places = new ExportPlaces();
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
    reply.raw.setMaxListeners(MAX_LISTENERS);
    // The place is given back also when the client vanishes, or has vanished already.
    finished(reply.raw, takePlace(caller, asked));
    let rows = 0;
    const language = chooseLanguage(request.headers["accept-language"]);
    const { failures } = MESSAGES[language];
    const write: Write = (exported) => {
      rows += 1;
      return format.write(toExportRecord(exported, cursorOf(exported, asked), failures), asked);
    };
    await charge(caller, asked);
    const { running, first } = await begin(asked, write, request.log, reply.raw);
    const stream = Readable.from(textsOf(running, format.head(asked) + first, write), {
      objectMode: false,
      highWaterMark: BUFFERED_BYTES,
    });
    watch(request, reply, stream, (result) => {
      request.log.info({ format: format.extension, result, rows }, "export ended");
      parts.onEnded(result, rows);
    });
    return reply
      .type(format.contentType)
      .header("content-language", language)
      .header("content-disposition", `attachment; filename="cancellations.${format.extension}"`)
      .send(stream);
  }

  /** Up to its first rows: what goes wrong until then can still be told. */
  async function begin(
    asked: AskedExport,
    write: Write,
    log: FastifyRequest["log"],
    response: ServerResponse,
  ): Promise<{ readonly running: RunningExport; readonly first: string }> {
    let running: RunningExport | null = null;
    try {
      running = await parts.open(asked.request, goneOf(response));
      return { running, first: await readText(running, write) };
    } catch (error) {
      if (!response.destroyed) log.error({ err: error }, "beginning an export failed");
      await running?.close().catch(() => undefined);
      throw retryLater(503, RETRY_WHEN_TAKEN_SECONDS, ({ refusals }) => refusals.exportNotBegun);
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
    throw retryLater(503, RETRY_WHEN_BUSY_SECONDS, ({ refusals }) =>
      refusals.databaseBusy(false, RETRY_WHEN_BUSY_SECONDS),
    );
  }

  function takePlace(caller: Caller, { request }: AskedExport): () => void {
    const place = places.take(caller, request.filter.storeIds);
    if (typeof place === "function") return place;
    if (place === "replica") parts.onShed();
    else parts.onLimited();
    throw retryLater(place === "replica" ? 503 : 429, RETRY_WHEN_TAKEN_SECONDS, FULL[place]);
  }

  async function charge(caller: Caller, { onlyStoreId }: AskedExport): Promise<void> {
    const charged = await parts.charge(caller, onlyStoreId);
    if (charged.allowed) return;
    parts.onLimited();
    const { retryAfterSeconds } = charged;
    throw retryLater(429, retryAfterSeconds, ({ refusals }) => refusals.exportsLimited(retryAfterSeconds));
  }
}

/** The file, in pieces. The next rows are asked for only when there is room, so a slow client makes the database wait. */
async function* textsOf(running: RunningExport, beginning: string, write: Write): AsyncGenerator<Buffer> {
  try {
    yield* piecesOf(beginning);
    for (let text = await readText(running, write); text !== ""; text = await readText(running, write))
      yield* piecesOf(text);
  } finally {
    // What cannot be closed is gone already.
    void running.close().catch(() => undefined);
  }
}

/** A piece counts as taken only when all of it is, and fifty of the largest rows are 40 MB. */
function* piecesOf(text: string): Generator<Buffer> {
  const bytes = Buffer.from(text, "utf8");
  for (let at = 0; at < bytes.length; at += BUFFERED_BYTES) yield bytes.subarray(at, at + BUFFERED_BYTES);
}

/** The next few; nothing at the end. */
async function readText(running: RunningExport, write: Write): Promise<string> {
  let text = "";
  await running.read((exported) => {
    text += write(exported);
  });
  return text;
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
  throw new ApiError(403, "FORBIDDEN", ({ refusals }) => refusals.exportScopeMissing(EXPORT_SCOPE));
}

/** Before HTTP/1.1 an answer ends where the connection does: one that was cut would look like a whole one. */
function assertTellsTheEnd({ raw }: FastifyRequest): void {
  if (raw.httpVersion !== "1.0") return;
  throw new ApiError(426, "BAD_REQUEST", ({ refusals }) => refusals.http11Needed, {
    headers: { upgrade: "HTTP/1.1" },
  });
}
