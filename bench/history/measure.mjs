import { PAGE_SIZE } from "./cases.mjs";
import { withConnection } from "./connection.mjs";

const SAMPLES = 200;

/** What the cases ask a history for that is not in every history: single cancellations and orders, always the same ones. */
export async function readFacts(url, until, interrupted) {
  return withConnection(url, async (client) => ({ until, ...(await readSamples(client)) }), interrupted);
}

async function readSamples(client) {
  // By something that has nothing to do with their order.
  const cancellations = await client.query(
    `SELECT id, store_id AS "storeId", order_no AS "orderNo", idempotency_key AS "idempotencyKey",
       return_request_id AS "returnRequestId", ebp_request_id AS "requestId"
     FROM cancellation WHERE return_request_id IS NOT NULL AND ebp_request_id IS NOT NULL
     ORDER BY fingerprint LIMIT $1`,
    [SAMPLES],
  );
  const orders = await client.query(
    `SELECT store_id AS "storeId", order_no AS "orderNo" FROM cancellation
     GROUP BY store_id, order_no HAVING count(*) > 1 ORDER BY min(fingerprint) LIMIT $1`,
    [SAMPLES],
  );
  return { cancellations: cancellations.rows, orders: orders.rows };
}

const REQUEST_TIMEOUT_MS = 30_000;
const HEADERS = { "content-type": "application/json" };

/** What one request took, until its answer had been received whole, and what was answered. */
export async function ask(service, query, variables, interrupted) {
  const request = JSON.stringify({ query, variables });
  const signal = AbortSignal.any([interrupted, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]);
  const start = performance.now();
  const { body } = await service.request({
    method: "POST",
    path: "/graphql",
    headers: HEADERS,
    body: request,
    signal,
  });
  const text = await body.text();
  const ms = performance.now() - start;
  const { data, errors } = JSON.parse(text);
  if (errors !== undefined) throw new Error(errors[0].message);
  return { ms, data };
}

const STRIDE = 100;
/** A thousand requests take a tenth of it where no page takes longer the deeper it lies. */
const WALK_MS = 120_000;
const CURSORS = `query ($filter: CancellationFilter, $orderBy: CancellationOrder, $first: Int, $after: String) {
  cancellations(filter: $filter, orderBy: $orderBy, first: $first, after: $after) { pageInfo { endCursor hasNextPage } }
}`;

/**
 * The cursor after which a page begins, found as a reader would: page after page, though of more at once. In a history without that page,
 * one near its end that has a full page after it.
 */
export async function cursorBefore(service, page, variables, interrupted) {
  const giveUp = performance.now() + WALK_MS;
  let left = (page - 1) * PAGE_SIZE;
  let [before, after] = [null, null];
  while (left > 0) {
    if (performance.now() > giveUp) throw new Error(`page ${page} was not reached in ${WALK_MS / 1_000} s`);
    const first = Math.min(STRIDE, left);
    const { data } = await ask(service, CURSORS, { ...variables, first, after }, interrupted);
    const { endCursor, hasNextPage } = data.cancellations.pageInfo;
    // What comes after the last cursor may be less than a page.
    if (!hasNextPage) return before;
    [before, after] = [after, endCursor];
    left -= first;
  }
  return after;
}

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
