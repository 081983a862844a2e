import type { Tracking } from "./answers.js";

const MS_PER_DAY = 86_400_000;

/** Hands out the ids and time stamps of one simulator, in the form of the published examples. */
export class Numbering {
  #lastRequestId = 0;
  #returnRequests = 0;

  constructor(readonly now: () => Date) {}

  tracking(): Tracking {
    const now = this.now();
    this.#lastRequestId = Math.max(this.#lastRequestId + 1, now.getTime());
    return { requestId: String(this.#lastRequestId), timestamp: inNanoseconds(now) };
  }

  /** RETREQ, the day, the millisecond of the day and a count: unique also across restarts. */
  returnRequestId(): string {
    const now = this.now();
    this.#returnRequests += 1;
    const day = now.toISOString().slice(0, 10).replaceAll("-", "");
    const millisecond = String(now.getTime() % MS_PER_DAY).padStart(8, "0");
    return `RETREQ${day}${millisecond}${String(this.#returnRequests).padStart(3, "0")}`;
  }
}

/** EBP writes nine decimals; the clock has three. */
function inNanoseconds(date: Date): string {
  return date.toISOString().replace("Z", "292900Z");
}
