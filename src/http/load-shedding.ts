import { monitorEventLoopDelay } from "node:perf_hooks";
import type { FastifyInstance } from "fastify";
import { retryLater } from "./api-error.js";

/** How often it is measured how late the event loop is, unless a turn may take longer than that. */
const SAMPLE_MS = 250;
/** How often a timer of Node's looks whether it comes in time. Its delays contain it. */
const RESOLUTION_MS = 10;
/** In a row. One long turn is soon made up for, as after a start or a pause of the machine; what goes on is met within a second. */
const LATE_SAMPLES = 2;
/** Either it is over by then, or it still lasts. */
const RETRY_AFTER_SECONDS = 1;

const OVERLOADED = retryLater(
  503,
  RETRY_AFTER_SECONDS,
  `More is asked than can be served at this moment. This call did nothing; an earlier one with the same idempotency key may have. Come again in ${RETRY_AFTER_SECONDS} s.`,
);

export interface LoadShedding {
  /** The routes whose requests are refused. The others are few and small, and tell what is going on, or what became of money. */
  readonly routes: readonly string[];
  /** How late the event loop may be on average; zero: as late as it is. */
  readonly maxDelayMs: number;
  /** Told of each request that is refused. */
  readonly onShed: () => void;
}

/**
 * Refuses requests while this process cannot keep up, before their bodies are read. Returns whether it cannot. Connections to the
 * database are not looked at here: which of them a request will need is not known yet.
 */
export function addLoadShedding(
  app: FastifyInstance,
  { routes, maxDelayMs, onShed }: LoadShedding,
): () => boolean {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  let lateSamples = 0;
  const isLate = (): boolean => maxDelayMs > 0 && lateSamples >= LATE_SAMPLES;
  const watching = setInterval(
    () => {
      // Of a turn that took all of the time, nothing was measured.
      const delayMs = delays.count === 0 ? Number.POSITIVE_INFINITY : delays.mean / 1e6 - RESOLUTION_MS;
      lateSamples = delayMs > maxDelayMs ? lateSamples + 1 : 0;
      delays.reset();
    },
    Math.max(SAMPLE_MS, maxDelayMs),
  );
  watching.unref();
  app.addHook("onClose", (_app, done) => {
    clearInterval(watching);
    delays.disable();
    done();
  });
  app.addHook("onRequest", ({ routeOptions }, _reply, done) => {
    if (!isLate() || !routes.includes(routeOptions.url ?? "")) {
      done();
      return;
    }
    onShed();
    done(OVERLOADED);
  });
  return isLate;
}
