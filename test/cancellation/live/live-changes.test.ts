import { describe, expect, test } from "@jest/globals";
import type { Caller } from "../../../src/cancellation/model/caller.js";
import type { ChangeHint, ChangeLog, ChangesSince } from "../../../src/cancellation/live/change.js";
import {
  LiveChanges,
  MAX_FOLLOWERS,
  MAX_FOLLOWERS_PER_CALLER,
} from "../../../src/cancellation/live/live-changes.js";
import { MAX_PENDING } from "../../../src/cancellation/live/follower.js";
import type { Watch } from "../../../src/cancellation/live/follower.js";
import { cancellation } from "../../helpers/cancellations.js";
import { callerOf } from "../../helpers/examples.js";

const STORE_WIDE: Watch = { storeIds: ["SIM-KR"], orderNo: null, id: null };

/** A history in which only versions are written, and hints that a test gives. */
function world(): {
  readonly live: LiveChanges;
  readonly refused: string[];
  readonly statements: string[][];
  readonly committed: Map<string, number>;
  readonly commit: (id: string, announced?: boolean) => void;
  readonly interrupt: () => void;
  readonly lookBackFinds: (changes: Partial<ChangesSince>) => void;
} {
  const committed = new Map<string, number>();
  const statements: string[][] = [];
  const refused: string[] = [];
  let tell: (hints: readonly ChangeHint[]) => void = () => undefined;
  let interrupt = (): void => undefined;
  let found: Partial<ChangesSince> = {};
  const hintOf = (id: string): ChangeHint => ({
    storeId: "SIM-KR",
    id,
    orderNo: "ORD-1",
    version: committed.get(id) ?? 0,
  });
  const versioned = (id: string): Awaited<ReturnType<ChangeLog["read"]>>[number] => ({
    cancellation: { ...cancellation("PENDING"), id, lookups: committed.get(id) ?? 0 },
    version: committed.get(id) ?? 0,
  });
  const live = new LiveChanges({
    log: {
      find: (_stores, id) => Promise.resolve(committed.has(id) ? versioned(id) : null),
      read: (references) => {
        statements.push(references.map(({ id }) => id));
        return Promise.resolve(references.map(({ id }) => versioned(id)));
      },
      since: () =>
        Promise.resolve({
          hints: [...committed.keys()].map(hintOf),
          isAll: true,
          until: new Date(),
          ...found,
        }),
    },
    hints: {
      listen: (onHints, onInterrupted) => {
        [tell, interrupt] = [onHints, onInterrupted];
        return Promise.resolve();
      },
    },
    onRefused: (who) => refused.push(who),
  });
  return {
    live,
    refused,
    statements,
    committed,
    commit(id, announced = true) {
      committed.set(id, (committed.get(id) ?? 0) + 1);
      if (announced) tell([hintOf(id)]);
    },
    interrupt: () => interrupt(),
    lookBackFinds: (changes) => (found = changes),
  };
}

function somebody(subject: string): Caller {
  return { ...callerOf("SIM-KR"), subject };
}

describe("a place", () => {
  test("is free again as soon as its follower is gone, whether or not it was looking", async () => {
    const { live } = world();
    const [one, other] = [new AbortController(), new AbortController()];
    const looking = (await live.follow(somebody("a"), STORE_WIDE, one.signal)).next();
    await live.follow(somebody("a"), STORE_WIDE, other.signal);
    expect(live.followerCount).toBe(2);
    one.abort();
    other.abort();
    expect(live.followerCount).toBe(0);
    expect(await looking).toEqual({ done: true, value: undefined });
  });

  test("is not to be had for more of one caller than there are, and is for others", async () => {
    const { live, refused } = world();
    const all = Array.from({ length: MAX_FOLLOWERS_PER_CALLER }, () => new AbortController());
    // At the same moment: none of them waits for another.
    const follow = ({ signal }: AbortController, who = "a"): Promise<unknown> =>
      live.follow(somebody(who), STORE_WIDE, signal);
    await Promise.all(all.map((one) => follow(one)));
    await expect(follow(new AbortController())).rejects.toThrow("20 of this caller do already");
    await follow(new AbortController(), "b");
    all[0]?.abort();
    await follow(new AbortController());
    expect(refused).toEqual(["caller"]);
    expect(live.followerCount).toBe(MAX_FOLLOWERS_PER_CALLER + 1);
  });

  test("is not to be had for more than a replica has", async () => {
    const { live, refused } = world();
    for (let index = 0; index < MAX_FOLLOWERS; index += 1)
      await live.follow(somebody(`caller-${index % 100}`), STORE_WIDE, new AbortController().signal);
    const one = live.follow(somebody("another"), STORE_WIDE, new AbortController().signal);
    await expect(one).rejects.toThrow("1000 of this replica do already");
    expect(refused).toEqual(["replica"]);
  });

  test("is not taken by one who has hung up meanwhile", async () => {
    const { live } = world();
    const changes = await live.follow(somebody("a"), STORE_WIDE, AbortSignal.abort());
    expect(await changes.next()).toEqual({ done: true, value: undefined });
    expect(live.followerCount).toBe(0);
  });
});

