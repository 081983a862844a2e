import { createCipheriv, randomBytes } from "node:crypto";
import { afterEach, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { CancelIntent } from "../../src/cancellation/model/cancellation-ledger.js";
import { throughPrisma } from "../../src/persistence/client.js";
import {
  answerAbout,
  bodyOfWebhook,
  type BoundTo,
  createEncryptor,
  DecryptionError,
  type Encryptor,
  refundAccountOf,
} from "../../src/persistence/encryptor.js";
import type { Prisma, PrismaClient } from "../../src/persistence/generated/client.js";
import { createHistory } from "../../src/persistence/history/history.js";
import { readKeptEvidence } from "../../src/persistence/kept-evidence.js";
import { createLedger } from "../../src/persistence/ledger.js";
import { reencrypt, type Reencryption, type ReencryptOptions } from "../../src/persistence/reencrypt.js";
import { intent, recorded, step, TIMING, watchOver } from "../helpers/ledger.js";
import { useRecovery } from "../helpers/recovery.js";
import { storeWebhook } from "../helpers/webhooks.js";

/** What the fixture encrypts with. */
const OLDEST = { id: "test", key: Buffer.alloc(32, 1) };
const KEY_A = { id: "a", key: randomBytes(32) };
const KEY_B = { id: "b", key: randomBytes(32) };
const TABLES = ["cancellation", "cancellation_event", "webhook_event"];
const ACCOUNT = { accountNumber: "0012345678901", bankCode: "001", accountHolderName: '홍 "길동' };
const toA = createEncryptor([KEY_A, OLDEST]);

const fixture = useRecovery();
afterEach(() => fixture.sql("TRUNCATE cancelled_order, cancellation, webhook_event CASCADE"));

function run(encryptor: Encryptor, parts: Partial<ReencryptOptions> = {}): Promise<Reencryption> {
  return reencrypt({ prisma: fixture.prisma, encryptor, pageRows: 3, ...parts });
}

interface EncryptedRows {
  readonly one: CancelIntent;
  readonly body: Buffer;
  readonly digest: string;
}

/** Cancellations with an account, an answer that proved nothing, and a webhook about the order of each. */
function many(count: number): Promise<EncryptedRows[]> {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const { one } = await fixture.inDoubt({ refundAccount: ACCOUNT });
      const { digest, body } = await storeWebhook(fixture, { orderNo: one.request.orderNo });
      return { one, digest, body };
    }),
  );
}

/** What the tables say, apart from what a run tells: "table key rows". */
async function keys(): Promise<string[]> {
  const rows = await fixture.sql(
    `SELECT 'cancellation ' || refund_account_key_id || ' ' || count(*) AS text FROM cancellation GROUP BY refund_account_key_id
     UNION SELECT 'cancellation_event ' || answer_key_id || ' ' || count(*) FROM cancellation_event GROUP BY answer_key_id
     UNION SELECT 'webhook_event ' || body_key_id || ' ' || count(*) FROM webhook_event GROUP BY body_key_id`,
  );
  return rows.flatMap(({ text }) => (text === null ? [] : [text as string])).sort();
}

function told(result: Reencryption): string[] {
  return result.keys.map(({ table, keyId, rows }) => `${table} ${keyId} ${rows}`).sort();
}

const everywhere = (keyId: string, rows: number): string[] =>
  TABLES.map((table) => `${table} ${keyId} ${rows}`);

/** The fixture's connections, with something that happens before each statement of this kind. */
function before(kind: string, happens: () => Promise<unknown>): PrismaClient {
  const via = (method: "$queryRaw" | "$executeRaw") => {
    return async (sql: Prisma.Sql, ...values: unknown[]): Promise<unknown> => {
      if (JSON.stringify(sql).includes(kind)) await happens();
      return fixture.prisma[method](sql, ...values);
    };
  };
  return { $queryRaw: via("$queryRaw"), $executeRaw: via("$executeRaw") } as unknown as PrismaClient;
}

/** Decrypts all that is encrypted of one, as the service does. */
async function opened({ one }: Pick<EncryptedRows, "one">, encryptor: Encryptor): Promise<unknown[]> {
  const history = createHistory(fixture.prisma, encryptor);
  const known = await history.findRequestByKey(one.store.id, one.request.idempotencyKey);
  const evidence = await readKeptEvidence(fixture.prisma, encryptor, one.id);
  return [known?.identity.refundAccount, evidence?.kept.map(({ text }) => text)];
}

