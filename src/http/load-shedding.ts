import underPressure from "@fastify/under-pressure";
import type { FastifyInstance } from "fastify";

/** How often it is measured how late the event loop is, unless a turn may take longer than that. */
const SAMPLE_MS = 250;
/** In a row. One long turn is soon made up for, as after a start or a pause of the machine; what goes on is met within a second. */
const LATE_SAMPLES = 2;
/** Either it is over by then, or it still lasts. */
const RETRY_AFTER_SECONDS = 1;

const BODY = {
  errors: [
    {
      message: `More is asked than can be served at this moment. This call did nothing; an earlier one with the same idempotency key may have. Come again in ${RETRY_AFTER_SECONDS} s.`,
      extensions: { code: "SERVICE_UNAVAILABLE", retryAfterSeconds: RETRY_AFTER_SECONDS },
    },
  ],
};

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
export async function addLoadShedding(
  app: FastifyInstance,
  { routes, maxDelayMs, onShed }: LoadShedding,
): Promise<() => boolean> {
  const sampleMs = Math.max(SAMPLE_MS, maxDelayMs);
  await app.register(underPressure, {
    maxEventLoopDelay: maxDelayMs,
    sampleInterval: sampleMs,
    // Its own would refuse whatever is asked for, with an answer of its own.
    pressureHandler: () => undefined,
  });
  let lateSamples = 0;
  const isLate = (): boolean => lateSamples >= LATE_SAMPLES;
  // Timers of the same length come in the order in which they were set: each of these after a new measurement.
  const watching = setInterval(() => {
    lateSamples = app.isUnderPressure() ? lateSamples + 1 : 0;
  }, sampleMs);
  watching.unref();
  app.addHook("onClose", (_app, done) => {
    clearInterval(watching);
    done();
  });
  app.addHook("onRequest", (request, reply, done) => {
    if (!routes.includes(request.routeOptions.url ?? "") || !isLate()) {
      done();
      return;
    }
    onShed();
    void reply.code(503).header("retry-after", RETRY_AFTER_SECONDS).send(BODY);
  });
  return isLate;
}
