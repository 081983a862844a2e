import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { type Clock, openSendWindow } from "../../../src/cancellation/cancel/cancel-payment.js";
import { timingOf } from "../../../src/cancellation/model/timing.js";

/** Clocks that a test moves. */
class Hands implements Clock {
  constructor(
    public monotonic = 0,
    public wall = 0,
  ) {}
  monotonicMs(): number {
    return this.monotonic;
  }
  wallMs(): number {
    return this.wall;
  }
}

const LENGTH_MS = 10_000;

describe("a send window", () => {
  test("is open at once, and closed the moment its length is over", () => {
    const clock = new Hands(5, 1_800_000_000_000);
    const window = openSendWindow(clock, LENGTH_MS);
    expect(window.isOpen()).toBe(true);
    for (const [passed, open] of [
      [LENGTH_MS - 1, true],
      [LENGTH_MS, false],
    ] as const) {
      [clock.monotonic, clock.wall] = [5 + passed, 1_800_000_000_000 + passed];
      expect(window.isOpen()).toBe(open);
    }
  });

  test.each([
    ["was stopped: both clocks went on", LENGTH_MS, LENGTH_MS],
    ["was suspended: only the wall clock went on", 0, LENGTH_MS],
    ["had its wall clock set back: only the monotonic clock went on", LENGTH_MS, -3_600_000],
    ["had its wall clock set forward", 0, 3_600_000],
  ])("is closed when the process %s", (_what, monotonic, wall) => {
    const clock = new Hands();
    const window = openSendWindow(clock, LENGTH_MS);
    [clock.monotonic, clock.wall] = [monotonic, wall];
    expect(window.isOpen()).toBe(false);
  });

  test("is open only while neither clock has passed its length, and a wall clock that is off by any constant changes nothing", () => {
    const ms = fc.integer({ min: -30_000, max: 30_000 });
    const offset = fc.integer({ min: -1e12, max: 1e12 });
    fc.assert(
      fc.property(
        fc.nat(30_000),
        ms,
        offset,
        fc.integer({ min: 1, max: 20_000 }),
        (mono, wall, off, length) => {
          const states = [0, off].map((by) => {
            const clock = new Hands(1_000, 5_000 + by);
            const window = openSendWindow(clock, length);
            clock.monotonic += mono;
            clock.wall += wall;
            return window.isOpen();
          });
          expect(states).toEqual([mono < length && wall < length, mono < length && wall < length]);
        },
      ),
    );
  });

  test("does not open again as time goes on", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(5_000), { minLength: 1 }), (steps) => {
        const clock = new Hands();
        const window = openSendWindow(clock, LENGTH_MS);
        const seen = steps.map((step) => {
          clock.monotonic += step;
          clock.wall += step;
          return window.isOpen();
        });
        expect(seen).toEqual([...seen].sort((a, b) => Number(b) - Number(a)));
      }),
    );
  });

  test("closes, and leaves EBP the whole time-out to answer, before the lease that was given after it opened runs out", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 120_000 }), (timeoutMs) => {
        const { sendWithinMs, leaseMs } = timingOf(timeoutMs, 600_000);
        expect(sendWithinMs + timeoutMs).toBeLessThan(leaseMs);
      }),
    );
  });
});
