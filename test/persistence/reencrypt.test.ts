import { randomBytes } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { createEncryptor } from "../../src/persistence/encryptor.js";
import { useRecovery } from "../helpers/recovery.js";
import { ACCOUNT, everywhere, KEY_A, KEY_B, OLDEST, toA, told, useReencrypt } from "../helpers/reencrypt.js";

const fixture = useRecovery();
const { run, many, encryptedRows, keyIds, opened } = useReencrypt(fixture);

describe("moving what is sealed to the newest key", () => {
  test("leaves nothing that needs an older key, in any table, and everything opens to what it was", async () => {
    const rows = await many(8);
    const result = await run(toA);

    expect(result).toMatchObject({ end: "done", moved: 24, busy: 0, unopenable: 0, told: [] });
    expect(await keyIds()).toEqual(everywhere({ a: 8 }));
    expect(told(result)).toEqual(everywhere({ a: 8 }));
    for (const row of rows) {
      expect(await opened(row, createEncryptor([KEY_A]))).toEqual([ACCOUNT, ["{}", row.body.toString()]]);
    }
  });

  test("changes nothing else of a row", async () => {
    await many(2);
    const all = (): Promise<any[]> =>
      fixture.sql(`
        SELECT to_jsonb(c) - 'refund_account_sealed' - 'refund_account_key_id' AS row FROM cancellation c
        UNION ALL SELECT to_jsonb(e) - 'answer_sealed' - 'answer_key_id' FROM cancellation_event e
        UNION ALL SELECT to_jsonb(w) - 'body_sealed' - 'body_key_id' FROM webhook_event w`);
    const before = await all();
    await run(toA);
    const sorted = (rows: any[]): string[] => rows.map((row) => JSON.stringify(row)).sort();
    expect(sorted(await all())).toEqual(sorted(before));
  });

  test("does nothing the second time, and a second rotation goes on from the first", async () => {
    const [row] = await many(4);
    await run(toA);
    expect((await run(toA)).moved).toBe(0);
    expect(await run(createEncryptor([KEY_B, KEY_A]))).toMatchObject({ moved: 12, unopenable: 0 });
    expect(await keyIds()).toEqual(everywhere({ b: 4 }));
    expect(row && (await opened(row, createEncryptor([KEY_B])))).toEqual([ACCOUNT, expect.anything()]);
  });

  test("passes by rows with nothing sealed", async () => {
    await fixture.pending();
    const result = await run(toA);
    expect(result).toMatchObject({ end: "done", moved: 0 });
    expect(told(result)).toEqual(everywhere({}));
  });

  test("reads a page by its bytes, and one row at least", async () => {
    const rows = await many(3);
    const seen: number[] = [];
    const result = await run(toA, {
      page: { rows: 100, bytes: 1 },
      onPage: (table, done, total) => {
        expect(total).toBeGreaterThanOrEqual(done);
        if (table === "webhook_event") seen.push(done);
      },
    });
    expect(result.moved).toBe(9);
    // Twice: once to move, once to be sure.
    expect(seen).toEqual([1, 2, 3, 1, 2, 3]);
    expect(rows).toHaveLength(3);
  });
});

describe("a run that is stopped on the way", () => {
  test.each([1, 2, 3, 4, 5, 6, 7])(
    "after %i pages has moved those, and the next one goes on",
    async (pages) => {
      const rows = await many(4);
      let left = pages;
      const first = await run(toA, {
        page: { rows: 2, bytes: 1_000_000 },
        onPage: () => (left -= 1),
        isStopping: () => left <= 0,
      });
      expect(first.end).toBe("stopped");
      for (const row of rows) expect(await opened(row, toA)).toEqual([ACCOUNT, expect.anything()]);

      const second = await run(toA);
      expect(first.moved + second.moved).toBe(12);
      expect(await keyIds()).toEqual(everywhere({ a: 4 }));
    },
  );

  test("by a database that goes away between two pages has moved what it had committed", async () => {
    await many(6);
    let pages = 0;
    const cutOff = (): void => {
      pages += 1;
      if (pages === 2) throw new Error("the process dies here");
    };
    await expect(run(toA, { onPage: cutOff })).rejects.toThrow("the process dies here");
    expect((await keyIds())["cancellation"]).toEqual({ a: 6 });
    expect(await run(toA)).toMatchObject({ end: "done", moved: 12 });
  });
});

describe("what cannot be opened", () => {
  test("is counted and told by its id and not its content, and stops nothing", async () => {
    const [altered, missing, ...others] = await many(6);
    if (altered === undefined || missing === undefined) throw new Error("there are six");
    await fixture.sql("UPDATE cancellation SET refund_account_sealed = '\\xdeadbeef' WHERE id = $1", [
      altered.one.id,
    ]);
    await fixture.sql(
      "UPDATE cancellation_event SET answer_key_id = '2019' WHERE cancellation_id = $1 AND answer_sealed IS NOT NULL",
      [missing.one.id],
    );
    await fixture.sql(
      "UPDATE webhook_event SET body_sealed = set_byte(body_sealed, 30, get_byte(body_sealed, 30) # 1) WHERE digest = $1",
      [altered.digest],
    );
    const result = await run(toA);

    expect(result).toMatchObject({ end: "done", moved: 15, unopenable: 3 });
    expect(told(result)).toEqual({
      cancellation: { a: 5, test: 1 },
      cancellation_event: { a: 5, "2019": 1 },
      webhook_event: { a: 5, test: 1 },
    });
    expect(result.told).toEqual([
      expect.stringMatching(`^cancellation SIM-KR ${altered.one.id}: .*it was altered`),
      expect.stringMatching(
        `^cancellation_event SIM-KR ${missing.one.id} 2: .*"2019" is not among DATA_ENCRYPTION_KEYS`,
      ),
      expect.stringMatching(`^webhook_event ${altered.digest}: .*it was altered`),
    ]);
    expect(others).toHaveLength(4);
  });

  test("is found as well where it has the newest key already", async () => {
    const rows = await many(3);
    await run(toA);
    await fixture.sql("UPDATE cancellation SET refund_account_sealed = '\\x00' WHERE id = $1", [
      rows[1]?.one.id,
    ]);
    expect(await run(toA)).toMatchObject({
      moved: 0,
      unopenable: 1,
      told: [expect.stringContaining(rows[1]?.one.id ?? "?")],
    });
  });

  test("is told one by one up to a hundred times in a table, and then by its number", async () => {
    await fixture.sql(`INSERT INTO webhook_event (digest, kind, store_ids, is_of_success, body_sealed, body_key_id)
      SELECT n::text, 'OTHER', '{}', true, '\\x00', 'lost' FROM generate_series(1, 120) AS n`);
    const result = await run(toA);
    expect(result).toMatchObject({ end: "done", moved: 0, unopenable: 120 });
    expect(result.told).toHaveLength(100);
  });

  test("with another key under the newest id moves nothing at all: no service could open it", async () => {
    await many(2);
    await run(toA);
    const { one } = await encryptedRows();
    const mistaken = createEncryptor([{ id: "a", key: randomBytes(32) }, OLDEST]);
    await expect(run(mistaken)).rejects.toThrow(
      'The first of DATA_ENCRYPTION_KEYS, "a", is not the key that encrypted',
    );
    expect(await opened({ one }, createEncryptor([OLDEST]))).toEqual([ACCOUNT, expect.anything()]);
  });
});
