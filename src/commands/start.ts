import { setTimeout as delay } from "node:timers/promises";
import { startApp, type App } from "../app.js";
import { readConfig } from "../config/config.js";
import { welcome } from "../graphql/welcome.js";
import type { Signal, Signals } from "../process/signals.js";
import { DEVELOPMENT_STORE } from "../../simulator/development-store.js";
import { WHOLLY_CANCELLED_STATUS } from "../../simulator/payments.js";

/** Serves until a signal comes; one that has come by now stops the service as soon as it has started. */
export async function start(signals: Signals): Promise<void> {
  const config = readConfig(process.env, DEVELOPMENT_STORE, [WHOLLY_CANCELLED_STATUS]);
  const app = await startApp(config);
  for (const unknown of config.unknownVariables)
    app.log.warn(unknown, "this variable is not known, and ignored: is its name misspelled?");
  stopWhenTold(app, signals, config.shutdownDelayMs);
  const { production, sandbox, auth } = config;
  if (!production) process.stdout.write(welcome({ url: app.url, sandbox, needsToken: auth.kind !== "off" }));
}

/** Ends with code 0 when everything was finished, with 1 when it was not, or when a fault that nobody caught was the reason. */
function stopWhenTold(app: App, signals: Signals, drainMs: number): void {
  const { log } = app;
  let isStopping = false;
  let code = 0;

  async function stop(why: string, waitMs: number): Promise<void> {
    isStopping = true;
    app.drain();
    if (waitMs > 0) {
      log.info({ waitMs }, `${why}: not ready any more, and served until load balancers know`);
      await delay(waitMs);
    }
    log.info(`${why}: finishing what is in flight, then stopping`);
    const isDone = await app.close();
    process.exit(isDone ? code : 1);
  }

  signals.listen((signal: Signal) => {
    if (isStopping) {
      log.warn(`${signal} again: stopping already; SIGKILL would drop what is not stored yet`);
      return;
    }
    // Ctrl-C comes from a person, who does not wait for a load balancer.
    void stop(signal, signal === "SIGTERM" ? drainMs : 0);
  });
  for (const fault of ["uncaughtException", "unhandledRejection"] as const) {
    process.on(fault, (error: unknown) => {
      code = 1;
      log.fatal({ err: error }, `${fault}: a fault that nobody caught`);
      if (!isStopping) void stop(fault, 0);
    });
  }
}
