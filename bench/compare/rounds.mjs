import { ratios, spread } from "./numbers.mjs";
import { measure } from "./measure.mjs";

/**
 * Every side in turn, again and again: what else the machine does meets all of them alike. Returns for each what it did in each round,
 * the middle of that, and how the first one did beside it, round by round.
 */
export async function measureInTurns(bench, sides, { rounds, seconds, warmUpSeconds, callers, step }) {
  const samples = sides.map(() => []);
  for (const side of sides) {
    step(`${side.name}, warming up`);
    await measure(bench, side, { callers, seconds: warmUpSeconds });
  }
  for (let round = 1; round <= rounds; round += 1) {
    for (const [at, side] of sides.entries()) {
      step(`${side.name}, round ${round} of ${rounds}`);
      samples[at].push(await measure(bench, side, { callers, seconds }));
    }
  }
  return sides.map(({ name }, at) => ({
    name,
    ...summarize(samples[at]),
    ratio: at === 0 ? null : ratios(ratesOf(samples[0]), ratesOf(samples[at])),
    samples: samples[at],
  }));
}

const PLAIN = ["p50", "p95", "p99", "rows", "wal", "sends", "announcements", "commits", "memory", "logged"];

export function summarize(samples) {
  const of = (read) => spread(samples.map(read));
  const result = { rate: of(({ rate }) => rate), cpu: {} };
  for (const name of PLAIN) result[name] = of((sample) => sample[name])?.median ?? null;
  for (const name of Object.keys(samples[0].cpu))
    result.cpu[name] = of(({ cpu }) => cpu[name])?.median ?? null;
  return result;
}

function ratesOf(samples) {
  return samples.map(({ rate }) => rate);
}
