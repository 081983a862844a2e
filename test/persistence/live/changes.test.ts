import { afterEach, describe, expect, test } from "@jest/globals";
import type { ChangeHint } from "../../../src/cancellation/live/change.js";
import { createChangeAnnouncer } from "../../../src/persistence/live/change-announcer.js";
import { createChangeListener } from "../../../src/persistence/live/change-listener.js";
import { CHANGE_CHANNEL, toPayloads } from "../../../src/persistence/live/change-payload.js";
import { createPrismaChangeLog } from "../../../src/persistence/live/prisma-change-log.js";
import { databaseUrl } from "../../helpers/connection.js";
import { until } from "../../helpers/gate.js";
import { STORE } from "../../helpers/ledger.js";
import { useRecovery } from "../../helpers/recovery.js";

const fixture = useRecovery();

const releases: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (let release = releases.pop(); release !== undefined; release = releases.pop()) await release();
});

interface Heard {
  readonly hints: ChangeHint[];
  /** What was broken, mended and made up for. */
  readonly told: string[];
  readonly listenerPids: () => Promise<number[]>;
}

async function url(): Promise<string> {
  const [{ name }] = await fixture.sql("SELECT current_database() AS name");
  return databaseUrl(process.env["TEST_SERVER_URL"] ?? "", name);
}

async function listen(): Promise<Heard> {
  const [hints, told]: [ChangeHint[], string[]] = [[], []];
  const listener = createChangeListener({
    databaseUrl: await url(),
    onBroken: () => told.push("broken"),
    onMended: () => told.push("mended"),
  });
  releases.push(() => listener.close());
  await listener.listen(
    (some) => void hints.push(...some),
    () => told.push("interrupted"),
  );
  const listenerPids = async (): Promise<number[]> => {
    const rows = await fixture.sql(
      "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN %'",
    );
    return rows.map(({ pid }) => pid);
  };
  return { hints, told, listenerPids };
}

async function announcer(
  lost: unknown[] = [],
  of?: string,
): Promise<ReturnType<typeof createChangeAnnouncer>> {
  return createChangeAnnouncer({ databaseUrl: of ?? (await url()), onLost: (error) => lost.push(error) });
}

const hint = (id: number, version = 1): ChangeHint => ({
  storeId: STORE.id,
  id: `${id}`,
  orderNo: "주문-1",
  version,
});

describe("what is announced", () => {
  test("is heard by all who listen, of each cancellation the newest, with few statements", async () => {
    const heard = [await listen(), await listen()];
    const { announce, close } = await announcer();
    for (let version = 1; version <= 3; version += 1)
      for (let id = 0; id < 500; id += 1) announce(hint(id, version));
    await close();
    for (const { hints } of heard) {
      await until(() => hints.length === 500);
      expect(hints).toEqual(Array.from({ length: 500 }, (_, id) => hint(id, 3)));
    }
  });

  test("just before the end goes out before the end", async () => {
    const { hints } = await listen();
    const { announce, close } = await announcer();
    announce(hint(1));
    await close();
    await until(() => hints.length === 1);
  });

  test("while the database is away is lost, told of, and nobody's fault", async () => {
    const lost: unknown[] = [];
    const { announce, close } = await announcer(lost, databaseUrl(await url(), "there_is_none"));
    announce(hint(1));
    await close();
    expect(lost).toHaveLength(1);
  });

  test("is heard again after the connection was cut, once it is told that something may have been missed", async () => {
    const { hints, told, listenerPids } = await listen();
    const [pid] = await listenerPids();
    await fixture.sql("SELECT pg_terminate_backend($1)", [pid]);
    await until(() => told.length === 3);
    expect(told).toEqual(["broken", "mended", "interrupted"]);
    expect(await listenerPids()).not.toContain(pid);
    const { announce, close } = await announcer();
    announce(hint(1));
    await close();
    await until(() => hints.length === 1);
  });

  test("by somebody else is ignored where it is no hint", async () => {
    const { hints } = await listen();
    for (const payload of ["nonsense", ...toPayloads([hint(1)])])
      await fixture.sql("SELECT pg_notify($1, $2)", [CHANGE_CHANNEL, payload]);
    await until(() => hints.length > 0);
    expect(hints).toEqual([hint(1)]);
  });
});

describe("a listener", () => {
  test("that finds no database at first says so, and listens when it is asked again", async () => {
    const listener = createChangeListener({
      databaseUrl: databaseUrl(await url(), "there_is_none"),
      onBroken: () => undefined,
      onMended: () => undefined,
    });
    const nothing = (): void => undefined;
    await expect(listener.listen(nothing, nothing)).rejects.toThrow();
    await expect(listener.listen(nothing, nothing)).rejects.toThrow();
    await listener.close();
  });

  test("leaves no connection behind", async () => {
    const { listenerPids } = await listen();
    expect(await listenerPids()).toHaveLength(1);
    await releases.pop()?.();
    await until(async () => (await listenerPids()).length === 0);
  });
});

describe("the history of changes", () => {
  const log = (): ReturnType<typeof createPrismaChangeLog> =>
    createPrismaChangeLog(fixture.prisma, [STORE.id]);

  test("has each cancellation once, with its newest event, and as it stands with that many events", async () => {
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

  test("says so when there are more than were read", async () => {
    for (let count = 0; count < 3; count += 1) await fixture.pending();
    const { hints, isAll } = await log().since(null, 2);
    expect(hints).toHaveLength(2);
    expect(isAll).toBe(false);
  });

  test("has nothing of other stores, and nothing from before", async () => {
    await fixture.pending();
    const nowhere = createPrismaChangeLog(fixture.prisma, ["OTHER"]);
    expect((await nowhere.since(null, 100)).hints).toEqual([]);
    expect((await log().since(new Date(Date.now() + 3_600_000), 100)).hints).toEqual([]);
  });

  test("finds one only in the stores it is looked for in", async () => {
    const { one } = await fixture.pending();
    expect(await log().find([STORE.id], one.id)).toMatchObject({ version: 1, cancellation: { id: one.id } });
    expect(await log().find(["OTHER"], one.id)).toBeNull();
    expect(await log().find([], one.id)).toBeNull();
  });
});
