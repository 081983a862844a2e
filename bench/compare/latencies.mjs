import { createHistogram } from "node:perf_hooks";

const LONGEST_NS = 120_000_000_000;

/** Latencies, three digits of each, in nanoseconds: a histogram takes whole numbers. */
export function timer() {
  const histogram = createHistogram({ lowest: 1, highest: LONGEST_NS, figures: 3 });
  return {
    histogram,
    record: (ms) => histogram.record(Math.max(1, Math.round(ms * 1e6))),
  };
}

/** In milliseconds. */
export function summarize({ histogram }) {
  const at = (percent) => histogram.percentile(percent) / 1e6;
  const { count } = histogram;
  if (count === 0) return { count, p50: null, p95: null, p99: null, most: null };
  return { count, p50: at(50), p95: at(95), p99: at(99), most: histogram.max / 1e6 };
}
