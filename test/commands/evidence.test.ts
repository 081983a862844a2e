import { expect, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { cancel, cancelInput } from "../helpers/operations.js";
import { program, runService, type ServiceProcess } from "../helpers/service-process.js";
import { useService } from "../helpers/service.js";
import { deliver, webhookBody } from "../helpers/webhooks.js";

const service = useService();

/** `npm run evidence`, from the sources, beside the running service. */
function evidence(...words: string[]): ServiceProcess {
  const settings = {
    DATABASE_URL: service.databaseUrl,
    EBP_BASE_URL: service.simulator.url,
    DATA_ENCRYPTION_KEYS: `test:${Buffer.alloc(32, 7).toString("base64")}`,
  };
  return runService(settings, [...program("commands/evidence"), ...words]);
}

test("what EBP said about a cancellation is printed as it said it, oldest first", async () => {
  const orderNo = `SIM-CONNECTION-RESET-${randomUUID()}`;
  const { cancellation } = await cancel(service, cancelInput({ orderNo }));
  await service.letTimePass("0 s");
  await service.reconcile();
  const body = webhookBody("PAYMENT_REFUND_REQUESTED", orderNo, 1000);
  await deliver(service, body);
  const run = evidence(cancellation.id as string);

  expect(await run.ended).toBe(0);
  expect(run.stdout).toMatch(
    /^\S+Z LOOKUP\n\{.*"paymentStatus":"CAPTURED".*\n\n\S+Z PAYMENT_REFUND_REQUESTED\n/su,
  );
  expect(run.stdout).toContain(body);
});

test.each([
  ["no id", [], "Usage: npm run evidence -- <cancellation id>"],
  ["something else than an id", ["ORD-1"], "Usage: npm run evidence -- <cancellation id>"],
  ["the id of nothing", [randomUUID()], "There is no cancellation with this id."],
])("%s is answered with what is wrong, and code 1", async (_what, words, message) => {
  const run = evidence(...words);
  expect(await run.ended).toBe(1);
  expect(run.stderr).toContain(message);
  expect(run.stdout).toBe("");
});
