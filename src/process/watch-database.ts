import type { Log } from "./log.js";
import { startPeriodic } from "./periodic.js";
import { DatabaseWatch, openDatabaseHistory } from "../persistence/database-watch.js";
import { enterRecent, type EnterRecentDependencies } from "../persistence/enter-again.js";
import type { PoolQueue } from "../persistence/pool-queue.js";
import type { Database } from "../persistence/client.js";
import type { Releases } from "./releases.js";

/** How often this replica looks where the database stands, besides at each new connection and each cancel. */
const LOOK_EVERY_MS = 5_000;

export interface WatchDependencies {
  readonly database: Database;
  /** A new connection of one of them may lead to another server. */
  readonly queues: readonly PoolQueue[];
  readonly holdMs: number;
  readonly log: Log;
  readonly releases: Releases;
  readonly onWentBack: () => void;
}

/** Watches from now on whether the database goes back in time. */
export async function openWatch({
  database,
  queues,
  holdMs,
  log,
  releases,
  onWentBack,
}: WatchDependencies): Promise<DatabaseWatch> {
  const watch = new DatabaseWatch(await openDatabaseHistory(database, holdMs), {
    onWentBack: (heldForMs) => {
      onWentBack();
      log.error(
        { heldForMs },
        "PostgreSQL has gone back in time: a standby was promoted, or a backup restored. No cancel is sent until what was forgotten is entered again. After a restored backup, run `npm run recover`",
      );
    },
    onFault: (error) =>
      log.warn({ err: error }, "looking where the database stands failed; it is tried again"),
  });
  await watch.look();
  for (const queue of queues) queue.onConnect(() => void watch.nudge());
  releases.add("the watch over the database", () => watch.stop());
  const what = "looking where the database stands";
  startPeriodic(() => watch.nudge(), { what, intervalMs: LOOK_EVERY_MS, log, releases });
  return watch;
}

/** Has all that this replica remembers entered again when the database has forgotten it. */
export function enterAgainOn(
  watch: DatabaseWatch,
  parts: Omit<EnterRecentDependencies, "onKeyTaken">,
  log: Log,
): void {
  watch.remembers(async () => {
    const onKeyTaken: EnterRecentDependencies["onKeyTaken"] = ({ id }) =>
      log.error(
        { cancellationId: id },
        "the database had forgotten this cancellation, and its key, or its id, is another one's now: money may have moved twice",
      );
    log.warn(
      await enterRecent({ ...parts, onKeyTaken }),
      "what this replica remembers is in the database again",
    );
  });
}
