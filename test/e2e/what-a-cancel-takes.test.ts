import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { createGate, until } from "../helpers/gate.js";
import { cancel, cancelInput } from "../helpers/operations.js";
import { startService, type TestService } from "../helpers/service.js";

/** More than the service has connections for cancelling. */
const AT_ONCE = 25;

const gate = createGate();
let service: TestService;
beforeEach(async () => {
  service = await startService({ simulator: { beforeAnswer: () => gate.pass() } });
});
afterEach(async () => {
  gate.open();
  await service.close();
});

async function isInFlight(count: number): Promise<boolean> {
  const pending = await service.sql("SELECT id FROM cancellation WHERE status = 'PENDING'");
  return pending.length === count;
}

test("no connection to the database is held while EBP is asked, however many are in flight", async () => {
  gate.close();
  const cancels = Array.from({ length: AT_ONCE }, () => cancel(service, cancelInput()));
  // Each has got a connection for its intent, so none is kept by those before.
  await until(() => isInFlight(AT_ONCE));
  await until(async () => {
    const busy = await service.sql(
      `SELECT pid FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND state <> 'idle'`,
    );
    return busy.length === 0;
  });
  gate.open();
  const answers = await Promise.all(cancels);
  expect(answers.map(({ cancellation }) => cancellation.status)).toEqual(
    Array.from({ length: AT_ONCE }, () => "SUCCEEDED"),
  );
});

test("all that is kept of a cancel is written by two commits, its intent's and its outcome's", async () => {
  for (let count = 0; count < 5; count += 1) await cancel(service, cancelInput());
  const [row] = await service.sql(
    `SELECT count(DISTINCT xmin)::integer AS commits FROM (
      SELECT xmin::text FROM cancellation UNION ALL SELECT xmin::text FROM cancellation_item
      UNION ALL SELECT xmin::text FROM cancellation_event UNION ALL SELECT xmin::text FROM cancelled_order
    ) AS written`,
  );
  expect(row).toEqual({ commits: 10 });
});
