import { setTimeout } from "node:timers/promises";

/** Of an even number of them, the mean of the two in the middle. */
function median(numbers) {
  const sorted = numbers.toSorted((one, other) => one - other);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/** Median, least and most; null where any of them could not be measured. */
function spread(numbers) {
  if (numbers.length === 0 || !numbers.every(Number.isFinite)) return null;
  return { median: median(numbers), min: Math.min(...numbers), max: Math.max(...numbers) };
}

/** What belongs to the last answers is done by then: what is told of them to other processes, and buffers that are given back. */
const SETTLE_MS = 50;

/**
 * One contender under load for a time, or for a number of answers, with every meter read before and after. `side`: what is asked
 * (`contender`), where (`services`), and what is counted there (`announcements`).
 */
export async function measure({ load, upstream, server, runId, interrupted }, side, job) {
  const before = await readAll();
  const result = await load.ask("run", {
    runId,
    kind: side.kind,
    contender: side.contender,
    storeId: side.storeId,
    pageSize: side.pageSize,
    origins: side.services.map(({ url }) => url),
    ...job,
  });
  if (result.failed > 0)
    throw new Error(
      `${side.name}: ${result.failed} of ${result.failed + result.count} failed. The first:\n${result.failures[0]}`,
    );
  await setTimeout(SETTLE_MS, undefined, { signal: interrupted });
  const after = await readAll();
  const each = {};
  for (const [name, value] of Object.entries(after))
    each[name] = value === null ? null : (value - before[name]) / result.count;
  return {
    count: result.count,
    rate: (result.count * 1_000) / result.ms,
    p50: result.p50,
    p95: result.p95,
    p99: result.p99,
    rows: result.rows / result.count,
    cpu: {
      service: each.service,
      postgres: each.postgres,
      upstream: each.upstream,
      load: each.load,
    },
    wal: each.wal,
    sends: each.sends,
    announcements: each.announcements,
    commits: each.transactions - (each.announcements ?? 0),
    memory: sum(side.services.map(({ memory }) => memory())),
  };

  async function readAll() {
    const [{ cancels }, { wal, transactions, cpu }] = await Promise.all([upstream.counts(), server.read()]);
    return {
      wal,
      transactions,
      postgres: cpu,
      sends: cancels,
      announcements: side.announcements?.() ?? null,
      service: sum(side.services.map((service) => service.cpu())),
      upstream: upstream.cpu(),
      load: load.cpu(),
    };
  }
}

/** Null where any of them is not known. */
function sum(numbers) {
  return numbers.includes(null) ? null : numbers.reduce((all, one) => all + one, 0);
}

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
    // Round by round, what the first one did beside this one in the same round.
    ratio: at === 0 ? null : spread(samples[0].map(({ rate }, i) => rate / samples[at][i].rate)),
    samples: samples[at],
  }));
}

const PLAIN = ["p50", "p95", "p99", "rows", "wal", "sends", "announcements", "commits", "memory"];

function summarize(samples) {
  const of = (read) => spread(samples.map(read));
  const result = { rate: of(({ rate }) => rate), cpu: {} };
  for (const name of PLAIN) result[name] = of((sample) => sample[name])?.median ?? null;
  for (const name of Object.keys(samples[0].cpu))
    result.cpu[name] = of(({ cpu }) => cpu[name])?.median ?? null;
  return result;
}
