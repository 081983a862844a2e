/** The results as Markdown: a table for each case. */
export function toMarkdown({ machine, options, notes, parts }) {
  return [
    describe(machine, options),
    ...notes.map((note) => `- ${note}`),
    ...Object.entries(parts).flatMap(([name, part]) => WRITERS[name](part)),
  ].join("\n\n");
}

const WRITERS = { cancels };

function describe({ date, cpu, cores, memoryGiB, node, postgres, settings, load }, { rounds, seconds }) {
  const durable = Object.entries(settings).map(([name, value]) => `${name} ${value}`);
  return [
    `${date}: ${cpu}, ${cores} cores, ${memoryGiB} GiB of memory, load ${load} at the start; Node ${node}; PostgreSQL ${postgres}, embedded, with`,
    `its default settings (${durable.join(", ")}). ${rounds} rounds of ${seconds} s; medians, and (least–most).`,
  ].join("\n");
}

function cancels({ cases }) {
  const head = [
    "",
    "cancels a second",
    "ours beside it",
    "p50 / p95 / p99 ms",
    "CPU µs: service",
    "PostgreSQL",
    "upstream",
    "callers",
  ];
  const counted = ["WAL bytes", "commits", "announced", "sent", "MB"];
  return cases.flatMap(({ callers, delay, results }) => [
    `### Cancels, ${callers} ${callers === 1 ? "caller" : "callers"}, upstream ${delay} ms`,
    table(
      [...head, ...counted],
      results.map((result) => [
        result.name,
        spreadOf(result.rate, rate),
        spreadOf(result.ratio, times),
        latencies(result),
        ...["service", "postgres", "upstream", "load"].map((name) => rounded(result.cpu[name])),
        rounded(result.wal),
        ...[result.commits, result.announcements, result.sends].map(hundredths),
        megabytes(result.memory),
      ]),
    ),
  ]);
}

export function table(head, lines) {
  return [head, head.map((_, i) => (i === 0 ? "---" : "---:")), ...lines]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

export function spreadOf(spread, format) {
  if (spread === null) return "";
  return `${format(spread.median)} (${format(spread.min)}–${format(spread.max)})`;
}

export function latencies({ p50, p95, p99 }) {
  return [p50, p95, p99].map((ms) => unlessNull(ms, milliseconds)).join(" / ");
}

const unlessNull = (value, format) => (value === null || value === undefined ? "" : format(value));
const milliseconds = (ms) => (ms < 10 ? ms.toFixed(2) : ms < 100 ? ms.toFixed(1) : ms.toFixed(0));
export const rounded = (value) => unlessNull(value, (number) => number.toFixed(0));
export const hundredths = (value) => unlessNull(value, (number) => number.toFixed(2));
export const megabytes = (value) => unlessNull(value, (bytes) => (bytes / 1e6).toFixed(0));
export const rate = (value) => (value < 100 ? value.toFixed(1) : value.toFixed(0));
export const times = (value) => `${value.toFixed(2)}×`;
