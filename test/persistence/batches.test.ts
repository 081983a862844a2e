import { describe, expect, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import type { CancelRequest } from "../../src/cancellation/model/cancel-request.js";
import type { Transition } from "../../src/cancellation/model/cancellation-ledger.js";
import type { Cancellation } from "../../src/cancellation/model/cancellation.js";
import { sqlStateOf } from "../../src/persistence/client.js";
import { withConnection } from "../helpers/connection.js";
import { testOnOneServer } from "../helpers/database.js";
import { intent, recorded, step, STORE } from "../helpers/ledger.js";
import { useRecovery } from "../helpers/recovery.js";

const fixture = useRecovery();
/** As many as one statement writes. */
const MANY = 64;

/** In how many transactions these were last written. */
async function commitsOf(table: string, column: string, ids: readonly string[]): Promise<number> {
  const [row] = await fixture.sql(
    `SELECT count(DISTINCT xmin::text)::integer AS commits FROM ${table} WHERE ${column} = ANY($1::uuid[])`,
    [ids],
  );
  return row.commits;
}

function settled<T>(results: readonly PromiseSettledResult<T>[]): { done: T[]; errors: unknown[] } {
  return {
    done: results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : [])),
    errors: results.flatMap((result) => (result.status === "rejected" ? [result.reason as unknown] : [])),
  };
}

/** Records as many at once, each changed as its place says. */
async function recordMany(changesAt: (place: number) => Partial<CancelRequest>): Promise<{
  kinds: string[];
  codes: (string | null)[];
}> {
  const intents = Array.from({ length: MANY }, (_, place) => intent(changesAt(place)));
  const { done, errors } = settled(
    await Promise.allSettled(intents.map((one) => fixture.ledger.recordIntent(one))),
  );
  return { kinds: done.map(({ kind }) => kind), codes: errors.map(sqlStateOf) };
}

