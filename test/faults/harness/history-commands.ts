import { expect } from "@jest/globals";
import fc from "fast-check";
import { httpAnswer } from "../../helpers/upstream.js";
import type { Mischief } from "./ebp-proxy.js";
import {
  CaptureTold,
  ClockPutBack,
  RefundTold,
  UnaccountedTold,
  type Command,
  type Stage,
} from "./history-events.js";
import type { Model, ModelRequest } from "./history-model.js";
import { StandbyFallsBehind, StandbyIsPromoted } from "./history-restore.js";
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

class Cancel implements Command {
  constructor(
    readonly kind: string,
    readonly amount: "rest" | "some" | "twin",
  ) {}

  check(model: Readonly<Model>): boolean {
    if (this.amount === "twin") return model.requests.length > 0;
    return this.amount === "some" || model.left > 0;
  }

  async run(model: Model, { world, upstream, orderNo }: Stage): Promise<void> {
    const kind = KINDS[this.kind];
    if (kind === undefined) throw new Error(this.kind);
    // No two amounts are the same but those of twins: of these it is not clear which of them an event is about.
    const amounts = {
      rest: model.left,
      some: 100 + world.callers.requests.length,
      twin: (model.requests.find(({ truth }) => truth === "moved") ?? model.requests[0])?.request.amount ?? 0,
    };
    const amount = amounts[this.amount];
    const request = world.callers.request({ orderNo, amount });
    upstream.plan(request.itemId, kind.mischief);
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
  }

  toString(): string {
    return `cancel ${this.amount} ${this.kind}`;
  }
}

/** The last cancel's process dies before it records what came of it, and another takes its place. */
class Crash implements Command {
  check({ requests }: Readonly<Model>): boolean {
    return requests.at(-1)?.status === "UNKNOWN";
  }

  async run(model: Model, { world }: Stage): Promise<void> {
    const last = model.requests.at(-1);
    if (last === undefined) throw new Error("no request");
    await world.restart();
    model.forgetCopy();
    last.status = (await world.database.forgetOutcome(last.id)) ? "PENDING" : "UNKNOWN";
    last.isSeen = false;
  }

  toString(): string {
    return "crash before the outcome is recorded";
  }
}

class Repeat implements Command {
  constructor(readonly which: number) {}

  check({ requests }: Readonly<Model>): boolean {
    // One that is PENDING would be waited for.
    return requests.length > 0 && requests[this.which % requests.length]?.status !== "PENDING";
  }

  async run({ requests }: Model, { world }: Stage): Promise<void> {
    const one = requests[this.which % requests.length];
    if (one === undefined) throw new Error("no request");
    const { told } = await world.callers.insist(() => world.app.url, one.request);
    expect(told).toMatchObject({ id: one.id, status: one.status, safeToRetry: one.safeToRetry });
  }

  toString(): string {
    return "repeat a request";
  }
}

/** An hour passes by all clocks, by the database's alone, or not at all. */
type Passing = "an hour" | "an hour by the database's clock alone" | "no time";

class Reconcile implements Command {
  constructor(readonly passing: Passing) {}

  check(model: Readonly<Model>): boolean {
    // Time that passes brings late effects with it.
    return this.passing !== "an hour" || model.late === undefined;
  }

  async run(model: Model, { world }: Stage): Promise<void> {
    const ids = model.requests.map(({ id }) => id);
    const isSettled = this.passing === "an hour";
    await world.database.age(ids, this.passing === "no time" ? 0 : HOUR_MS);
    if (isSettled) world.passedMs += HOUR_MS;
    await world.app.reconcile();
    // Cancellations and webhooks are looked at side by side: a webhook may have met one that was still PENDING, and waits.
    await world.database.age([], 0);
    await world.app.reconcile();
    model.reconcile(isSettled);
    const rows = await world.database.rows(model.requests.map(({ request }) => request.orderNo));
    expect(statusesOf(rows)).toEqual(statusesOf(model.requests));
  }

  toString(): string {
    return `reconcile after ${this.passing}`;
  }
}

function statusesOf(all: readonly { id: string; status: string }[]): Record<string, string> {
  return Object.fromEntries(all.map(({ id, status }) => [id, status]));
}

class LateEffectLands implements Command {
  check(model: Readonly<Model>): boolean {
    return model.late !== undefined;
  }

  async run(model: Model, { upstream }: Stage): Promise<void> {
    const { late } = model;
    if (late === undefined) throw new Error("nothing is late");
    await upstream.land(late.request.itemId);
    model.reachesEbp(late);
  }

  toString(): string {
    return "a late effect lands";
  }
}

class OperatorDecides implements Command {
  check(model: Readonly<Model>): boolean {
    return model.requests.length > 0 && model.late === undefined;
  }

  async run(model: Model, { world }: Stage): Promise<void> {
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
  }

  toString(): string {
    return "an operator says what is true";
  }
}

/** Histories of one order. */
export function histories(longest: number): fc.Arbitrary<Iterable<Command>> {
  const cancel = fc
    .tuple(
      fc.constantFrom(...Object.keys(KINDS)),
      fc.constantFrom("rest" as const, "some" as const, "some" as const, "twin" as const, "twin" as const),
    )
    .map(([kind, amount]) => new Cancel(kind, amount));
  const reconcile = fc
    .constantFrom<Passing>("an hour", "an hour by the database's clock alone", "no time")
    .map((passing) => new Reconcile(passing));
  return fc.commands(
    [
      cancel,
      cancel,
      cancel,
      cancel,
      fc.nat(10).map((which) => new Repeat(which)),
      reconcile,
      reconcile,
      reconcile,
      fc.constant(new Crash()),
      fc.constant(new LateEffectLands()),
      fc.constant(new CaptureTold()),
      fc.nat(10).map((which) => new RefundTold(which)),
      fc.nat(10).map((which) => new RefundTold(which)),
      fc.constant(new UnaccountedTold()),
      fc.constant(new UnaccountedTold()),
      fc.constant(new UnaccountedTold()),
      fc.constant(new ClockPutBack()),
      fc.constant(new OperatorDecides()),
      fc.constant(new StandbyFallsBehind()),
      fc.constant(new StandbyFallsBehind()),
      fc.constant(new StandbyIsPromoted()),
      fc.constant(new StandbyIsPromoted()),
    ],
    { maxCommands: longest, size: "max" },
  );
}
