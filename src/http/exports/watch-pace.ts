import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";

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
