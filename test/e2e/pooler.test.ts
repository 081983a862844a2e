import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { parse } from "csv-parse/sync";
import { randomUUID } from "node:crypto";
import { withConnection } from "../helpers/connection.js";
import { createTestDatabase } from "../helpers/database.js";
import { download, letHistoryBeComplete } from "../helpers/exports.js";
import { HISTORY_PAGE, cancel, cancelInput, insist } from "../helpers/operations.js";
import { read, settle, stepsOf } from "../helpers/in-doubt.js";
import { POOLER, setForRole, startPooler, type Pooler } from "../helpers/pooler.js";
import { runService, urlOf } from "../helpers/service-process.js";
import { post, startService, UNLIMITED, type TestService } from "../helpers/service.js";
import { useReleases } from "../helpers/started.js";

/** Fewer than the service has connections: what one transaction leaves on a connection, another one meets. */
const POOL_SIZE = 3;

// Where everything is checked, what is not there has to be noticed.
const isWanted = POOLER !== null || process.env["PGBOUNCER"] === "required";
const BEHIND = "a service behind PgBouncer, which gives each transaction another connection,";

/** As an administrator may have set it up, far from what the service needs. */
async function setOtherwise(url: string): Promise<void> {
  const name = new URL(url).pathname.slice(1);
  await withConnection(url, async (client) => {
    await client.query(`ALTER DATABASE ${name} SET timezone = 'Asia/Seoul'`);
    await client.query(`ALTER DATABASE ${name} SET default_transaction_isolation = 'serializable'`);
    await client.query(`ALTER DATABASE ${name} SET DateStyle = 'German'`);
    await client.query(`ALTER DATABASE ${name} SET synchronous_commit = 'off'`);
  });
}

