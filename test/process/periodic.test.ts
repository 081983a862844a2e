import { afterEach, expect, test } from "@jest/globals";
import { Releases, startPeriodic, type Periodic } from "../../src/process/releases.js";

const HOUR_MS = 3_600_000;

/** Work whose runs a test ends one by one. */
class Work {
  started = 0;
  most = 0;
  #under = 0;
  #ends: ((error?: Error) => void)[] = [];
  #waiting: (() => void)[] = [];

  readonly run = (): Promise<void> => {
    this.started += 1;
    this.#under += 1;
    this.most = Math.max(this.most, this.#under);
    for (const told of this.#waiting.splice(0)) told();
    return new Promise<void>((resolve, reject) => {
      this.#ends.push((error) => {
        this.#under -= 1;
        if (error === undefined) resolve();
        else reject(error);
      });
    });
  };

  end(error?: Error): void {
    this.#ends.shift()?.(error);
  }

  /** Resolves when so many runs have begun. */
  async runs(count: number): Promise<void> {
    while (this.started < count) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}

/** Lets everything that is only waiting for its turn have it. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
}

const started: { periodic: Periodic; work: Work }[] = [];
afterEach(async () => {
  for (const { periodic, work } of started.splice(0)) {
    const stopped = periodic.stop();
    work.end();
    await stopped;
  }
});

function start(
  intervalMs: number,
  jitter: () => number = () => 0.5,
): { periodic: Periodic; work: Work; faults: unknown[] } {
  const work = new Work();
  const faults: unknown[] = [];
  const log = { error: (details: object) => void faults.push(details) };
  const options = { what: "working", intervalMs, log, releases: new Releases(), jitter };
  const one = { work, faults, periodic: startPeriodic(work.run, options) };
  started.push(one);
  return one;
}

test("work is done again and again, an interval after each run, never twice at the same time", async () => {
  const { work } = start(1, () => 0);
  for (let run = 1; run <= 5; run += 1) {
    await work.runs(run);
    await turns();
    expect(work.started).toBe(run);
    work.end();
  }
  expect(work.most).toBe(1);
});

test("work begins at once when it is nudged, and nudged many times during a run it is done once more, also when that fails", async () => {
  const { work, periodic } = start(HOUR_MS);
  await turns();
  expect(work.started).toBe(0);
  periodic.nudge();
  for (let nudge = 0; nudge < 10; nudge += 1) periodic.nudge();
  expect(work.started).toBe(1);
  work.end(new Error("the database is away"));
  await work.runs(2);
  work.end();
  await turns();
  expect([work.started, work.most]).toEqual([2, 1]);
});

test("a run that failed is reported, and the next one comes", async () => {
  const { work, faults } = start(1, () => 0);
  await work.runs(1);
  const fault = new Error("the database is away");
  work.end(fault);
  await work.runs(2);
  expect(work.started).toBe(2);
  expect(faults).toEqual([{ err: fault }]);
});

test("a stop waits for the run under way, and begins no other, nudged or not", async () => {
  const { work, periodic } = start(1, () => 0);
  await work.runs(1);
  periodic.nudge();
  let stopped = false;
  const stopping = periodic.stop().then(() => (stopped = true));
  periodic.nudge();
  await turns();
  expect(stopped).toBe(false);
  work.end();
  await stopping;
  await turns();
  periodic.nudge();
  expect(work.started).toBe(1);
});

test("a stop while idle, twice, or during a run that fails, ends without an error", async () => {
  const idle = start(HOUR_MS);
  await idle.periodic.stop();
  await idle.periodic.stop();
  const failing = start(HOUR_MS);
  failing.periodic.nudge();
  const stopping = failing.periodic.stop();
  failing.work.end(new Error("the database is away"));
  await expect(stopping).resolves.toBeUndefined();
  expect(idle.work.started).toBe(0);
});

function failing(what: string, error: unknown): never {
  throw new Error(`releasing ${what}: ${String(error)}`);
}

test("a second stop waits for the first, and lets go of nothing before its turn", async () => {
  const released: string[] = [];
  let finish = (): void => undefined;
  const inFlight = new Promise<void>((resolve) => (finish = resolve));
  const releases = new Releases();
  releases.add("the database", () => Promise.resolve(released.push("the database")));
  releases.add("the server", () => inFlight.then(() => released.push("the server")));

  const stops = [releases.run(failing), releases.run(failing)];
  expect(released).toEqual([]);
  finish();
  await Promise.all(stops);

  expect(released).toEqual(["the server", "the database"]);
});

test("a release that fails is reported, and stops none of the others", async () => {
  const released: string[] = [];
  const reported: string[] = [];
  const releases = new Releases();
  releases.add("the database", () => Promise.resolve(released.push("the database")));
  releases.add("the server", () => Promise.reject(new Error("it hangs")));

  await releases.run((what, error) => reported.push(`${what}: ${String(error)}`));

  expect(released).toEqual(["the database"]);
  expect(reported).toEqual(["the server: Error: it hangs"]);
});
