import type { WriteStream } from "node:tty";
import { SingleBar } from "cli-progress";

/** How far something is that a person waits for. */
export interface Progress {
  /** `total` may be an estimate, and grow. */
  readonly show: (what: string, done: number, total: number) => void;
  readonly end: () => void;
}

/** Where nobody watches, such as in a log, seldom enough not to fill it. */
const LINE_EVERY_MS = 5_000;
const FORMAT = "{what} [{bar}] {percentage}% of about {total} rows, {eta_formatted} to go";

/** A bar on a terminal; otherwise a line now and then. */
export function createProgress(stream: NodeJS.WriteStream, now: () => number): Progress {
  return stream.isTTY ? bars(stream) : lines(stream, now);
}

function bars(stream: WriteStream): Progress {
  let bar: SingleBar | undefined;
  let shown: string | undefined;
  const end = (): void => {
    bar?.stop();
    bar = undefined;
    shown = undefined;
  };
  return {
    show(what, done, total) {
      if (what !== shown) {
        end();
        bar = new SingleBar({ stream, format: FORMAT, hideCursor: true });
        bar.start(total, 0, { what });
        shown = what;
      }
      bar?.setTotal(total);
      bar?.update(done);
    },
    end,
  };
}

function lines(stream: NodeJS.WritableStream, now: () => number): Progress {
  let next = now() + LINE_EVERY_MS;
  return {
    show(what, done, total) {
      if (now() < next) return;
      next = now() + LINE_EVERY_MS;
      stream.write(`${what}: ${done} of about ${total} rows\n`);
    },
    end: () => undefined,
  };
}