test("everything moves to the newest key and decrypts to what it was; a second run has nothing to do, and a second rotation goes on", async () => {
  const rows = await many(8);
  await fixture.pending();
  const all = async (): Promise<string[]> => {
    const found = await fixture.sql(`
      SELECT to_jsonb(c) - 'refund_account_sealed' - 'refund_account_key_id' AS row FROM cancellation c
      UNION ALL SELECT to_jsonb(e) - 'answer_sealed' - 'answer_key_id' FROM cancellation_event e
      UNION ALL SELECT to_jsonb(w) - 'body_sealed' - 'body_key_id' FROM webhook_event w`);
    return found.map((row) => JSON.stringify(row)).sort();
  };
  const then = await all();
  const pages: number[] = [];
  const result = await run(toA, {
    onPage: (table, seen, total) => {
      expect(total).toBeGreaterThanOrEqual(seen);
      if (table === "webhook_event") pages.push(seen);
    },
  });

  expect(result).toMatchObject({ end: "done", moved: 24, unopenable: 0, told: [] });
  expect(await keys()).toEqual(everywhere("a", 8));
  expect(told(result)).toEqual(everywhere("a", 8));
  // Twice: once to move, once to be sure.
  expect(pages).toEqual([3, 6, 8, 3, 6, 8]);
  expect(await all()).toEqual(then);
  for (const row of rows)
    expect(await opened(row, createEncryptor([KEY_A]))).toEqual([ACCOUNT, ["{}", row.body.toString()]]);

  expect((await run(toA)).moved).toBe(0);
  expect(await run(createEncryptor([KEY_B, KEY_A]))).toMatchObject({ moved: 24, unopenable: 0 });
  expect(await keys()).toEqual(everywhere("b", 8));
});

test.each([1, 3, 5])(
  "a run that is stopped after %i pages has moved those, and the next one goes on",
  async (pages) => {
    const rows = await many(4);
    let left = pages;
    const first = await run(toA, { pageRows: 2, onPage: () => (left -= 1), isStopping: () => left <= 0 });
    expect(first.end).toBe("stopped");
    for (const row of rows) expect(await opened(row, toA)).toEqual([ACCOUNT, expect.anything()]);
    const second = await run(toA);
    expect(first.moved + second.moved).toBe(12);
    expect(await keys()).toEqual(everywhere("a", 4));
  },
);

test("what cannot be decrypted is counted and told by its id and not its content, also with the newest key, and stops nothing", async () => {
  const [altered, missing] = await many(6);
  if (altered === undefined || missing === undefined) throw new Error("there are six");
  const spoil = "UPDATE cancellation SET refund_account_sealed = '\\xdeadbeef' WHERE id = $1";
  await fixture.sql(spoil, [altered.one.id]);
  await fixture.sql(
    "UPDATE cancellation_event SET answer_key_id = '2019' WHERE cancellation_id = $1 AND answer_sealed IS NOT NULL",
    [missing.one.id],
  );
  const result = await run(toA);

  expect(result).toMatchObject({ end: "done", moved: 16, unopenable: 2 });
  expect(told(result)).toEqual(await keys());
  expect(result.told).toEqual([
    expect.stringMatching(`^cancellation SIM-KR ${altered.one.id}: .*it was altered`),
    expect.stringMatching(
      `^cancellation_event SIM-KR ${missing.one.id} 2: .*"2019" is not among DATA_ENCRYPTION_KEYS`,
    ),
  ]);
  await fixture.sql(spoil, [missing.one.id]);
  expect(await run(toA)).toMatchObject({ moved: 0, unopenable: 3 });
});

test("another key under the newest id moves nothing at all: no service could decrypt it", async () => {
  await many(2);
  await run(toA);
  const [row] = await many(1);
  const mistaken = createEncryptor([{ id: "a", key: randomBytes(32) }, OLDEST]);
  await expect(run(mistaken)).rejects.toThrow(
    'The first of DATA_ENCRYPTION_KEYS, "a", is not the key that encrypted',
  );
  expect(row && (await opened(row, createEncryptor([OLDEST])))).toEqual([ACCOUNT, expect.anything()]);
});

test("a run waits for nobody who writes a row, overwrites nothing, and says that it has not come to rest", async () => {
  const rows = await many(5);
  const held = rows[2]?.one.id ?? "";
  await fixture.prisma.$transaction(async (writer) => {
    await writer.$executeRaw`UPDATE cancellation SET note = 'written meanwhile' WHERE id = ${held}::uuid`;
    expect(await run(toA)).toMatchObject({ end: "restless", moved: 14 });
  });
  expect(await run(toA)).toMatchObject({ end: "done", moved: 1 });
  const now = await fixture.sql("SELECT note, refund_account_key_id AS key FROM cancellation WHERE id = $1", [
    held,
  ]);
  expect(now).toEqual([{ note: "written meanwhile", key: "a" }]);
});

test("a row that was encrypted otherwise since it was read is left as it is", async () => {
  const rows = await many(3);
  const toB = createEncryptor([KEY_B, KEY_A, OLDEST]);
  let others = 0;
  const result = await run(toA, {
    prisma: before("reencrypt: move", async () => {
      others += 1;
      // Once: from then on the other one's key is not among those that are known here.
      if (others === 1) await run(toB);
    }),
  });
  expect(result).toMatchObject({ end: "done", moved: 0, unopenable: 9 });
  expect(await keys()).toEqual(everywhere("b", 3));
  for (const row of rows)
    expect(await opened(row, createEncryptor([KEY_B]))).toEqual([ACCOUNT, expect.anything()]);
});

