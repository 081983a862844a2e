import { setTimeout } from "node:timers/promises";

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
    ...latencies(result),
    rows: result.rows / result.count,
    cpu: {
      service: each.service,
      postgres: each.postgres,
      upstream: each.upstream,
      load: each.load,
      pooler: each.pooler,
    },
    wal: each.wal,
    sends: each.sends,
    announcements: each.announcements,
    commits: each.transactions - (each.announcements ?? 0),
    memory: sum(side.services.map(({ memory }) => memory())),
    logged: each.logged,
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
      pooler: side.pooler?.cpu() ?? null,
      logged: sum(side.services.map((service) => service.logged())),
    };
  }
}

function latencies({ p50, p95, p99, most }) {
  return { p50, p95, p99, most };
}

/** Null where any of them is not known. */
function sum(numbers) {
  return numbers.includes(null) ? null : numbers.reduce((all, one) => all + one, 0);
}
