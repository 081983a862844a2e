import { BusyError } from "../../cancellation/model/errors.js";

/**
 * Lets only so many go on at once, and the next in the order in which they came. Whoever waits holds nothing; where too many do, the next
 * is turned away with a BusyError.
 */
export function fewAtOnce(atMost: number, waitingAtMost: number): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    if (running < atMost) running += 1;
    else if (waiting.length >= waitingAtMost) throw new BusyError(0);
    // Whoever ends hands on its place.
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}
