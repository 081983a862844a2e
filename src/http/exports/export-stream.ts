import { Readable } from "node:stream";
import type { ExportedCancellation, RunningExport } from "../../cancellation/history/export.js";

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
        (text) => this.push(text === "" ? null : Buffer.from(text, "utf8")),
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

/** The next few; nothing at the end. */
export async function readText(running: RunningExport, write: ExportText["write"]): Promise<string> {
  let text = "";
  await running.read((exported) => {
    text += write(exported);
  });
  return text;
}
