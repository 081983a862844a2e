import { Readable } from "node:stream";
import type { ExportedCancellation, RunningExport } from "../../cancellation/history/history.js";

/** Two or three readings of the database: so much is read ahead of what is sent, and no more. */
const BUFFERED_BYTES = 64 * 1_024;

interface ExportText {
  /** What has been read already, and what stands before it. */
  readonly beginning: string;
  readonly write: (exported: ExportedCancellation) => string;
}

/**
 * The file, as bytes. What is read next is asked for only when there is room, so a slow client makes the database wait. However it
 * ends, the export is closed.
 */
export function exportStream(running: RunningExport, { beginning, write }: ExportText): Readable {
  let isBegun = beginning === "";

  async function next(): Promise<string> {
    if (isBegun) return readText(running, write);
    isBegun = true;
    return beginning;
  }

  return new Readable({
    highWaterMark: BUFFERED_BYTES,
    read() {
      next().then(
        (text) => {
          if (text === "") this.push(null);
          for (const piece of piecesOf(Buffer.from(text, "utf8"))) this.push(piece);
        },
        (error: unknown) => this.destroy(error as Error),
      );
    },
    destroy(error, done) {
      // What cannot be closed is gone already.
      const closed = (): void => done(error);
      running.close().then(closed, closed);
    },
  });
}

/** What is sent in one piece counts as taken only when all of it is, and fifty of the largest rows are 40 MB. */
function* piecesOf(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += BUFFERED_BYTES) yield bytes.subarray(at, at + BUFFERED_BYTES);
}

/** The next few; nothing at the end. */
export async function readText(running: RunningExport, write: ExportText["write"]): Promise<string> {
  let text = "";
  await running.read((exported) => {
    text += write(exported);
  });
  return text;
}
