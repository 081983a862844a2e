import type { DatabaseHistory, DatabaseLook, DatabasePosition } from "./database-history.js";

export interface WatchEvents {
  /** Told once each time: the database has gone back in time, and no cancel is sent for so long. */
  readonly onWentBack: (heldForMs: number) => void;
  /** Told of a look, or an entering again, that failed; both are tried again. */
  readonly onFault: (error: unknown) => void;
}

/**
 * Watches whether the database goes back in time. When it has, no cancel is sent until the hold is over and what this replica
 * remembers is entered again, so that the keys and the open orders which the database forgot are closed before sending goes on.
 */
export class DatabaseWatch {
  #position: DatabasePosition | null = null;
  /** By this process's own clock. */
  #heldUntilMs = 0;
  #entering: Promise<void> | null = null;
  /** Seen to have gone back, and not all of what is remembered is entered again. */
  #mustEnterAgain = false;
  #looking: Promise<void> | null = null;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #enterAgain: () => Promise<void> = () => Promise.resolve();

  constructor(
    private readonly history: DatabaseHistory,
    private readonly events: WatchEvents,
  ) {}

  /** SQL that names the database. */
  get cluster(): string {
    return this.history.cluster;
  }

  /** Where the database stood when it was last looked at; null before that. */
  get position(): DatabasePosition | null {
    return this.#position;
  }

  /** For how long no cancel may be sent; 0: they may. What is not entered again yet is taken to need a second more. */
  get heldForMs(): number {
    const left = Math.max(0, this.#heldUntilMs - performance.now());
    return this.#mustEnterAgain ? Math.max(left, MS_PER_SECOND) : left;
  }

  get lookedMsAgo(): number {
    return performance.now() - this.#lookedAt;
  }

  /** @param enterAgain enters what this replica remembers and the database does not; may be called again. */
  remembers(enterAgain: () => Promise<void>): void {
    this.#enterAgain = enterAgain;
  }

  /** Looks now; who asks while a look is under way shares it. @throws when the database cannot be written to. */
  look(): Promise<void> {
    return (this.#looking ??= this.history
      .look(this.#position)
      .then((look) => this.#see(look))
      .finally(() => (this.#looking = null)));
  }

  /** The same for whoever only has a reason to look. */
  nudge(): Promise<void> {
    return this.look().catch((error: unknown) => this.events.onFault(error));
  }

  /** Waits for what is being entered again. */
  async stop(): Promise<void> {
    await this.#entering;
  }

  #see({ position, wentBack, heldForMs }: DatabaseLook): void {
    this.#position = position;
    this.#lookedAt = performance.now();
    this.#heldUntilMs = this.#lookedAt + heldForMs;
    if (wentBack) {
      this.events.onWentBack(heldForMs);
      this.#mustEnterAgain = true;
    }
    if (this.#mustEnterAgain) this.#entering ??= this.#enter().finally(() => (this.#entering = null));
  }

  /** Others are held as well for as long as it takes. What fails is tried again with the next look. */
  async #enter(): Promise<void> {
    const holding = setInterval(() => {
      this.history.hold(2 * MS_PER_SECOND).catch((error: unknown) => this.events.onFault(error));
    }, MS_PER_SECOND);
    try {
      await this.#enterAgain();
      this.#mustEnterAgain = false;
    } catch (error) {
      this.events.onFault(error);
    } finally {
      clearInterval(holding);
    }
  }
}

const MS_PER_SECOND = 1_000;

/** Whoever asks more often is answered by the look before: each look writes. */
const LOOKED_LATELY_MS = 500;

/** For /readyz. In words of ours: a library's may name what nobody outside should know. */
export async function whyUnready(watch: DatabaseWatch): Promise<string | null> {
  try {
    if (watch.lookedMsAgo > LOOKED_LATELY_MS) await watch.look();
  } catch (error) {
    return isRefusal(error) ? "the database cannot be written to" : "the database does not answer";
  }
  const { heldForMs } = watch;
  if (heldForMs === 0) return null;
  return `the database has gone back in time: no cancel is sent for another ${Math.ceil(heldForMs / MS_PER_SECOND)} s`;
}

/** PostgreSQL has answered, with an error: it is read-only, or its disk is full. Not that it is shutting down or starting up. */
function isRefusal(error: unknown): boolean {
  const { code, cause } = error as { code?: unknown; cause?: unknown };
  if (typeof code === "string" && /^(?:25|42|53|54|55)[0-9A-Z]{3}$/u.test(code)) return true;
  return cause !== undefined && isRefusal(cause);
}
