import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type {
  ChangeHint,
  ChangesSince,
  VersionedCancellation,
} from "../../../src/cancellation/live/change.js";
import { MAX_PENDING, type Watch } from "../../../src/cancellation/live/follower.js";
import {
  LiveChanges,
  MAX_FOLLOWERS,
  MAX_FOLLOWERS_PER_CALLER,
} from "../../../src/cancellation/live/live-changes.js";
import type { Cancellation } from "../../../src/cancellation/model/cancellation.js";
import { cancellation } from "../../helpers/cancellations.js";
import { callerOf } from "../../helpers/examples.js";

const STORE_WIDE: Watch = { storeIds: ["SIM-KR"], orderNo: null, ids: null };

interface World {
  readonly live: LiveChanges;
  readonly refused: string[];
  /** The ids of each statement. */
  readonly statements: string[][];
  readonly follow: (
    subject?: string,
    signal?: AbortSignal,
    watch?: Watch,
  ) => Promise<AsyncGenerator<Cancellation>>;
  readonly commit: (id: string, announced?: boolean) => void;
  readonly interrupt: () => void;
  readonly lookBackFinds: (changes: Partial<ChangesSince>) => void;
}

/** A change log of versions only (shown as `lookups`), and hints that a test gives. */
function world(): World {
  const committed = new Map<string, number>();
  const statements: string[][] = [];
  const refused: string[] = [];
  let tell: (hints: readonly ChangeHint[]) => void = () => undefined;
  let interrupt = (): void => undefined;
  let found: Partial<ChangesSince> = {};
  const versionOf = (id: string): number => committed.get(id) ?? 0;
  const hintOf = (id: string): ChangeHint => {
    return { storeId: "SIM-KR", id, orderNo: "ORD-1", version: versionOf(id) };
  };
  const versioned = (id: string): VersionedCancellation => {
    const version = versionOf(id);
    return { cancellation: { ...cancellation("PENDING"), id, lookups: version }, version };
  };
  const live = new LiveChanges({
    log: {
      find: (_stores, ids) => Promise.resolve(ids.filter((id) => committed.has(id)).map(versioned)),
      read: (references) => {
        statements.push(references.map(({ id }) => id));
        return Promise.resolve(references.map(({ id }) => versioned(id)));
      },
      since: () => {
        const hints = [...committed.keys()].map(hintOf);
        return Promise.resolve({ hints, isAll: true, until: new Date(), ...found });
      },
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
    follow: (subject = "a", signal = new AbortController().signal, watch = STORE_WIDE) =>
      live.follow({ ...callerOf("SIM-KR"), subject }, watch, signal),
    commit(id, announced = true) {
      committed.set(id, versionOf(id) + 1);
      if (announced) tell([hintOf(id)]);
    },
    interrupt: () => interrupt(),
    lookBackFinds: (changes) => (found = changes),
  };
}

describe("a place", () => {
  test("is free again as soon as its follower is gone, whether or not it is reading", async () => {
    const { live, follow } = world();
    const [one, other] = [new AbortController(), new AbortController()];
    const reading = (await follow("a", one.signal)).next();
    await follow("a", other.signal);
    expect(live.followerCount).toBe(2);
    one.abort();
    other.abort();
    expect(live.followerCount).toBe(0);
    expect(await reading).toEqual({ done: true, value: undefined });
  });

  test("is refused to a caller who has all of its own, and given to others", async () => {
    const { live, refused, follow } = world();
    const all = Array.from({ length: MAX_FOLLOWERS_PER_CALLER }, () => new AbortController());
    // At the same time: none waits for another.
    await Promise.all(all.map(({ signal }) => follow("a", signal)));
    await expect(follow()).rejects.toThrow("this caller has 20 followers already");
    await follow("b");
    all[0]?.abort();
    await follow();
    expect(refused).toEqual(["caller"]);
    expect(live.followerCount).toBe(MAX_FOLLOWERS_PER_CALLER + 1);
  });

  test("is refused when the replica has none left", async () => {
    const { refused, follow } = world();
    for (let index = 0; index < MAX_FOLLOWERS; index += 1) await follow(`caller-${index % 100}`);
    await expect(follow("another")).rejects.toThrow("this replica has 1000 followers already");
    expect(refused).toEqual(["replica"]);
  });

  test("is not taken by a caller who has already hung up", async () => {
    const { live, follow } = world();
    const changes = await follow("a", AbortSignal.abort());
    expect(await changes.next()).toEqual({ done: true, value: undefined });
    expect(live.followerCount).toBe(0);
  });
});

describe("a follower", () => {
  test("who is slow gets the newest state once", async () => {
    const { follow, commit } = world();
    const changes = await follow();
    for (let count = 0; count < 5; count += 1) commit("one");
    commit("two");
    expect((await changes.next()).value).toMatchObject({ id: "one", lookups: 5 });
    expect((await changes.next()).value).toMatchObject({ id: "two", lookups: 1 });
  });

  test("does not get a state again when its hint comes after the read", async () => {
    const { follow, commit } = world();
    const changes = await follow();
    commit("one");
    const first = changes.next();
    await Promise.resolve();
    commit("one");
    expect((await first).value).toMatchObject({ lookups: 2 });
    commit("two");
    expect((await changes.next()).value).toMatchObject({ id: "two" });
  });

  test("shares reads with all others: each cancellation once, in one statement", async () => {
    const { follow, commit, statements } = world();
    const all = await Promise.all(["a", "b", "c"].map((who) => follow(who)));
    const seen = all.map((changes) => changes.next());
    commit("one");
    for (const { value } of await Promise.all(seen)) expect(value).toMatchObject({ id: "one" });
    expect(statements).toEqual([["one"]]);
  });

  test("learns once of a commit that was never announced", async () => {
    const { live, follow, commit } = world();
    const changes = await follow("a", new AbortController().signal, { ...STORE_WIDE, ids: new Set(["one"]) });
    commit("one", false);
    await live.lookBack();
    expect((await changes.next()).value).toMatchObject({ id: "one", lookups: 1 });
    await live.lookBack();
    await live.lookBack();
    commit("one");
    expect((await changes.next()).value).toMatchObject({ lookups: 2 });
  });

  test("of several ids gets the present state of each that there is, and then the changes of these alone", async () => {
    const { follow, commit } = world();
    for (const id of ["one", "two", "three"]) commit(id);
    const watch = { ...STORE_WIDE, ids: new Set(["two", "one", "later"]) };
    const changes = await follow("a", new AbortController().signal, watch);
    expect((await changes.next()).value).toMatchObject({ id: "two", lookups: 1 });
    expect((await changes.next()).value).toMatchObject({ id: "one", lookups: 1 });
    for (const id of ["three", "later"]) commit(id);
    expect((await changes.next()).value).toMatchObject({ id: "later", lookups: 1 });
  });

  test("does not get what happened before it began", async () => {
    const { live, follow, commit } = world();
    commit("before", false);
    const changes = await follow();
    await live.lookBack();
    commit("after");
    expect((await changes.next()).value).toMatchObject({ id: "after" });
  });

  test("misses nothing when the hints were interrupted", async () => {
    const { follow, commit, interrupt } = world();
    const changes = await follow();
    commit("one", false);
    interrupt();
    expect((await changes.next()).value).toMatchObject({ id: "one" });
  });

  test("is told to start again when an interruption hid more than can be read", async () => {
    const { live, follow, commit, interrupt, lookBackFinds } = world();
    const changes = await follow();
    commit("one", false);
    lookBackFinds({ isAll: false });
    await live.lookBack();
    expect((await changes.next()).value).toMatchObject({ id: "one" });
    interrupt();
    await expect(changes.next()).rejects.toThrow("more has changed than can be told");
  });

  test("holds each cancellation once, and is told to start again when it is too far behind", async () => {
    const { follow, commit } = world();
    const changes = await follow();
    // Further changes of the same cancellations take no space.
    for (let round = 0; round < 2; round += 1)
      for (let index = 0; index < MAX_PENDING; index += 1) commit(`${index}`);
    expect((await changes.next()).value).toMatchObject({ id: "0", lookups: 2 });
    for (let index = 0; index <= MAX_PENDING; index += 1) commit(`more-${index}`);
    await expect(changes.next()).rejects.toThrow("more has changed than can be told");
  });

  test("gets each changed cancellation once, in the order of their first changes", async () => {
    const some = fc.array(fc.nat(8), { minLength: 1 });
    await fc.assert(
      fc.asyncProperty(some, async (committed) => {
        const { follow, commit } = world();
        const signal = new AbortController();
        const changes = await follow("a", signal.signal);
        for (const id of committed) commit(`${id}`);
        for (const id of new Set(committed)) {
          const lookups = committed.filter((other) => other === id).length;
          expect((await changes.next()).value).toMatchObject({ id: `${id}`, lookups });
        }
        signal.abort();
        expect((await changes.next()).done).toBe(true);
      }),
      { numRuns: 25 },
    );
  });
});
