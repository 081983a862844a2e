// Callers in a closed loop, each with a connection of its own: it asks again when it has been answered. It shares the machine with what it
// loads, so it does as little as it can. It is forked: see processes.mjs.
import { createHistogram, performance } from "node:perf_hooks";
import { Client } from "undici";
import { CONTENDERS, hasSucceeded } from "./contenders.mjs";
import { serveParent } from "./processes.mjs";

const LONGEST_NS = 120_000_000_000;

/** Latencies, three digits of each, in nanoseconds: a histogram takes whole numbers. */
function timer() {
  const histogram = createHistogram({ lowest: 1, highest: LONGEST_NS, figures: 3 });
  return {
    histogram,
    record: (ms) => histogram.record(Math.max(1, Math.round(ms * 1e6))),
  };
}

/** In milliseconds. */
function summarize({ histogram }) {
  const at = (percent) => histogram.percentile(percent) / 1e6;
  const { count } = histogram;
  if (count === 0) return { count, p50: null, p95: null, p99: null };
  return { count, p50: at(50), p95: at(95), p99: at(99) };
}

const ANSWER_WITHIN_MS = 30_000;
const SHOWN_OF_AN_ANSWER = 2_000;

/** Over the whole run, so that no order and no key comes twice. */
let orders = 0;
/** Where each caller of a contender that reads has got to: the next round goes on there. */
const places = new Map();

serveParent({ run });

/**
 * `kind`: "cancel" or "read"; `origins`: callers are spread over them; `contender`: { name, token }; for `seconds`, or until `count` answers
 * are there.
 */
async function run(job) {
  const { origins, callers, seconds, count } = job;
  const contender = withToken(CONTENDERS[job.contender.name], job.contender.token);
  const make = { cancel: cancelling, read: reading }[job.kind];
  const all = Array.from({ length: callers }, (_, i) => ({
    client: new Client(origins[i % origins.length], {
      pipelining: 1,
      bodyTimeout: ANSWER_WITHIN_MS,
      headersTimeout: ANSWER_WITHIN_MS,
    }),
    ...make(contender, job, i),
  }));
  const shared = { latencies: timer(), asked: 0, count, rows: 0, failures: [], failed: 0, until: Infinity };
  try {
    const began = performance.now();
    if (seconds !== undefined) shared.until = began + seconds * 1_000;
    await Promise.all(all.map((caller) => callInTurn(caller, shared)));
    const ms = performance.now() - began;
    return {
      ...summarize(shared.latencies),
      ms,
      rows: shared.rows,
      failed: shared.failed,
      failures: shared.failures,
    };
  } finally {
    await Promise.all(all.map(({ client }) => client.destroy()));
  }
}

function withToken(contender, token) {
  if (token === undefined) return contender;
  const authorize = (make) => (asked) => {
    const request = make(asked);
    return { ...request, headers: { ...request.headers, authorization: `Bearer ${token}` } };
  };
  return {
    ...contender,
    request: authorize(contender.request),
    readRequest: authorize(contender.readRequest),
  };
}

/** One after the other until time or number are used up, or anything has failed: what comes then is not worth measuring. */
function callInTurn({ client, next, check }, shared) {
  return new Promise((resolve) => {
    let [start, status, text, chunks] = [0, 0, "", []];
    const handler = {
      onRequestStart: () => undefined,
      onResponseStart(_controller, statusCode) {
        [status, chunks] = [statusCode, []];
      },
      onResponseData(_controller, chunk) {
        chunks.push(chunk);
      },
      onResponseEnd() {
        const latency = performance.now() - start;
        text = (chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)).toString();
        const rows = judge();
        if (rows === null) return fail(`HTTP ${status}: ${text.slice(0, SHOWN_OF_AN_ANSWER)}`);
        shared.latencies.record(latency);
        shared.rows += rows;
        go();
      },
      onResponseError: (_controller, error) => fail(String(error)),
    };
    go();

    function go() {
      const isOver = shared.failed > 0 || performance.now() >= shared.until || shared.asked === shared.count;
      if (isOver) return resolve();
      shared.asked += 1;
      const request = next();
      start = performance.now();
      client.dispatch(request, handler);
    }

    function judge() {
      try {
        return check(status, text);
      } catch {
        return null;
      }
    }

    function fail(why) {
      shared.failed += 1;
      if (shared.failures.length < 3) shared.failures.push(why);
      resolve();
    }
  });
}

function cancelling(contender, { runId, storeId }) {
  return {
    next() {
      orders += 1;
      return contender.request({
        storeId,
        orderNo: `B${runId}-${orders}`,
        idempotencyKey: `bench-${runId}-${orders}`,
        n: orders,
      });
    },
    check: (status, text) => (hasSucceeded(status, text) ? 1 : null),
  };
}

/** Page after page by its cursor, from the beginning again when there are no more. */
function reading(contender, { storeId, pageSize, contender: { name } }, index) {
  const key = `${name} ${index}`;
  return {
    next: () => contender.readRequest({ storeId, after: places.get(key) ?? null }),
    check(status, text) {
      const { count, endCursor } = contender.read(text);
      const wasFirst = !places.has(key);
      if (status !== 200 || (count === 0 && wasFirst)) return null;
      if (count < pageSize || !endCursor) places.delete(key);
      else places.set(key, endCursor);
      return count;
    },
  };
}
