import { expect, test } from "@jest/globals";
import { cancelInput, CANCEL } from "../helpers/operations.js";
import { startService } from "../helpers/service.js";

test("a stop finishes the cancel in flight, and lets go of the connection it came by", async () => {
  let open = (): void => undefined;
  const gate = new Promise<void>((resolve) => (open = resolve));
  const service = await startService({ simulator: { beforeAnswer: () => gate } });
  const input = cancelInput();
  const answer = service.graphql(CANCEL, { input });
  while (service.simulator.ledger.totalReceived === 0) await new Promise(setImmediate);

  const closed = service.close();
  // New connections are refused once the stop has begun.
  while (
    await fetch(`${service.url}/livez`).then(
      () => true,
      () => false,
    )
  );
  open();
  const { data, headers } = await answer;
  await closed;

  expect(data.cancelPayment.cancellation.status).toBe("SUCCEEDED");
  expect(headers.get("connection")).toBe("close");
});
