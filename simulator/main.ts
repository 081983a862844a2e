import { DEVELOPMENT_STORE } from "./development-store.js";
import { FORCED_BEHAVIOURS } from "./order-numbers.js";
import { startSimulator } from "./simulator.js";
import { readWebhookTarget } from "./webhooks.js";

const DEFAULT_PORT = 4010;

try {
  const webhooks = readWebhookTarget(process.env);
  const simulator = await startSimulator({
    port: Number(process.env["PORT"] ?? DEFAULT_PORT),
    stores: [DEVELOPMENT_STORE],
    webhooks,
    environment: process.env["NODE_ENV"],
    log: (line) => console.log(line),
  });
  console.log(`The EBP simulator answers at ${simulator.url}; its ledger is at ${simulator.url}/ledger`);
  console.log("It knows one store:", DEVELOPMENT_STORE);
  console.log(
    webhooks === null
      ? "It sends no webhooks: WEBHOOK_URL and WEBHOOK_SECRET turn them on"
      : `It sends webhooks to ${webhooks.url}`,
  );
  console.log("SIM-CAPTURED-<total>… and SIM-UNCAPTURED-<total>… stand for payments of that total.");
  console.log("Order numbers that begin so force a behaviour:");
  console.table(
    FORCED_BEHAVIOURS.map(({ prefix, does, effect, outcome }) => ({ prefix, does, effect, outcome })),
  );
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => void simulator.close());
  }
} catch (error) {
  console.error(String(error));
  process.exitCode = 1;
}
