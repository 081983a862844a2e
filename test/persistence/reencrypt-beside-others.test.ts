import { randomUUID } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import type { CancelIntent } from "../../src/cancellation/model/cancellation-ledger.js";
import { createHistory } from "../../src/persistence/history/history.js";
import { createLedger } from "../../src/persistence/ledger.js";
import { throughPrisma } from "../../src/persistence/client.js";
import { createEncryptor } from "../../src/persistence/encryptor.js";
import { intent, recorded, step, TIMING, watchOver } from "../helpers/ledger.js";
import { useRecovery } from "../helpers/recovery.js";
import { ACCOUNT, everywhere, KEY_A, KEY_B, OLDEST, toA, told, useReencrypt } from "../helpers/reencrypt.js";

const fixture = useRecovery();
const { run, many, keyIds, before, opened } = useReencrypt(fixture);

describe("beside others", () => {
  test("who write the same rows, it waits for nobody, overwrites nothing and comes again", async () => {
    const rows = await many(5);
    const held = rows[2]?.one.id ?? "";
    await fixture.prisma.$transaction(async (writer) => {
      await writer.$executeRaw`UPDATE cancellation SET note = 'written meanwhile' WHERE id = ${held}::uuid`;
      const result = await run(toA);
      expect(result).toMatchObject({ end: "restless", moved: 14, busy: 1 });
      expect(told(result)["cancellation"]).toEqual({ a: 4, test: 1 });
    });
    expect(await run(toA)).toMatchObject({ end: "done", moved: 1, busy: 0 });
    const now = await fixture.sql(
      "SELECT note, refund_account_key_id AS key FROM cancellation WHERE id = $1",
      [held],
    );
    expect(now).toEqual([{ note: "written meanwhile", key: "a" }]);
  });

  test("a row that was sealed otherwise since it was read is left as it is", async () => {
    const rows = await many(3);
    const toB = createEncryptor([KEY_B, KEY_A, OLDEST]);
    let others = 0;
    const result = await run(toA, {
      prisma: before("reencrypt: move", async () => {
        others += 1;
        // Once: from then on the other one's key is not among the ones that are known here.
        if (others === 1) await run(toB);
      }),
    });
    expect(result).toMatchObject({ end: "done", moved: 0, unopenable: 9 });
    expect(await keyIds()).toEqual(everywhere({ b: 3 }));
    for (const row of rows)
      expect(await opened(row, createEncryptor([KEY_B]))).toEqual([ACCOUNT, expect.anything()]);
  });

  test("two at once move everything once, and neither stops for the other", async () => {
    await many(20);
    const both = await Promise.all([run(toA), run(toA), run(toA)]);
    expect(both.reduce((sum, { moved }) => sum + moved, 0)).toBe(60);
    expect(await keyIds()).toEqual(everywhere({ a: 20 }));
  });

  test("a service that takes cancels and records outcomes loses none, and nothing fails", async () => {
    const history = createHistory(fixture.prisma, toA);
    const ledger = createLedger({
      database: throughPrisma(fixture.prisma),
      encryptor: toA,
      history,
      timing: TIMING,
      watch: await watchOver(throughPrisma(fixture.prisma)),
    });
    await many(10);
    const taken: CancelIntent[] = [];
    const takeTen = async (): Promise<void> => {
      for (let count = 0; count < 10; count += 1) {
        const one = intent({ refundAccount: { ...ACCOUNT, accountNumber: randomUUID().slice(0, 8) } });
        const pending = await recorded(ledger, one);
        const { status } = await ledger.recordTransition(pending, step(one, "accepted"));
        expect(status).toBe("SUCCEEDED");
        taken.push(one);
      }
    };
    const progress = { isOver: false };
    const service = Promise.all([takeTen(), takeTen(), takeTen()]).finally(() => (progress.isOver = true));
    do {
      expect((await run(toA)).unopenable).toBe(0);
    } while (!progress.isOver);
    await service;
    await run(toA);
    expect(Object.keys((await keyIds())["cancellation"] ?? {})).toEqual(["a"]);
    expect(taken).toHaveLength(30);
    for (const one of taken) {
      const [account] = await opened({ one }, createEncryptor([KEY_A]));
      expect(account).toEqual(one.request.refundAccount);
    }
  });

  test("a service that still seals with an older key, it has an end, and says that it has not come to rest", async () => {
    const old = createLedger({
      database: throughPrisma(fixture.prisma),
      encryptor: fixture.encryptor,
      history: fixture.history,
      timing: TIMING,
      watch: await watchOver(throughPrisma(fixture.prisma)),
    });
    await many(4);
    const result = await run(toA, {
      prisma: before("reencrypt: page", () => recorded(old, intent({ refundAccount: ACCOUNT }))),
    });
    expect(result).toMatchObject({ end: "restless", busy: 0, unopenable: 0 });
    expect((await keyIds())["cancellation"]).toHaveProperty("test");
  });
});
