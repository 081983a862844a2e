import { startApp, type App } from "./app.js";
import { readConfig } from "./config/config.js";
import { DEVELOPMENT_STORE } from "../simulator/development-store.js";
import { WHOLLY_CANCELLED_STATUS } from "../simulator/payments.js";
import { welcome } from "./graphql/welcome.js";

try {
  const config = readConfig(process.env, DEVELOPMENT_STORE, [WHOLLY_CANCELLED_STATUS]);
  const app = await startApp(config);
  stopWhenTold(app);
  const { production, sandbox, auth } = config;
  if (!production) process.stdout.write(welcome({ url: app.url, sandbox, needsToken: auth.kind !== "off" }));
} catch (error) {
  // The message is written for whoever starts the service; the stack helps only with a fault of ours.
  process.stderr.write(
    `${process.env["LOG_LEVEL"] === "debug" ? String((error as Error).stack) : String(error)}\n`,
  );
  process.exitCode = 1;
}

/** Ends with code 0 when everything was finished, with 1 when it was not, or when a fault that nobody caught was the reason. */
function stopWhenTold(app: App): void {
  const { log } = app;
  let isStopping = false;
  let code = 0;

  async function stop(): Promise<void> {
    isStopping = true;
    const isDone = await app.close();
    process.exit(isDone ? code : 1);
  }

  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    // Not once: without a listener, the second would end the process on the spot. npm, for one, passes Ctrl-C on to who has it already.
    process.on(signal, () => {
      if (isStopping) {
        log.warn(`${signal} again: stopping already; SIGKILL would drop what is not stored yet`);
        return;
      }
      log.info(`${signal}: finishing what is in flight, then stopping`);
      void stop();
    });
  }
  for (const fault of ["uncaughtException", "unhandledRejection"] as const) {
    process.on(fault, (error: unknown) => {
      code = 1;
      log.fatal({ err: error }, `${fault}: finishing what is in flight, then stopping`);
      if (!isStopping) void stop();
    });
  }
}
