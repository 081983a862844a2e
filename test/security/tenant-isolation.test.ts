import { beforeAll, expect, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { download, linesOf } from "../helpers/exports.js";
import { tryRefresh, tryResolve } from "../helpers/in-doubt.js";
import { cancel, CANCEL, cancelInput, item, PREVIEW } from "../helpers/operations.js";
import type { GraphQLAnswer } from "../helpers/service.js";
import { useTwoStores } from "../helpers/two-stores.js";
import { BY_ID, BY_KEY, HISTORY, markOf, ORDER, STATS, storesIn } from "./tenant-questions.js";

const STORES = ["KR01", "KR02", "US01", "US02"];
/** The same in every store, so that nothing but the store tells one store's rows from another's. */
const ORDERS = ["O-1", "O-2", "SIM-CANCELLATION-FAILED-3", ...doubtful(4, 5, 6, 7, 8, 9)];
const KEYS = ORDERS.map((_, index) => `key-${index + 1}`);

/** Orders whose cancels stay in doubt, so that there is something to refresh and to resolve. */
function doubtful(...numbers: readonly number[]): string[] {
  return numbers.map((number) => `SIM-SYSTEM-CRITICAL-${number}`);
}

const fixture = useTwoStores(STORES);

interface Known {
  readonly id: string;
  readonly storeId: string;
  readonly returnRequestId: string | null;
}

/** Everything the history has, and cursors of pages that others have read. */
const known: Known[] = [];
const cursors = new Map<string, string[]>();

async function learn(): Promise<void> {
  const rows = await fixture.service.sql(
    'SELECT id, store_id AS "storeId", return_request_id AS "returnRequestId" FROM cancellation',
  );
  known.splice(0, known.length, ...(rows as Known[]));
}

beforeAll(async () => {
  const fill = async (storeId: string): Promise<void> => {
    const headers = await fixture.bearer(`caller-of-${storeId}`, [storeId]);
    for (const [index, orderNo] of ORDERS.entries()) {
      await cancel(
        fixture.service,
        cancelInput({
          orderNo,
          idempotencyKey: KEYS[index],
          items: [item({ itemId: markOf(storeId) })],
          reason: markOf(storeId),
          note: markOf(storeId),
        }),
        headers,
      );
    }
    const { data } = await fixture.service.graphql(HISTORY, { first: 3 }, headers);
    cursors.set(
      storeId,
      data.cancellations.edges.map(({ cursor }: { cursor: string }) => cursor),
    );
  };
  await Promise.all(STORES.map(fill));
  await learn();
});

const anyStore = fc.constantFrom(...STORES, "NOT-A-STORE");
/** Often nothing: conditions that all must hold would find nothing. */
const orNothing = <T>(values: fc.Arbitrary<T>, weight = 2): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: values });
const size = fc.integer({ min: 1, max: 100 });

/** Resolved when it is asked: rows are made by the run itself. */
type Pick<T> = (from: readonly T[]) => T;
const pick = fc.nat().map(
  (number): Pick<any> =>
    (from) =>
      from[number % from.length],
);
const anyId = fc.tuple(fc.boolean(), pick).map(
  ([real, choose]) =>
    (): string =>
      real ? choose(known).id : randomUUID(),
);
const anyCursor = fc.tuple(anyStore, pick).map(([storeId, choose]) => (): string | undefined => {
  const read = cursors.get(storeId) ?? [];
  return read.length === 0 ? undefined : choose(read);
});

type Ask = (headers: Record<string, string>) => Promise<GraphQLAnswer>;
const asking =
  (query: string, variables: () => object): Ask =>
  (headers) =>
    fixture.service.graphql(query, variables(), headers);

const filters = fc
  .record({
    storeIds: orNothing(fc.oneof(anyStore, fc.array(anyStore, { minLength: 1, maxLength: 3 }))),
    orderNo: orNothing(fc.constantFrom(...ORDERS)),
    orderNoPrefix: orNothing(fc.constantFrom("SIM", "SIM-SYSTEM"), 9),
    idempotencyKey: orNothing(fc.constantFrom(...KEYS), 9),
    itemType: orNothing(fc.constant("PHYSICAL"), 9),
    reason: orNothing(anyStore.map(markOf), 9),
    requestedBy: orNothing(fc.constantFrom("caller-of-KR01", "caller-of-US02"), 9),
    itemId: orNothing(anyStore.map(markOf)),
    returnRequestId: orNothing(pick),
  })
  // Another beginning than the number has is an error, not a question.
  .map((filter) => (filter.orderNo === undefined ? filter : { ...filter, orderNoPrefix: undefined }));

