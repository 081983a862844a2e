import { startApp } from "./app.js";
import { readConfig } from "./config.js";
import { DEVELOPMENT_STORE } from "./ebp/simulator/development-store.js";
import { WHOLLY_CANCELLED_STATUS } from "./ebp/simulator/payment.js";
import { welcome } from "./graphql/welcome.js";

try {
  const config = readConfig(process.env, DEVELOPMENT_STORE, [WHOLLY_CANCELLED_STATUS]);
  const app = await startApp(config);
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      app.log.info(`${signal}: finishing what is in flight, then stopping`);
      void app.close();
    });
  }
  const { production, sandbox, auth } = config;
  if (!production) process.stdout.write(welcome({ url: app.url, sandbox, needsToken: auth.kind !== "off" }));
} catch (error) {
  // The message is written for whoever starts the service; the stack helps only with a fault of ours.
  process.stderr.write(
    `${process.env["LOG_LEVEL"] === "debug" ? String((error as Error).stack) : String(error)}\n`,
  );
  process.exitCode = 1;
}
