import { afterEach, describe, expect, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import fc from "fast-check";
import type { ChangeHint } from "../../src/cancellation/live/change.js";
import { createChangeLog } from "../../src/persistence/change-log.js";
import {
  createChangeAnnouncer,
  createChangeListener,
  fromPayload,
  MAX_PAYLOAD_BYTES,
  toPayloads,
} from "../../src/persistence/change-notifications.js";
import { DatabaseClient, throughPrisma } from "../../src/persistence/client.js";
import { databaseUrl } from "../helpers/connection.js";
import { testOnOneServer } from "../helpers/database.js";
import { until } from "../helpers/gate.js";
import { STORE } from "../helpers/ledger.js";
import { useRecovery } from "../helpers/recovery.js";

const fixture = useRecovery();

const releases: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (let release = releases.pop(); release !== undefined; release = releases.pop()) await release();
});

interface Heard {
  readonly hints: ChangeHint[];
  /** The callbacks of the connection, in order. */
  readonly calls: string[];
  readonly listenerPids: () => Promise<number[]>;
}

async function listen(): Promise<Heard> {
  const [hints, calls]: [ChangeHint[], string[]] = [[], []];
  const listener = createChangeListener({
    databaseUrl: fixture.databaseUrl,
    onBroken: () => calls.push("broken"),
    onMended: () => calls.push("mended"),
  });
  releases.push(() => listener.close());
  await listener.listen(
    (some) => void hints.push(...some),
    () => calls.push("interrupted"),
  );
  const listenerPids = async (): Promise<number[]> => {
    const rows = await fixture.sql(
      "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN %'",
    );
    return rows.map(({ pid }) => pid);
  };
  return { hints, calls, listenerPids };
}

function announcer(lost: unknown[] = [], of?: string): ReturnType<typeof createChangeAnnouncer> {
  const client = new DatabaseClient(of ?? fixture.databaseUrl);
  releases.push(() => client.close());
  const database = throughPrisma(client.prisma);
  return createChangeAnnouncer({ database, onLost: (error) => lost.push(error) });
}

const hint = (id: number, version = 1): ChangeHint => ({
  storeId: STORE.id,
  id: `${id}`,
  orderNo: "주문-1",
  version,
});

describe("an announcement", () => {
  test("reaches every listener, with the newest hint of each cancellation", async () => {
    const heard = [await listen(), await listen()];
    const { announce, close } = announcer();
    for (let version = 1; version <= 3; version += 1)
      for (let id = 0; id < 500; id += 1) announce(hint(id, version));
    await close();
    for (const { hints } of heard) {
      await until(() => hints.length === 500);
      expect(hints).toEqual(Array.from({ length: 500 }, (_, id) => hint(id, 3)));
    }
  });

  test("is reported as lost while the database is away", async () => {
    const lost: unknown[] = [];
    const { announce, close } = announcer(lost, databaseUrl(fixture.databaseUrl, "there_is_none"));
    announce(hint(1));
    await close();
    expect(lost).toHaveLength(1);
  });

  testOnOneServer(
    "reaches a listener again after its connection was cut, and after it was warned of lost hints",
    async () => {
      const { hints, calls, listenerPids } = await listen();
      const [pid] = await listenerPids();
      await fixture.sql("SELECT pg_terminate_backend($1)", [pid]);
      await until(() => calls.length === 3);
      expect(calls).toEqual(["broken", "mended", "interrupted"]);
      expect(await listenerPids()).not.toContain(pid);
      const { announce, close } = announcer();
      announce(hint(1));
      await close();
      await until(() => hints.length === 1);
    },
  );
});

describe("a listener", () => {
  test("that finds no database rejects, and tries again when asked again", async () => {
    const listener = createChangeListener({
      databaseUrl: databaseUrl(fixture.databaseUrl, "there_is_none"),
      onBroken: () => undefined,
      onMended: () => undefined,
    });
    const nothing = (): void => undefined;
    await expect(listener.listen(nothing, nothing)).rejects.toThrow();
    await expect(listener.listen(nothing, nothing)).rejects.toThrow();
    await listener.close();
  });

  test("leaves no connection open", async () => {
    const { listenerPids } = await listen();
    expect(await listenerPids()).toHaveLength(1);
    await releases.pop()?.();
    await until(async () => (await listenerPids()).length === 0);
  });
});

describe("the change log", () => {
  const log = (): ReturnType<typeof createChangeLog> => createChangeLog(fixture.prisma, [STORE.id]);

  test("has each cancellation once, with its newest event, and reads its present state", async () => {
    const { until: before } = await log().since(null, 100);
    const { one, unknown } = await fixture.inDoubt();
    const { hints, isAll, until: after } = await log().since(before, 100);
    const [found] = hints.filter(({ id }) => id === one.id);
    expect(found).toEqual({ storeId: STORE.id, id: one.id, orderNo: one.request.orderNo, version: 2 });
    expect(isAll).toBe(true);
    expect(after.getTime()).toBeGreaterThanOrEqual(before.getTime());
    expect(await log().read([unknown, { storeId: "OTHER", id: one.id }])).toEqual([
      { cancellation: await fixture.now(one), version: 2 },
    ]);
  });

  test("says so when the limit cuts some off", async () => {
    for (let count = 0; count < 3; count += 1) await fixture.pending();
    const { hints, isAll } = await log().since(null, 2);
    expect(hints).toHaveLength(2);
    expect(isAll).toBe(false);
  });

  test("finds cancellations only in the given stores", async () => {
    const ids = [(await fixture.pending()).one.id, (await fixture.pending()).one.id];
    const found = await log().find([STORE.id], [...ids, randomUUID()]);
    expect(found.map(({ version }) => version)).toEqual([1, 1]);
    expect(new Set(found.map(({ cancellation }) => cancellation.id))).toEqual(new Set(ids));
    expect(await log().find(["OTHER"], ids)).toEqual([]);
    expect(await log().find([], ids)).toEqual([]);
  });
});

describe("a payload", () => {
  const hints = fc.record({
    storeId: fc.string({ minLength: 1, maxLength: 100, unit: "grapheme" }),
    id: fc.uuid(),
    orderNo: fc.string({ minLength: 1, maxLength: 100, unit: "binary" }),
    version: fc.integer({ min: 1 }),
  });

  test("fits into PostgreSQL's limit, and gives its hints back", () => {
    fc.assert(
      fc.property(fc.array(hints, { size: "max", maxLength: 300 }), (some) => {
        const payloads = toPayloads(some);
        for (const payload of payloads)
          expect(Buffer.byteLength(payload)).toBeLessThanOrEqual(MAX_PAYLOAD_BYTES);
        expect(payloads.flatMap(fromPayload)).toEqual(some);
      }),
      { numRuns: 50 },
    );
  });

  test("from somebody else holds no hint", () => {
    for (const payload of ["", "nonsense", "null", "{}", '["a"]', '[["a","b","c"]]', '[["a","b",null,1]]'])
      expect(fromPayload(payload)).toEqual([]);
  });
});
