import { expect } from "@jest/globals";
import fc from "fast-check";
import { httpAnswer } from "../../helpers/upstream.js";
import type { Mischief } from "./ebp-proxy.js";
import {
  captureTold,
  clockPutBack,
  command,
  refundTold,
  unaccountedTold,
  type Command,
} from "./history-events.js";
import type { Model, ModelRequest } from "./history-model.js";
import { standbyFallsBehind, standbyIsPromoted } from "./history-restore.js";
import { graphql } from "./requests.js";

const REJECTION = `{"resultCode":"EBP-C-0010","message":"Cancellation failed","requestId":"1","timestamp":"2026-01-01T00:00:00Z"}`;
const RESOLVE = `mutation ($input: ResolveCancellationInput!) { resolveCancellation(input: $input) { cancellation { status } userErrors { code } } }`;
const OBSTACLES = ["SETTLING", "CANCEL_SHOWN", "EVENT_OF_SUCCESS"];
const HOUR_MS = 3_600_000;

const reset: Mischief["answer"] = (socket) => socket.resetAndDestroy();

/** How the answer to a cancel may come about, and what should be concluded from it at once. */
const KINDS: Readonly<Record<string, { mischief: Mischief; doubt: boolean; safeToRetry?: boolean }>> = {
  answered: { mischief: { reaches: "now" }, doubt: false },
  rejected: {
    mischief: { reaches: "never", answer: (socket) => void socket.write(httpAnswer(500, REJECTION)) },
    doubt: false,
  },
  refusedByGateway: {
    mischief: { reaches: "never", answer: (socket) => void socket.write(httpAnswer(403, "<html></html>")) },
    doubt: false,
    safeToRetry: true,
  },
  brokenAfterEffect: { mischief: { reaches: "now", answer: reset }, doubt: true },
  brokenBeforeEffect: { mischief: { reaches: "never", answer: reset }, doubt: true },
  brokenEffectLate: { mischief: { reaches: "later", answer: reset }, doubt: true },
};

type Amount = "rest" | "some" | "twin";

function cancel(name: string, what: Amount): Command {
  const isPossible = (model: Readonly<Model>): boolean =>
    what === "twin" ? model.requests.length > 0 : what === "some" || model.left > 0;
  return command(`cancel ${what} ${name}`, isPossible, async (model, { world, orderNo }) => {
    const kind = KINDS[name];
    if (kind === undefined) throw new Error(name);
    // No two amounts are the same but those of twins: of these it is not clear which of them an event is about.
    const amounts = {
      rest: model.left,
      some: 100 + world.callers.requests.length,
      twin: (model.requests.find(({ truth }) => truth === "moved") ?? model.requests[0])?.request.amount ?? 0,
    };
    const amount = amounts[what];
    const request = world.callers.request({ orderNo, amount });
    world.upstream.plan(request.itemId, kind.mischief);
    const blocking = model.open;
    const { told, codes } = await world.callers.insist(() => world.app.url, request);
    if (blocking !== undefined) {
      expect({ told, codes }).toEqual({ told: null, codes: ["CANCEL_IN_PROGRESS"] });
      return;
    }

    const one: ModelRequest = {
      request,
      id: told?.id ?? "",
      status: "FAILED",
      safeToRetry: kind.safeToRetry ?? false,
      truth: kind.mischief.reaches === "later" ? "late" : "not",
      isSettled: false,
      wasFoundToHaveFailed: false,
      isSeen: true,
      wasAskedAhead: false,
      isRemembered: true,
      wasDecidedByEvent: false,
      wasSafeToRetry: kind.safeToRetry ?? false,
    };
    if (kind.mischief.reaches === "now") model.reachesEbp(one);
    if (kind.doubt) one.status = "UNKNOWN";
    else if (one.truth === "moved") one.status = "SUCCEEDED";
    model.requests.push(one);
    expect(told).toMatchObject({ status: one.status, safeToRetry: one.safeToRetry });
  });
}

/** The last cancel's process dies before it records what came of it, and another takes its place. */
const crash = command(
  "crash before the outcome is recorded",
  ({ requests }) => requests.at(-1)?.status === "UNKNOWN",
  async (model, { world }) => {
    const last = model.requests.at(-1);
    if (last === undefined) throw new Error("no request");
    await world.restart();
    model.forgetCopy();
    last.status = (await world.database.forgetOutcome(last.id)) ? "PENDING" : "UNKNOWN";
    last.isSeen = false;
  },
);

