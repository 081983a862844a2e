import { basename } from "node:path";

/** The fraction of the full size that `npm test` runs: every fault point at least once. */
const SHORT_FORM = "0.02";
const FRACTION = Number(process.env["FAULTS"] ?? SHORT_FORM);
if (!(FRACTION > 0)) throw new Error("FAULTS: expected a fraction of the full size, such as 0.02 or 1");

const LARGEST_SEED = 0xffff_ffff;

/** How many of what is done `full` times at full size; never fewer than `least`. */
export function sized(full: number, least = 1): number {
  return Math.max(least, Math.round(full * FRACTION));
}

/** What the short form may take a tenth of, and the full size a good part of. */
export const TEST_TIMEOUT_MS = 120_000 + FRACTION * 3_600_000;

/** Every random choice of a test file comes from one seed, which is printed, and taken from FAULTS_SEED. */
export class Dice {
  #state: number;
  readonly seed: number;

  constructor(file: string) {
    const given = process.env["FAULTS_SEED"];
    this.seed = given === undefined ? Math.floor(Math.random() * LARGEST_SEED) : Number(given) >>> 0;
    this.#state = this.seed;
    say(`${basename(file)}: FAULTS=${FRACTION} FAULTS_SEED=${this.seed}`);
  }

  /** From 0 to below 1: mulberry32. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from 0 to below `limit`. */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  pick<T>(from: readonly [T, ...T[]]): T {
    return from[this.below(from.length)] ?? from[0];
  }
}

/** One line of what a fault has shown. Not console.log, which Jest frames with a stack trace. */
export function say(line: string): void {
  process.stdout.write(`faults: ${line}\n`);
}