const reads: fc.Arbitrary<Ask> = fc.oneof(
  anyId.map((id) => asking(BY_ID, () => ({ id: id() }))),
  fc
    .tuple(orNothing(anyStore), fc.constantFrom(...KEYS))
    .map(([storeId, key]) => asking(BY_KEY, () => ({ storeId, key }))),
  fc
    .tuple(orNothing(anyStore), fc.constantFrom(...ORDERS), orNothing(anyCursor))
    .map(([storeId, orderNo, after]) => asking(ORDER, () => ({ storeId, orderNo, after: after?.() }))),
  fc
    .tuple(filters, size, orNothing(anyCursor), fc.boolean(), fc.constantFrom("ASC", "DESC"))
    .map(([{ returnRequestId, ...filter }, count, cursor, forward, direction]) =>
      asking(HISTORY, () => ({
        filter: { ...filter, returnRequestId: returnRequestId?.(known).returnRequestId ?? undefined },
        ...(forward ? { first: count, after: cursor?.() } : { last: count, before: cursor?.() }),
        ...(cursor === undefined && { orderBy: { field: "CREATED_AT", direction } }),
      })),
    ),
  fc
    .tuple(filters, fc.subarray(["REASON", "ITEM_TYPE", "STATUS", "DAY"]))
    .map(([{ returnRequestId: _, ...filter }, groups]) =>
      asking(STATS, () => ({ filter, groupBy: ["STORE", ...groups] })),
    ),
);

/** A file is answered as data, so that it is looked at like everything else. */
const exports: fc.Arbitrary<Ask> = fc
  .tuple(filters, orNothing(anyCursor), fc.constantFrom("csv", "ndjson"))
  .map(([{ returnRequestId, ...filter }, cursor, file]): Ask => async (headers) => {
    const query = {
      ...filter,
      returnRequestId: returnRequestId?.(known).returnRequestId ?? undefined,
      ...(cursor !== undefined && { after: cursor(), direction: "desc" }),
    };
    const answer = await download(fixture.service.url, file, query, headers);
    return { ...answer, data: file === "ndjson" ? linesOf(answer) : null, errors: undefined };
  });

const inputs = fc
  .record({
    storeId: orNothing(anyStore),
    orderNo: fc.constantFrom(...ORDERS, "O-10", ...doubtful(11, 12, 13)),
    idempotencyKey: fc.constantFrom(...KEYS, "key-10", "key-11", "key-12", "key-13"),
    expectedCancelledTotal: orNothing(fc.constantFrom("0", "1000")),
  })
  .map((changes) => cancelInput({ ...changes, note: "anything" }));

const writes: fc.Arbitrary<Ask> = fc.oneof(
  inputs.map((input) => asking(CANCEL, () => ({ input }))),
  inputs.map((input) => asking(PREVIEW, () => ({ input }))),
  anyId.map(
    (id): Ask =>
      (headers) =>
        tryRefresh(fixture.service, id(), headers),
  ),
  fc.tuple(anyId, fc.constantFrom("SUCCEEDED", "FAILED")).map(
    ([id, outcome]): Ask =>
      (headers) =>
        tryResolve(fixture.service, { id: id(), outcome, note: "asked EBP" }, headers),
  ),
);

function exporting(query: Readonly<Record<string, string>>): Ask {
  return async (headers) => ({
    ...(await download(fixture.service.url, "csv", query, headers)),
    data: null,
    errors: undefined,
  });
}

/** All rows of these stores, as text. */
async function rowsOf(storeIds: readonly string[]): Promise<string> {
  const tables = ["cancellation", "cancellation_item", "cancellation_event", "cancelled_order"];
  const rows = await Promise.all(
    tables.map((table) =>
      fixture.service.sql(`SELECT t::text FROM ${table} t WHERE store_id = ANY($1) ORDER BY 1`, [storeIds]),
    ),
  );
  return JSON.stringify(rows);
}

