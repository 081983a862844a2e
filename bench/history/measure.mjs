import { ask } from "./ask.mjs";
import { cursorBefore } from "./walk.mjs";

/** Before anything is measured: what is compiled, planned and read from a file is so then. */
const WARM_UPS = 10;
/** However slow a case is. */
const LEAST_RUNS = 5;

/**
 * One case on all sides, one request at a time and each side in turn, so that what else the machine does falls on all alike.
 * A side is a service and the facts of its history. Ends early where a budget of time is used up.
 */
export async function measureCase({ query, variables, page }, sides, { runs, budgetMs, interrupted }) {
  const asked = [];
  for (const side of sides) asked.push(await variablesOf(side));
  const results = sides.map(() => ({ times: [], shown: [] }));
  // What the first one asks for is read from a file once; a slow case is not asked for nothing.
  const warmUntil = performance.now() + budgetMs / 4;
  for (let run = 0; run < WARM_UPS && (run === 0 || performance.now() < warmUntil); run += 1)
    await round(run);
  for (const result of results) Object.assign(result, { times: [], shown: [] });
  const deadline = performance.now() + budgetMs;
  for (let run = 0; run < runs && (run < LEAST_RUNS || performance.now() < deadline); run += 1)
    await round(run);
  return results.map(({ times, shown }) => ({
    p50: percentile(times, 0.5),
    p99: percentile(times, 0.99),
    runs: times.length,
    shown: percentile(shown, 0.5),
  }));

  async function variablesOf({ service, facts }) {
    if (page === undefined) return (run) => variables(facts, run);
    const after = await cursorBefore(service, page, variables(facts, 0), interrupted);
    return (run) => ({ ...variables(facts, run), after });
  }

  async function round(run) {
    for (const [at, { service }] of sides.entries()) {
      const { ms, data } = await ask(service, query, asked[at](run), interrupted);
      results[at].times.push(ms);
      results[at].shown.push(rowsIn(data));
    }
  }
}

/** By rank: of a few, the 99th is the largest. */
function percentile(numbers, share) {
  const sorted = numbers.toSorted((one, other) => one - other);
  return sorted[Math.ceil(share * sorted.length) - 1];
}

/** A page that shows fewer has less to do: nothing to be compared with a full one. */
function rowsIn(data) {
  const [answer] = Object.values(data);
  if (answer === null) return 0;
  if (Array.isArray(answer)) return answer.length;
  return (answer.edges ?? answer.cancellations?.edges ?? [answer]).length;
}
