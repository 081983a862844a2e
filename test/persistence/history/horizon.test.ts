import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import pg from "pg";
import {
  type HistoryPosition,
  NEWEST_FIRST,
  OLDEST_FIRST,
  positionOf,
} from "../../../src/cancellation/history/cursors.js";
import { historyRows, insertHistory, type HistoryRow } from "../../helpers/history-rows.js";
import { until } from "../../helpers/gate.js";
import { useLedger } from "../../helpers/ledger.js";

const writers: pg.Client[] = [];
// Before the database that they are in is dropped.
afterAll(() => Promise.all(writers.splice(0).map((client) => client.end())));
const fixture = useLedger();
const STORE = { storeIds: ["KR01"] };

let rows: HistoryRow[];
let next = 0;

beforeAll(async () => {
  while (writers.length < 3) {
    const client = new pg.Client({ connectionString: fixture.databaseUrl });
    await client.connect();
    writers.push(client);
  }
  [rows = []] = fc.sample(historyRows({ min: 2_000, max: 2_000 }), { numRuns: 1, seed: 7 });
});

function writer(n: number): pg.Client {
  const client = writers[n];
  if (client === undefined) throw new Error(`there is no writer ${n}`);
  return client;
}

/** Asks for a cancel as the intent's statement does: the transaction writes, then reads the moment. */
async function write(client: pg.Client): Promise<string> {
  const row = rows[next++];
  if (row === undefined) throw new Error("no more rows");
  const mine = {
    ...row,
    storeId: "KR01",
    orderNo: `ORD-${next}`,
    settlement: null,
    resolvedBy: null,
    resolvedAt: null,
  };
  await client.query("INSERT INTO cancelled_order (store_id, order_no) VALUES ('KR01', $1)", [mine.orderNo]);
  const { rows: clock } = await client.query<{ now: Date }>("SELECT clock_timestamp() AS now");
  await insertHistory(client, [{ ...mine, status: "FAILED", createdAt: clock[0]?.now ?? new Date(0) }]);
  return row.id;
}

/** Reads on from where somebody stopped, to the end. */
async function readOn(
  from: HistoryPosition | null,
  size = 3,
): Promise<{ ids: string[]; position: HistoryPosition | null }> {
  const ids: string[] = [];
  let position = from;
  for (let more = true; more;) {
    const page = await fixture.history.page(STORE, {
      order: OLDEST_FIRST,
      direction: "forward",
      position,
      size,
    });
    ids.push(...page.cancellations.map(({ id }) => id));
    const last = page.cancellations.at(-1);
    if (last !== undefined) position = positionOf(last, OLDEST_FIRST);
    more = page.hasMore;
  }
  return { ids, position };
}

/** Where the newest stands, also one that whoever reads on is not shown yet. */
async function atTheEnd(): Promise<HistoryPosition | null> {
  const window = { order: OLDEST_FIRST, direction: "backward", position: null, size: 1 } as const;
  const [newest] = (await fixture.history.page(STORE, window)).cancellations;
  return newest === undefined ? null : positionOf(newest, OLDEST_FIRST);
}

/** The same until there were so many: what was committed in this very millisecond is shown in the next. */
async function readOnTo(count: number, from: HistoryPosition | null): Promise<string[]> {
  const ids: string[] = [];
  let position = from;
  await until(async () => {
    const read = await readOn(position);
    ids.push(...read.ids);
    position = read.position;
    return ids.length >= count;
  });
  return ids;
}

describe("whoever reads on towards the end of time", () => {
  test("is held up by nobody who only reads, or has written nothing yet", async () => {
    const position = await atTheEnd();
    await writer(0).query("BEGIN");
    await writer(0).query("SELECT count(*) FROM cancellation");
    const quick = await write(writer(1));
    const ids = await readOnTo(1, position);
    await writer(0).query("COMMIT");

    expect(ids).toEqual([quick]);
  });

  test("sees each once, and misses none, however writers that commit and roll back come between its pages", async () => {
    interface Step {
      readonly kind: "begin" | "write" | "commit" | "rollback" | "read";
      readonly writer: number;
    }
    const steps = fc.array(
      fc.record<Step>({
        kind: fc.constantFrom("begin", "write", "write", "commit", "rollback", "read", "read"),
        writer: fc.nat(2),
      }),
      { minLength: 5, maxLength: 25 },
    );
    await fc.assert(
      fc.asyncProperty(steps, async (chosen) => {
        // What the run before has written last may not be shown yet.
        let position = await atTheEnd();
        const open = new Map<number, string[]>();
        const committed: string[] = [];
        const seen: string[] = [];
        const end = async (n: number, how: "COMMIT" | "ROLLBACK"): Promise<void> => {
          await writer(n).query(how);
          if (how === "COMMIT") committed.push(...(open.get(n) ?? []));
          open.delete(n);
        };
        for (const { kind, writer: n } of chosen) {
          if (kind === "begin" && !open.has(n)) {
            await writer(n).query("BEGIN");
            open.set(n, []);
          } else if (kind === "write") {
            const id = await write(writer(n));
            (open.get(n) ?? committed).push(id);
          } else if ((kind === "commit" || kind === "rollback") && open.has(n)) {
            await end(n, kind === "commit" ? "COMMIT" : "ROLLBACK");
          } else if (kind === "read") {
            const read = await readOn(position, 2);
            seen.push(...read.ids);
            position = read.position;
          }
        }
        for (const n of [...open.keys()]) await end(n, "COMMIT");
        seen.push(...(await readOnTo(committed.length - seen.length, position)));

        expect([...seen].sort()).toEqual([...committed].sort());
      }),
      { numRuns: 20 },
    );
  });
});

test("whoever looks at the newest sees at once what was committed, whatever else is being written", async () => {
  await writer(0).query("BEGIN");
  await write(writer(0));
  const quick = await write(writer(1));
  const page = await fixture.history.page(STORE, {
    order: NEWEST_FIRST,
    direction: "forward",
    position: null,
    size: 1,
  });
  await writer(0).query("ROLLBACK");

  expect(page.cancellations.map(({ id }) => id)).toEqual([quick]);
});

test("the history of one order is never held up: what is written of it is committed one after the other", async () => {
  const order = { order: OLDEST_FIRST, direction: "forward", position: null, size: 100 } as const;
  await writer(0).query("BEGIN");
  await write(writer(0));
  const quick = await write(writer(1));
  const page = await fixture.history.page({ ...STORE, orderNo: `ORD-${next}` }, order);
  await writer(0).query("ROLLBACK");

  expect(page.cancellations.map(({ id }) => id)).toEqual([quick]);
});