test("whoever acts for some stores neither sees nor changes a row of any other, whatever is asked", async () => {
  let seen = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        { weight: 1, arbitrary: fc.constant<string[]>([]) },
        { weight: 9, arbitrary: fc.subarray(STORES, { minLength: 1, maxLength: STORES.length - 1 }) },
      ),
      fc.array(
        fc.oneof(
          { weight: 3, arbitrary: reads },
          { weight: 1, arbitrary: exports },
          { weight: 2, arbitrary: writes },
        ),
        { minLength: 5, maxLength: 8 },
      ),
      async (stores, questions) => {
        const others = STORES.filter((storeId) => !stores.includes(storeId));
        const before = await rowsOf(others);
        const headers = await fixture.bearer("somebody", stores);
        for (const ask of questions) {
          const { status, data, text } = await ask(headers);
          expect(status).toBe(200);
          await learn();
          const shown = storesIn(data);
          seen += shown.length;
          expect(stores).toEqual(expect.arrayContaining(shown));
          for (const storeId of others) expect(text.split(markOf(storeId)).length - 1).toBe(0);
          for (const { id, storeId, returnRequestId } of known) {
            if (stores.includes(storeId)) continue;
            expect(text).not.toContain(id);
            if (returnRequestId !== null) expect(text).not.toContain(returnRequestId);
          }
          expect(text).not.toMatch(/FORBIDDEN|INTERNAL_SERVER_ERROR/u);
        }
        expect(await rowsOf(others)).toBe(before);
      },
    ),
    { numRuns: 25 },
  );
  // Otherwise nothing was looked at.
  expect(seen).toBeGreaterThan(50);
});

test("another store's id, key, order and cursor are answered as ones that do not exist, byte for byte", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...STORES),
      fc.constantFrom(...STORES),
      pick,
      async (mine, other, choose) => {
        fc.pre(mine !== other);
        const headers = await fixture.bearer("somebody", [mine]);
        const foreign = choose(known.filter(({ storeId }) => storeId === other)) as Known;
        const made = randomUUID();
        const pairs: [Ask, Ask][] = [
          [asking(BY_ID, () => ({ id: foreign.id })), asking(BY_ID, () => ({ id: made }))],
          [
            asking(BY_KEY, () => ({ storeId: other, key: KEYS[0] })),
            asking(BY_KEY, () => ({ storeId: "NOT-A-STORE", key: "unused" })),
          ],
          [
            asking(ORDER, () => ({ storeId: other, orderNo: "O-1" })),
            asking(ORDER, () => ({ storeId: "NOT-A-STORE", orderNo: "O-1" })),
          ],
          [
            asking(HISTORY, () => ({ filter: { storeIds: other } })),
            asking(HISTORY, () => ({ filter: { storeIds: "NOT-A-STORE" } })),
          ],
          ...[[], ["DAY"], ["ITEM_TYPE"]].map((groupBy): [Ask, Ask] => [
            asking(STATS, () => ({ filter: { storeIds: other }, groupBy })),
            asking(STATS, () => ({ filter: { storeIds: "NOT-A-STORE" }, groupBy })),
          ]),
          [
            exporting({ storeIds: other, orderNo: "O-1" }),
            exporting({ storeIds: "NOT-A-STORE", orderNo: "O-1" }),
          ],
          [(h) => tryRefresh(fixture.service, foreign.id, h), (h) => tryRefresh(fixture.service, made, h)],
          [
            (h) => tryResolve(fixture.service, { id: foreign.id, outcome: "FAILED", note: "x" }, h),
            (h) => tryResolve(fixture.service, { id: made, outcome: "FAILED", note: "x" }, h),
          ],
        ];
        const { ledger } = fixture.service.simulator;
        const lookups = ledger.lookups().length;
        for (const [real, unreal] of pairs) {
          const [one, two] = [await real(headers), await unreal(headers)];
          expect(one.text).toBe(two.text);
          expect(one.status).toBe(two.status);
        }
        // Nor does EBP learn of it.
        expect(ledger.lookups()).toHaveLength(lookups);
      },
    ),
    { numRuns: 6 },
  );
});

test("sums are of the caller's stores alone: all that callers see add up to what there is, and nothing twice", async () => {
  const counts = async (stores: readonly string[]): Promise<number> => {
    const headers = await fixture.bearer("somebody", stores);
    const { data } = await fixture.service.graphql(STATS, { groupBy: [] }, headers);
    return data.cancellationStats.reduce((sum: number, { count }: { count: number }) => sum + count, 0);
  };
  await learn();
  for (const storeId of STORES)
    expect(await counts([storeId])).toBe(known.filter((one) => one.storeId === storeId).length);
  expect(await counts(STORES)).toBe(known.length);
  expect(await counts([])).toBe(0);
});