describe("a follower", () => {
  const never = new AbortController().signal;

  test("who is slow gets the newest state once, not each of them", async () => {
    const { live, commit } = world();
    const changes = await live.follow(somebody("a"), STORE_WIDE, never);
    for (let count = 0; count < 5; count += 1) commit("one");
    commit("two");
    expect((await changes.next()).value).toMatchObject({ id: "one", lookups: 5 });
    expect((await changes.next()).value).toMatchObject({ id: "two", lookups: 1 });
  });

  test("is not told of a step that a read for an earlier hint has shown already", async () => {
    const { live, commit } = world();
    const changes = await live.follow(somebody("a"), STORE_WIDE, never);
    commit("one");
    const first = changes.next();
    // Its hint comes after the read.
    await Promise.resolve();
    commit("one");
    expect((await first).value).toMatchObject({ lookups: 2 });
    commit("two");
    expect((await changes.next()).value).toMatchObject({ id: "two" });
  });

  test("shares its reads with all others: each cancellation once, in one statement", async () => {
    const { live, commit, statements } = world();
    const all = await Promise.all(
      ["a", "b", "c"].map((who) => live.follow(somebody(who), STORE_WIDE, never)),
    );
    const seen = all.map((changes) => changes.next());
    commit("one");
    for (const { value } of await Promise.all(seen)) expect(value).toMatchObject({ id: "one" });
    expect(statements).toEqual([["one"]]);
  });

  test("learns of what was committed and never announced, once", async () => {
    const { live, commit } = world();
    const changes = await live.follow(somebody("a"), { ...STORE_WIDE, id: "one" }, never);
    commit("one", false);
    await live.lookBack();
    expect((await changes.next()).value).toMatchObject({ id: "one", lookups: 1 });
    await live.lookBack();
    await live.lookBack();
    commit("one");
    expect((await changes.next()).value).toMatchObject({ lookups: 2 });
  });

  test("is not told of what happened before it began", async () => {
    const { live, commit } = world();
    commit("before", false);
    const changes = await live.follow(somebody("a"), STORE_WIDE, never);
    await live.lookBack();
    commit("after");
    expect((await changes.next()).value).toMatchObject({ id: "after" });
  });

  test("misses nothing when the hints were interrupted", async () => {
    const { live, commit, interrupt } = world();
    const changes = await live.follow(somebody("a"), STORE_WIDE, never);
    commit("one", false);
    interrupt();
    expect((await changes.next()).value).toMatchObject({ id: "one" });
  });

  test("is told to begin anew when more has happened meanwhile than can be read", async () => {
    const { live, commit, interrupt, lookBackFinds } = world();
    const changes = await live.follow(somebody("a"), STORE_WIDE, never);
    commit("one", false);
    lookBackFinds({ isAll: false });
    await live.lookBack();
    expect((await changes.next()).value).toMatchObject({ id: "one" });
    interrupt();
    await expect(changes.next()).rejects.toThrow("more has changed than can be told");
  });

  test("is told to begin anew when it is too far behind", async () => {
    const { live, commit } = world();
    const changes = await live.follow(somebody("a"), STORE_WIDE, never);
    for (let index = 0; index <= MAX_PENDING; index += 1) commit(`${index}`);
    await expect(changes.next()).rejects.toThrow("more has changed than can be told");
  });
});