test("several runs beside a service that takes cancels move everything once, and the service loses nothing", async () => {
  const database = throughPrisma(fixture.prisma);
  const history = createHistory(fixture.prisma, toA);
  const ledger = createLedger({
    database,
    encryptor: toA,
    history,
    timing: TIMING,
    watch: await watchOver(database),
  });
  await many(12);
  const taken: CancelIntent[] = [];
  const takeTen = async (): Promise<void> => {
    for (let count = 0; count < 10; count += 1) {
      const one = intent({ refundAccount: ACCOUNT });
      expect((await ledger.recordTransition(await recorded(ledger, one), step(one, "accepted"))).status).toBe(
        "SUCCEEDED",
      );
      taken.push(one);
    }
  };
  const [results] = await Promise.all([Promise.all([run(toA), run(toA), run(toA)]), takeTen(), takeTen()]);
  expect(results.reduce((sum, { moved }) => sum + moved, 0)).toBe(36);
  await run(toA);
  expect((await keys()).filter((text) => !text.includes(" a "))).toEqual([]);
  expect(taken).toHaveLength(20);
  for (const one of taken) expect((await opened({ one }, createEncryptor([KEY_A])))[0]).toEqual(ACCOUNT);
});

test("beside a service that still encrypts with an older key, a run has an end and says that it has not come to rest", async () => {
  const { encryptor, history, prisma } = fixture;
  const database = throughPrisma(prisma);
  const old = createLedger({
    database,
    encryptor,
    history,
    timing: TIMING,
    watch: await watchOver(database),
  });
  await many(4);
  const happens = (): Promise<unknown> => recorded(old, intent({ refundAccount: ACCOUNT }));
  const result = await run(toA, { prisma: before("reencrypt: page", happens) });
  expect(result).toMatchObject({ end: "restless", unopenable: 0 });
  expect((await keys()).join()).toContain("cancellation test");
});

const OLD = { id: "2025", key: randomBytes(32) };
const NEW = { id: "2026", key: randomBytes(32) };
const ROW = { storeId: "SIM-KR", id: "019a0000-0000-7000-8000-000000000000" };
const OTHERS: readonly BoundTo[] = [
  refundAccountOf({ ...ROW, id: "019a0000-0000-7000-8000-000000000001" }),
  refundAccountOf({ ...ROW, storeId: "SIM-US" }),
  answerAbout(ROW),
  bodyOfWebhook(ROW.id),
];
const newest = createEncryptor([NEW]);

test("encrypted data decrypt to what was encrypted, and are never encrypted the same way twice", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.constantFrom(...OTHERS), (text, boundTo) => {
      const [one, other] = [newest.encrypt(text, boundTo), newest.encrypt(text, boundTo)];
      expect(newest.decrypt(one, boundTo).toString("utf8")).toBe(Buffer.from(text).toString("utf8"));
      expect(one.bytes).not.toEqual(other.bytes);
    }),
    { numRuns: 50 },
  );
});

test("data are encrypted with the first key, and decrypt with any; a missing key is named", () => {
  const encrypted = createEncryptor([OLD]).encrypt("text", refundAccountOf(ROW));
  const rotated = createEncryptor([NEW, OLD]);
  expect(rotated.decrypt(encrypted, refundAccountOf(ROW)).toString()).toBe("text");
  expect(rotated.encrypt("text", refundAccountOf(ROW)).keyId).toBe("2026");
  expect(() => newest.decrypt(encrypted, refundAccountOf(ROW))).toThrow(
    `decrypting the refund account of cancellation ${ROW.id}: its key "2025" is not among DATA_ENCRYPTION_KEYS`,
  );
});

test("data do not decrypt in another row, store or column", () => {
  const encrypted = newest.encrypt("text", refundAccountOf(ROW));
  for (const other of OTHERS) expect(() => newest.decrypt(encrypted, other)).toThrow(DecryptionError);
});

test("data do not decrypt with any bit changed, nor cut short anywhere, not even with a forged tag of four bytes", () => {
  const boundTo = refundAccountOf(ROW);
  const { keyId, bytes } = newest.encrypt("a text", boundTo);
  const refused = (altered: Uint8Array<ArrayBuffer>): void =>
    expect(() => newest.decrypt({ keyId, bytes: altered }, boundTo)).toThrow(/it was altered/u);
  for (let at = 0; at < bytes.length; at += 1) {
    refused(Uint8Array.from(bytes, (byte, index) => (index === at ? byte ^ 1 : byte)));
    refused(bytes.slice(0, at));
  }
  const cipher = createCipheriv("aes-256-gcm", NEW.key, bytes.subarray(0, 12), { authTagLength: 4 });
  cipher.setAAD(Buffer.from(JSON.stringify(boundTo))).final();
  refused(Uint8Array.from(Buffer.concat([bytes.subarray(0, 12), cipher.getAuthTag()])));
});
