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

test("a stop gives back the connections to the database, also those that have been used for little", async () => {
  const service = await startService();
  const sessions = async (): Promise<number[]> => {
    const rows = await service.sql(
      "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
    );
    return rows.map(({ pid }) => Number(pid));
  };
  const before = await sessions();
  await service.restart();
  // PostgreSQL ends a session a moment after its client has: so many looks are less than an idle connection would stay.
  let left = before;
  for (let look = 0; look < 200 && left.length > 0; look += 1) {
    const now = await sessions();
    left = before.filter((pid) => now.includes(pid));
  }
  await service.close();

  expect(before).not.toEqual([]);
  expect(left).toEqual([]);
});
