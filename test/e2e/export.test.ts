import { beforeAll, describe, expect, test } from "@jest/globals";
import { parse } from "csv-parse/sync";
import { get, type IncomingMessage } from "node:http";
import { withConnection } from "../helpers/connection.js";
import { download, letHistoryBeComplete, linesOf } from "../helpers/exports.js";
import { until } from "../helpers/gate.js";
import { secondsFromNow } from "../helpers/identity.js";
import { cancel, CANCELLATION_FIELDS, cancelInput } from "../helpers/operations.js";
import { useTwoStores } from "../helpers/two-stores.js";

const STORES = ["KR01", "KR02"];
const ACCOUNT = "1234567890";
const fixture = useTwoStores(STORES);
let headers: Record<string, string>;

const HISTORY = `query ($filter: CancellationFilter) {
  cancellations(first: 100, filter: $filter) {
    edges { cursor node { ${CANCELLATION_FIELDS} items { seq amount lineTotal } } }
  }
}`;

beforeAll(async () => {
  headers = await fixture.bearer("finance", STORES);
  for (const storeId of STORES) {
    for (const orderNo of ["O-1", "O-2", "SIM-CANCELLATION-FAILED-3", "SIM-SYSTEM-CRITICAL-4"]) {
      await cancel(
        fixture.service,
        cancelInput({
          storeId,
          orderNo,
          idempotencyKey: `=${orderNo}`,
          refundAccount: { accountNumber: ACCOUNT, bankCode: "001", accountHolderName: "Jane Roe" },
          note: `of ${storeId}, "quoted"`,
        }),
        headers,
      );
    }
  }
  await letHistoryBeComplete(fixture.service);
});

const sessions = async (): Promise<number> =>
  (
    await fixture.service.sql(
      "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'FETCH%FROM export'",
    )
  ).length;