describe("intents that come at once", () => {
  test("are committed together, but for the two that found nobody under way", async () => {
    const intents = Array.from({ length: MANY }, () => intent());
    const results = await Promise.all(intents.map((one) => fixture.ledger.recordIntent(one)));
    expect(new Set(results.map(({ kind }) => kind))).toEqual(new Set(["recorded"]));
    const ids = intents.map(({ id }) => id);
    expect(await commitsOf("cancellation", "id", ids)).toBe(3);
    for (const [place, result] of results.entries())
      expect(result).toMatchObject({
        cancellation: { id: ids[place], orderNo: intents[place]?.request.orderNo },
      });
  });

  test("get each its own answer: a used key, an order that is open, another total", async () => {
    const [key, order] = [randomUUID(), randomUUID()];
    const intents = [
      ...Array.from({ length: 8 }, () => intent()),
      intent({ idempotencyKey: key }),
      intent({ idempotencyKey: key }),
      intent({ orderNo: order }),
      // EBP does not say whether case matters to it.
      intent({ orderNo: order.toUpperCase() }),
      intent({ orderNo: order }),
    ];
    const results = await Promise.all(intents.map((one) => fixture.ledger.recordIntent(one)));
    const kinds = results.map(({ kind }) => kind);
    expect(kinds.slice(0, 8)).toEqual(Array(8).fill("recorded"));
    // Which of two that come at once is the first is not said.
    expect(kinds.slice(8, 10).sort()).toEqual(["keyUsed", "recorded"]);
    expect(kinds.slice(10).sort()).toEqual(["orderBusy", "orderBusy", "recorded"]);
  });

  test("do not suffer for one that PostgreSQL refuses: only its caller gets the error", async () => {
    // Half of a character, which is no text in UTF-8.
    const { kinds, codes } = await recordMany((place) => (place === 40 ? { reason: "\ud800" } : {}));
    expect(kinds).toEqual(Array(MANY - 1).fill("recorded"));
    expect(codes).toEqual(["22P02"]);
  });

  testOnOneServer(
    "do not suffer for one that a trigger of the database's owner refuses, with a code of its own",
    async () => {
      const refused = randomUUID();
      await fixture.sql(`
      CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not this one'; END $$;
      CREATE TRIGGER refuse BEFORE INSERT ON cancellation FOR EACH ROW WHEN (NEW.order_no = '${refused}') EXECUTE FUNCTION refuse()`);
      try {
        const { kinds, codes } = await recordMany((place) => (place === 40 ? { orderNo: refused } : {}));
        expect(kinds).toEqual(Array(MANY - 1).fill("recorded"));
        expect(codes).toEqual(["P0001"]);
      } finally {
        await fixture.sql("DROP FUNCTION refuse() CASCADE");
      }
    },
  );

  test("do not suffer for several that PostgreSQL refuses, not even when these come first", async () => {
    // The first two go alone.
    const { kinds, codes } = await recordMany((place) =>
      place >= 2 && place < 12 ? { reason: "\ud800" } : {},
    );
    expect(kinds).toEqual(Array(MANY - 10).fill("recorded"));
    expect(codes).toEqual(Array(10).fill("22P02"));
  });

  testOnOneServer(
    "wait for a locked order no longer than lock_timeout, and that order's caller alone gets the error",
    async () => {
      const locked = randomUUID();
      await fixture.sql("INSERT INTO cancelled_order (store_id, order_no) VALUES ($1, $2)", [
        STORE.id,
        locked,
      ]);
      await withConnection(fixture.databaseUrl, async (client) => {
        await client.query("BEGIN");
        await client.query("SELECT FROM cancelled_order WHERE store_id = $1 AND order_no = $2 FOR UPDATE", [
          STORE.id,
          locked,
        ]);
        // The lock is held until all have their answers.
        const { kinds, codes } = await recordMany((place) => (place === 30 ? { orderNo: locked } : {}));
        expect(kinds).toEqual(Array(MANY - 1).fill("recorded"));
        expect(codes).toEqual(["55P03"]);
        await client.query("ROLLBACK");
      });
      expect(await recorded(fixture.ledger, intent({ orderNo: locked }))).toMatchObject({
        status: "PENDING",
      });
    },
  );
});

describe("outcomes that come at once", () => {
  async function pendingOnes(): Promise<{ pending: Cancellation; accepted: Transition }[]> {
    const intents = Array.from({ length: MANY }, () => intent());
    return Promise.all(
      intents.map(async (one, place) => {
        const accepted = step(one, "accepted");
        const confirmation = accepted.confirmation && {
          ...accepted.confirmation,
          returnRequestId: `RET-${place}`,
        };
        return { pending: await recorded(fixture.ledger, one), accepted: { ...accepted, confirmation } };
      }),
    );
  }

  test("are committed together, each with what EBP said of it", async () => {
    const ones = await pendingOnes();
    const after = await Promise.all(
      ones.map(({ pending, accepted }) => fixture.ledger.recordTransition(pending, accepted)),
    );
    for (const [place, one] of after.entries()) {
      expect(one).toMatchObject({ status: "SUCCEEDED", returnRequestId: `RET-${place}` });
      expect(await fixture.now(one)).toEqual(one);
    }
    const ids = after.map(({ id }) => id);
    expect(await commitsOf("cancellation", "id", ids)).toBe(3);
  });

  test("leave out one that came too late, whose caller is told", async () => {
    const ones = await pendingOnes();
    for (const { pending, accepted } of ones.slice(20, 21))
      await fixture.ledger.recordTransition(pending, accepted);
    const { done, errors } = settled(
      await Promise.allSettled(
        ones.map(({ pending, accepted }) => fixture.ledger.recordTransition(pending, accepted)),
      ),
    );
    expect(done).toHaveLength(MANY - 1);
    expect(errors).toMatchObject([{ name: "StaleTransitionError" }]);
  });
});
