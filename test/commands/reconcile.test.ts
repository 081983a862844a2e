import { describe, expect, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { read } from "../helpers/in-doubt.js";
import { cancel, cancelInput } from "../helpers/operations.js";
import { program, runService, type ServiceProcess } from "../helpers/service-process.js";
import { useService } from "../helpers/service.js";
import { deliver, webhookBody } from "../helpers/webhooks.js";

const service = useService();

const ENCRYPTION_KEYS = `test:${Buffer.alloc(32, 7).toString("base64")}`;

/** `npm run reconcile`, from the sources, beside the running service. */
function reconcile(environment: Record<string, string> = {}): ServiceProcess {
  const settings = {
    DATABASE_URL: service.databaseUrl,
    EBP_BASE_URL: service.simulator.url,
    EBP_TIMEOUT_MS: "5000",
    DATA_ENCRYPTION_KEYS: ENCRYPTION_KEYS,
    ...environment,
  };
  return runService(settings, program("commands/reconcile"));
}

function countsOf({ stdout }: ServiceProcess): Record<string, number> {
  return Object.fromEntries(
    stdout
      .trimEnd()
      .split("\n")
      .map((line) => line.split(" "))
      .map(([what = "", count]) => [what, Number(count)]),
  );
}

async function doubtful(changes: object = {}): Promise<string> {
  const input = cancelInput({ orderNo: `SIM-SYSTEM-CRITICAL-${randomUUID()}`, ...changes });
  return (await cancel(service, input)).cancellation.id as string;
}

const NOTHING = {
  recovered: 0,
  resolved: 0,
  inDoubt: 0,
  overtaken: 0,
  matched: 0,
  attached: 0,
  ignored: 0,
  waiting: 0,
  failed: 0,
};

describe("npm run reconcile", () => {
  test("has nothing to do when nothing is due: says so in counts, and ends with code 0", async () => {
    await doubtful();
    const run = reconcile();
    expect(await run.ended).toBe(0);
    expect(countsOf(run)).toEqual(NOTHING);
    expect(run.stderr).toBe("");
  });

  test("looks at everything that is due, once, tells the counts, and ends with code 0", async () => {
    const failed = await doubtful();
    const settled = (await cancel(service, cancelInput())).cancellation;
    await deliver(service, webhookBody("PAYMENT_VOIDED", settled.orderNo, 1000));
    await deliver(service, webhookBody("PAYMENT_CAPTURED", settled.orderNo, 1000));
    await deliver(service, webhookBody("PAYMENT_VOIDED", `ORD-${randomUUID()}`, 1000));
    await service.letTimePass("1 hour");
    const early = await doubtful();
    await service.sql("UPDATE cancellation SET next_check_at = clock_timestamp() WHERE id = $1", [early]);
    const run = reconcile();

    expect(await run.ended).toBe(0);
    // The one in doubt of the test before is among them. None is called FAILED by a process that sees it for the first time.
    expect(countsOf(run)).toEqual({
      ...NOTHING,
      inDoubt: 3,
      matched: 1,
      ignored: 1,
      waiting: 1,
    });
    expect(run.stdout.split("\n")[0]).toMatch(/^\w+ \d+$/u);
    expect(await read(service, failed)).toMatchObject({ status: "UNKNOWN", lookups: 1 });
    expect(await read(service, early)).toMatchObject({ status: "UNKNOWN", lookups: 1 });
    expect(await read(service, settled.id)).toMatchObject({ settlement: "VOIDED" });
  });

  test("two at the same time share the work", async () => {
    const ids: string[] = [];
    for (let n = 0; n < 15; n += 1) ids.push(await doubtful());
    await service.letTimePass("1 hour");
    const runs = [reconcile(), reconcile()];
    for (const run of runs) expect(await run.ended).toBe(0);
    const resolved = runs.map((run) => countsOf(run)["inDoubt"] ?? 0).reduce((a, b) => a + b);
    // And what is in doubt since the tests before.
    expect(resolved).toBeGreaterThanOrEqual(ids.length);
    for (const id of ids) {
      const found = await read(service, id);
      expect(found.status).toBe("UNKNOWN");
      expect(found.events.filter(({ source }: any) => source === "LOOKUP")).toHaveLength(1);
    }
  });

  test("ends with code 1 when a row could not be dealt with, says which and why, and deals with the others", async () => {
    const account = { accountNumber: "1029384756" };
    const [bad, good] = [
      await doubtful({ refundAccount: account }),
      await doubtful({ refundAccount: account }),
    ];
    await service.sql("UPDATE cancellation SET refund_account_sealed = '\\xdeadbeef' WHERE id = $1", [bad]);
    await service.letTimePass("1 hour");
    const run = reconcile();

    expect(await run.ended).toBe(1);
    expect(countsOf(run)).toMatchObject({ failed: 1 });
    expect(run.stderr).toContain(bad);
    expect(run.stderr).toContain("decrypting the refund account");
    expect(run.stderr).not.toMatch(/^\s+at /mu);
    expect((await read(service, good)).lookups).toBe(1);
  });

  test.each<[string, Record<string, string>, RegExp]>([
    [
      "a wrong configuration",
      { EBP_TIMEOUT_MS: "soon" },
      /^ConfigurationError: .+\n {2}- EBP_TIMEOUT_MS: expected .+/u,
    ],
    [
      "a database that does not answer",
      { DATABASE_URL: "postgresql://nobody:word@127.0.0.1:1/none" },
      /^DatabaseUnreachableError: The PostgreSQL at 127\.0\.0\.1:1 cannot be used/u,
    ],
  ])(
    "ends with code 1 and a readable message, without a stack trace, on %s",
    async (_what, environment, message) => {
      const run = reconcile(environment);
      expect(await run.ended).toBe(1);
      expect(run.stderr).toMatch(message);
      expect(run.stderr).not.toMatch(/^\s+at /mu);
      expect(run.stderr).not.toContain("word");
      expect(run.stdout).toBe("");
    },
  );
});