describe("an export", () => {
  test.each<[string, Record<string, string>]>([
    ["everything", {}],
    ["a store", { storeIds: "KR02" }],
    ["a state", { statuses: "FAILED" }],
    ["an order", { orderNo: "O-1" }],
  ])("of %s has what the API's pages have: each once, in order, with its cursor", async (_what, filter) => {
    const { data } = await fixture.service.graphql(HISTORY, { filter }, headers);
    const { edges } = data.cancellations;
    expect(edges.length).toBeGreaterThan(0);
    const records = linesOf(await download(fixture.service.url, "ndjson", filter, headers));
    expect(records.map(({ cursor }) => cursor)).toEqual(edges.map(({ cursor }: any) => cursor));
    for (const [n, { node }] of edges.entries()) {
      const { events: _events, items, ...rest } = node;
      const known = Object.entries(rest).filter(([name]) => name in records[n]);
      expect(records[n]).toMatchObject(Object.fromEntries(known));
      expect(records[n].items).toMatchObject(items);
    }
    const rows: any[] = parse((await download(fixture.service.url, "csv", filter, headers)).text, {
      columns: true,
    });
    expect(rows.map(({ id, status, totalCancelAmount }) => [id, status, totalCancelAmount])).toEqual(
      edges.map(({ node }: any) => [node.id, node.status, node.totalCancelAmount]),
    );
    for (const row of rows) expect(row.idempotencyKey).toMatch(/^'=/u);
  });

  test.each(["csv", "ndjson"] as const)(
    "as %s shows no more of an account than the API does",
    async (file) => {
      const { text } = await download(fixture.service.url, file, {}, headers);
      expect(text).toContain("7890");
      expect(text).toContain("J** R**");
      expect(text).not.toContain(ACCOUNT);
      expect(text).not.toContain("Jane");
    },
  );

  test("for Excel has each text in a formula, and is a CSV", async () => {
    const { url } = fixture.service;
    const { text, headers: answered } = await download(url, "csv", { excel: "true" }, headers);
    expect(answered.get("content-type")).toBe("text/csv; charset=utf-8; header=present");
    const rows: any[] = parse(text, { columns: true, bom: true });
    expect(rows.at(-1)).toMatchObject({
      orderNo: '="O-1"',
      idempotencyKey: '="=O-1"',
      totalCancelAmount: expect.stringMatching(/^\d+$/u),
    });
    const refused = await download(url, "ndjson", { excel: "true" }, headers);
    expect(refused.status).toBe(400);
    expect(JSON.parse(refused.text).errors[0].message).toBe("Only an export as CSV takes this parameter.");
  });

  test("goes on where another has stopped, and misses and repeats nothing", async () => {
    const all = linesOf(await download(fixture.service.url, "ndjson", {}, headers));
    for (const direction of ["asc", "desc"]) {
      const parts: string[] = [];
      let after: string | undefined;
      for (;;) {
        const { text } = await download(fixture.service.url, "csv", { direction, after, limit: 3 }, headers);
        const rows: any[] = parse(text, { columns: true });
        if (rows.length === 0) break;
        parts.push(...rows.map(({ id }) => String(id)));
        after = rows.at(-1).cursor;
      }
      const ids = all.map(({ id }) => String(id));
      expect(parts).toEqual(direction === "desc" ? ids : ids.reverse());
    }
  });

  test("is for whoever may read, of the stores that are theirs", async () => {
    const { url } = fixture.service;
    expect((await download(url, "csv")).status).toBe(401);
    expect((await download(url, "csv", {}, { authorization: "Bearer forged" })).status).toBe(401);
    const writer = await fixture.bearer("writer", STORES, { scope: "cancellations:write" });
    const forbidden = await download(url, "csv", {}, writer);
    expect(forbidden.status).toBe(403);
    expect(JSON.parse(forbidden.text).errors[0].message).toBe(
      "An export needs the scope cancellations:read, which your token does not have.",
    );
    const one = await fixture.bearer("clerk", ["KR01"]);
    const records = linesOf(await download(url, "ndjson", {}, one));
    expect(new Set(records.map(({ storeId }) => storeId))).toEqual(new Set(["KR01"]));
    expect((await download(url, "ndjson", { storeIds: "KR02" }, one)).text).toBe("");
    const nobody = await fixture.bearer("nobody", []);
    expect((await download(url, "ndjson", {}, nobody)).text).toBe("");
  });

  test("costs as much as the dearest query", async () => {
    const { url } = await fixture.service.replica({ RATE_LIMIT_QUERY_COST: "1500" });
    expect((await download(url, "csv", { limit: 1 })).status).toBe(200);
    const refused = await fetch(`${url}/exports/cancellations.csv`);
    expect(refused.status).toBe(429);
    expect(await refused.json()).toMatchObject({ errors: [{ extensions: { code: "RATE_LIMITED" } }] });
  });

  test("counts in the metrics", async () => {
    await download(fixture.service.url, "csv", {}, headers);
    let text = "";
    await until(async () => {
      text = await (await fetch(`${fixture.service.url}/metrics`)).text();
      return /^ebp_exports_total\{result="completed"\} [1-9]/mu.test(text);
    });
    expect(text).toMatch(/^ebp_exported_rows_total [1-9]/mu);
    expect(text).toMatch(/^ebp_exports_total\{result="failed"\} 0$/mu);
  });
});

describe("an export of many", () => {
  beforeAll(async () => {
    await fixture.service.sql(
      `INSERT INTO cancellation (store_id, id, order_no, idempotency_key, fingerprint, status, resolved_by, currency_code, amount_basis,
         total_cancel_amount, note, created_at, resolved_at)
       SELECT 'KR01', gen_random_uuid(), 'MANY-' || n, 'many-' || n, 'fingerprint', 'FAILED', 'RESPONSE', 'KRW', 'unit', 1,
         repeat('much ', 300), now() - interval '1 day', now()
       FROM generate_series(1, 20000) n`,
    );
  });

  /** One that has begun, and of which nothing more is read. */
  function begin(by = headers): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const address = `${fixture.service.url}/exports/cancellations.csv`;
      get(address, { headers: by, agent: false }, (answer) => {
        if (answer.statusCode === 200) resolve(answer);
        else answer.resume().on("end", () => void begin(by).then(resolve, reject));
      }).on("error", reject);
    });
  }

  /** Whether the answer ends as HTTP says that it does. */
  function isWhole(answer: IncomingMessage): Promise<boolean> {
    return new Promise((resolve) => {
      answer.on("error", () => undefined).on("close", () => resolve(answer.complete));
    });
  }

  test("gives its connection back when its client hangs up", async () => {
    const answer = await begin();
    expect(await sessions()).toBe(1);
    answer.destroy();
    await until(async () => (await sessions()) === 0);
    expect((await download(fixture.service.url, "csv", { limit: 1 }, headers)).status).toBe(200);
  });

  test("leaves the database soon when its client vanishes before the first rows are found", async () => {
    const { service } = fixture;
    const waiting = async (query: string): Promise<boolean> =>
      (
        await service.sql(
          `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '${query}%'`,
        )
      ).length > 0;
    await withConnection(service.databaseUrl, async (holder) => {
      await holder.query("BEGIN; LOCK TABLE cancellation IN ACCESS EXCLUSIVE MODE");
      const address = `${service.url}/exports/cancellations.csv?limit=1`;
      const asked = get(address, { headers, agent: false }).on("error", () => undefined);
      await until(() => waiting("DECLARE export"));
      // One that waits for less than a session of the service would.
      await withConnection(service.databaseUrl, async (other) => {
        await other.query("SET lock_timeout = '8s'");
        const givenUp = other.query("TABLE cancellation").catch(() => "given up");
        await until(() => waiting("TABLE cancellation"));
        asked.destroy();
        const left = until(async () => !(await waiting("DECLARE export"))).then(() => "left");
        expect(await Promise.race([left, givenUp])).toBe("left");
        await holder.query("ROLLBACK");
        await Promise.all([left, givenUp]);
      });
    });
  });

  test("ends with its caller's token, and looks like no whole file", async () => {
    // Clocks may differ by 5 seconds.
    const answer = await begin(await fixture.bearer("finance", STORES, { exp: secondsFromNow(-2) }));
    const whole = isWhole(answer);
    await until(async () => (await sessions()) === 0);
    answer.resume();
    expect(await whole).toBe(false);
  });

  test("is cut off when the database ends it", async () => {
    const answer = await begin();
    const whole = isWhole(answer);
    await fixture.service.sql(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'FETCH%FROM export'",
    );
    answer.resume();
    expect(await whole).toBe(false);
  });
});
