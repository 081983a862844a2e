import type { Log } from "./log.js";
import {
  createChangeAnnouncer,
  createChangeListener,
  type ChangeAnnouncer,
  type ChangeListener,
} from "../persistence/change-notifications.js";
import type { Releases } from "./releases.js";

/** Tells other replicas of what is committed here, and hears of what they commit. */
export function openChanges(
  databaseUrl: string,
  log: Log,
  releases: Releases,
  onNotAnnounced?: () => void,
): { readonly announcer: ChangeAnnouncer; readonly listener: ChangeListener } {
  let isTold = false;
  const announcer = createChangeAnnouncer({
    databaseUrl,
    onLost: (error) => {
      onNotAnnounced?.();
      if (!isTold)
        log.error({ err: error }, "announcing changes failed: who follows them learns of them later");
      isTold = true;
    },
  });
  releases.add("the announcer of changes", () => announcer.close());
  const listener = createChangeListener({
    databaseUrl,
    onBroken: (error) =>
      log.error({ err: error }, "listening for changes was interrupted; it is tried again"),
    onMended: () => log.info("changes are listened for again"),
  });
  releases.add("the listener for changes", () => listener.close());
  return { announcer, listener };
}