function repeat(which: number): Command {
  return command(
    "repeat a request",
    // One that is PENDING would be waited for.
    ({ requests }) => requests.length > 0 && requests[which % requests.length]?.status !== "PENDING",
    async ({ requests }, { world }) => {
      const one = requests[which % requests.length];
      if (one === undefined) throw new Error("no request");
      const { told } = await world.callers.insist(() => world.app.url, one.request);
      expect(told).toMatchObject({ id: one.id, status: one.status, safeToRetry: one.safeToRetry });
    },
  );
}

/** An hour passes by all clocks, by the database's alone, or not at all. */
type Passing = "an hour" | "an hour by the database's clock alone" | "no time";

function reconcile(passing: Passing): Command {
  // Time that passes brings late effects with it.
  const isPossible = (model: Readonly<Model>): boolean => passing !== "an hour" || model.late === undefined;
  return command(`reconcile after ${passing}`, isPossible, async (model, { world }) => {
    const ids = model.requests.map(({ id }) => id);
    const isSettled = passing === "an hour";
    await world.database.age(ids, passing === "no time" ? 0 : HOUR_MS);
    if (isSettled) world.passedMs += HOUR_MS;
    await world.app.reconcile();
    // Cancellations and webhooks are looked at side by side: a webhook may have met one that was still PENDING, and waits.
    await world.database.age([], 0);
    await world.app.reconcile();
    model.reconcile(isSettled);
    const rows = await world.database.rows(model.requests.map(({ request }) => request.orderNo));
    expect(statusesOf(rows)).toEqual(statusesOf(model.requests));
  });
}

function statusesOf(all: readonly { id: string; status: string }[]): Record<string, string> {
  return Object.fromEntries(all.map(({ id, status }) => [id, status]));
}

const lateEffectLands = command(
  "a late effect lands",
  (model) => model.late !== undefined,
  async (model, { world }) => {
    const { late } = model;
    if (late === undefined) throw new Error("nothing is late");
    await world.upstream.land(late.request.itemId);
    model.reachesEbp(late);
  },
);

const operatorDecides = command(
  "an operator says what is true",
  (model) => model.requests.length > 0 && model.late === undefined,
  async (model, { world }) => {
    const one = model.open ?? model.requests.at(-1);
    if (one === undefined) throw new Error("no request");
    const outcome = one.truth === "moved" ? "SUCCEEDED" : "FAILED";
    const input = { id: one.id, outcome, note: "seen in EBP's back office", evenThough: OBSTACLES };
    const { data } = await graphql(world.app.url, RESOLVE, { input });
    const { cancellation, userErrors } = data.resolveCancellation;
    if (one.status === "UNKNOWN") {
      expect(userErrors.every(({ code }: { code: string }) => code !== "NOT_IN_DOUBT")).toBe(true);
      one.status = outcome;
      one.safeToRetry = one.wasSafeToRetry = one.wasFoundToHaveFailed = outcome === "FAILED";
    } else {
      expect(userErrors).not.toEqual([]);
    }
    expect(cancellation.status).toBe(one.status);
  },
);

/** Histories of one order. */
export function histories(longest: number): fc.Arbitrary<Iterable<Command>> {
  const amounts = fc.constantFrom<Amount>("rest", "some", "some", "twin", "twin");
  const cancelling = fc
    .tuple(fc.constantFrom(...Object.keys(KINDS)), amounts)
    .map(([kind, amount]) => cancel(kind, amount));
  const passings = fc.constantFrom<Passing>("an hour", "an hour by the database's clock alone", "no time");
  const reconciling = passings.map(reconcile);
  const which = fc.nat(10);
  /** The more often it stands here, the more often it is played. */
  const once = [crash, lateEffectLands, captureTold, clockPutBack, operatorDecides];
  const often = [unaccountedTold, unaccountedTold, unaccountedTold, standbyFallsBehind, standbyFallsBehind];
  const steps = [...once, ...often, standbyIsPromoted, standbyIsPromoted].map((one) => fc.constant(one));
  return fc.commands(
    [
      ...[cancelling, cancelling, cancelling, cancelling, which.map(repeat)],
      ...[reconciling, reconciling, reconciling, which.map(refundTold), which.map(refundTold)],
      ...steps,
    ],
    { maxCommands: longest, size: "max" },
  );
}