(isWanted ? describe : describe.skip)(isWanted ? BEHIND : `${BEHIND} as pgbouncer is not installed:`, () => {
  const atEnd = useReleases(afterAll);
  const afterThis = useReleases();
  let service: TestService;
  let pooler: Pooler;
  beforeAll(async () => {
    service = await startService();
    atEnd(() => service.close());
    await setOtherwise(service.databaseUrl);
    await setForRole(service.databaseUrl);
    pooler = await startPooler(service.databaseUrl, POOL_SIZE);
    atEnd(() => pooler.stop());
    // Its connections to the pooler end before the pooler does.
    atEnd(() => service.restart());
    await service.restart({ DATABASE_URL: pooler.url });
  });

  /** How often EBP has received a cancel of each, and how often each took effect. */
  function moved(inputs: readonly Record<string, unknown>[]): { received: number[]; effects: number[] } {
    const { ledger } = service.simulator;
    const orders = inputs.map(({ orderNo }) => String(orderNo));
    return {
      received: orders.map((orderNo) => ledger.received(orderNo).length),
      effects: orders.map((orderNo) => ledger.effects(orderNo).length),
    };
  }

  test("does not start while its role lacks the settings that the pooler drops, and says what to set", async () => {
    const database = await createTestDatabase();
    afterThis(() => database.drop());
    await setOtherwise(database.url);
    const before = await startPooler(database.url, POOL_SIZE);
    afterThis(() => before.stop());

    const refusal: unknown = await service
      .replica({ DATABASE_URL: before.url })
      .catch((error: unknown) => error);
    const { username } = new URL(database.url);
    const settings = {
      DateStyle: "ISO",
      TimeZone: "UTC",
      default_transaction_isolation: "read committed",
      synchronous_commit: "on",
    };
    const lines = String(refusal).split("\n").slice(1);
    expect(lines).toEqual(
      Object.entries(settings).map(([name, value]) =>
        expect.stringMatching(
          new RegExp(
            `^  - ${name}: expected ${value}, found .+ A pooler in between drops it: ALTER ROLE ${username} SET ${name} = '${value}'`,
            "u",
          ),
        ),
      ),
    );
    // And left the pooler's own sessions as they were: what it set there would deceive the next who looks.
    await withConnection(before.url, async (client) => {
      const { rows } = await client.query("SHOW synchronous_commit");
      expect(rows).toEqual([{ synchronous_commit: "off" }]);
    });
  });

  test("sends each of 40 cancels that come at once exactly once, though they share three connections", async () => {
    const inputs = Array.from({ length: 40 }, () => cancelInput());
    const payloads = await Promise.all(inputs.map((input) => insist(service, input)));

    for (const { cancellation, replayed, userErrors } of payloads)
      expect([cancellation.status, replayed, userErrors]).toEqual(["SUCCEEDED", false, []]);
    const once = inputs.map(() => 1);
    expect(moved(inputs)).toEqual({ received: once, effects: once });
    expect(await pooler.count("SERVERS")).toBe(POOL_SIZE);
    expect(await pooler.count("CLIENTS")).toBeGreaterThan(POOL_SIZE);
  });

  test("moves money once for a key that two replicas are asked for at once", async () => {
    const another = await service.replica({ DATABASE_URL: pooler.url });
    const through: TestService = {
      ...service,
      graphql: (query, variables) => another.graphql(query, variables),
    };
    const inputs = Array.from({ length: 10 }, () => cancelInput());
    const payloads = await Promise.all(
      inputs.flatMap((input) => [cancel(service, input), cancel(through, input)]),
    );

    for (const { cancellation } of payloads) expect(cancellation.status).toBe("SUCCEEDED");
    expect(payloads.filter(({ replayed }) => !replayed)).toHaveLength(inputs.length);
    const once = inputs.map(() => 1);
    expect(moved(inputs)).toEqual({ received: once, effects: once });
  });

  test("shows pages of the history, a cancellation, sums and an export", async () => {
    const reason = `Damaged ${randomUUID()}`;
    const cancels = Array.from({ length: 5 }, () => cancel(service, cancelInput({ reason })));
    const ids = (await Promise.all(cancels)).map(({ cancellation }) => String(cancellation.id)).sort();
    const filter = { reason };
    await letHistoryBeComplete(service);

    const [first, rest, one, stats, file] = await Promise.all([
      service.graphql(HISTORY_PAGE, { filter, first: 3 }),
      service.graphql(HISTORY_PAGE, { filter, last: 2 }),
      read(service, ids[0] ?? ""),
      service.graphql(
        "query ($filter: CancellationFilter) { cancellationStats(filter: $filter, groupBy: [STATUS]) { status count amount } }",
        { filter },
      ),
      download(service.url, "csv", filter),
    ]);
    const pages = [first, rest].map(({ data }) => data.cancellations);
    expect(pages.map(({ totalCount }) => totalCount)).toEqual([5, 5]);
    expect(
      pages
        .flatMap(({ edges }) => edges)
        .map(({ node }) => node.id)
        .sort(),
    ).toEqual(ids);
    expect(one).toMatchObject({ id: ids[0], reason, items: [{ seq: 1, lineTotal: "1000" }] });
    expect(stepsOf(one)).toEqual(["nothing → PENDING by CALLER", "PENDING → SUCCEEDED by RESPONSE"]);
    expect(stats.data.cancellationStats).toEqual([{ status: "SUCCEEDED", count: 5, amount: "5000" }]);
    const rows: any[] = parse(file.text, { columns: true });
    expect(rows.map(({ id }) => String(id)).sort()).toEqual(ids);
  });

  test("settles what is in doubt, and sends nothing again", async () => {
    const input = cancelInput({ orderNo: `SIM-CONNECTION-RESET-${randomUUID()}` });
    const { cancellation } = await cancel(service, input);
    expect(cancellation.status).toBe("UNKNOWN");
    await settle(service);

    const { status, resolvedBy } = await read(service, cancellation.id);
    const { received, effects } = moved([input]);
    expect({ resolvedBy, received }).toEqual({ resolvedBy: "LOOKUP", received: [1] });
    expect(status).toBe(effects[0] === 1 ? "SUCCEEDED" : "FAILED");
  });

  test("says once in its log that a pooler is there, whatever it does", async () => {
    const one = runService({
      ...UNLIMITED,
      DATABASE_URL: pooler.url,
      EBP_BASE_URL: service.simulator.url,
      PORT: "0",
      LOG_LEVEL: "info",
      DATA_ENCRYPTION_KEYS: `test:${Buffer.alloc(32, 7).toString("base64")}`,
    });
    // Whatever fails, it must not outlive the test: its output would keep this process.
    afterThis(() => {
      one.kill("SIGKILL");
      return one.ended;
    });
    const url = await urlOf(one);
    const through: TestService = {
      ...service,
      url,
      graphql: (query, variables, headers) => post(url, query, variables, headers),
    };
    await Promise.all(
      Array.from({ length: 20 }, async () => {
        const { cancellation } = await cancel(through, cancelInput());
        expect((await read(through, cancellation.id)).status).toBe("SUCCEEDED");
      }),
    );
    one.kill("SIGTERM");
    expect(await one.ended).toBe(0);
    const said = one.log().filter(({ msg }) => /pooler/u.test(msg));
    expect(said).toMatchObject([
      { level: 40, msg: expect.stringMatching(/^a pooler stands before the database/u) },
    ]);
  });
});
