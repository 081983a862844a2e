/** How figures are written, in tables and in pictures. */
export function table(head, lines) {
  return [head, head.map((_, i) => (i === 0 ? "---" : "---:")), ...lines]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

export function spreadOf(spread, format) {
  if (spread === null) return "";
  return `${format(spread.median)} (${format(spread.min)}–${format(spread.max)})`;
}

const unlessNull = (format) => (value) => (value === null || value === undefined ? "" : format(value));
/** Large ones with blanks between the thousands, as elsewhere in our documents. */
const grouped = (number, digits) => number.toFixed(digits).replace(/\B(?=(?:\d{3})+(?:\.|$))/gu, " ");

export const milliseconds = unlessNull((ms) => ms.toFixed(ms < 10 ? 2 : ms < 100 ? 1 : 0));
export const rounded = unlessNull((number) => grouped(number, 0));
export const hundredths = unlessNull((number) => number.toFixed(2));
export const megabytes = unlessNull((bytes) => grouped(bytes / 1e6, bytes < 1e8 ? 1 : 0));
export const rate = unlessNull((value) => (value < 100 ? value.toFixed(1) : grouped(value, 0)));
export const times = unlessNull((value) => `${value.toFixed(2)}×`);
export const howMany = (count, one, more = `${one}s`) => `${rounded(count)} ${count === 1 ? one : more}`;

/** All that was measured as Markdown, to be pasted into a document: a table for each case. */
export function toMarkdown({ machine, options, notes, parts }) {
  return [
    describe(machine, options),
    ...(notes.length === 0 ? [] : [notes.map((note) => `- ${note}`).join("\n")]),
    ...Object.entries(parts).flatMap(([name, part]) => WRITERS[name](part)),
  ].join("\n\n");
}

const WRITERS = { cancels, pages };

function describe({ date, cpu, cores, memoryGiB, node, postgres, settings, load }, { rounds, seconds }) {
  const durable = Object.entries(settings).map(([name, value]) => `\`${name}\` ${value}`);
  return [
    `${date}: ${cpu}, ${cores} cores, ${memoryGiB} GiB of memory, load ${load} at the start; Node ${node}; PostgreSQL ${postgres},`,
    `embedded, with its default settings (${durable.join(", ")}). ${howMany(rounds, "round")} of ${seconds} s, everybody in turn;`,
    "medians, and (least–most). CPU is the time that each process has computed, in µs for one answer.",
  ].join("\n");
}

const CPU_COLUMNS = {
  service: "CPU: service",
  postgres: "PostgreSQL",
  upstream: "upstream",
  load: "callers",
};

function cancels({ cases }) {
  return cases.flatMap(({ callers, delay, results }) => [
    `### Cancels, ${howMany(callers, "caller")}, upstream ${delay} ms`,
    table(
      [
        "",
        "cancels a second",
        "ours beside it",
        "p50 / p95 / p99 ms",
        ...Object.values(CPU_COLUMNS),
        "bytes of WAL",
        "commits",
        "announced",
        "sent",
        "MB",
      ],
      results.map((result) => [
        result.name,
        spreadOf(result.rate, rate),
        spreadOf(result.ratio, times),
        latencies(result),
        ...Object.keys(CPU_COLUMNS).map((name) => rounded(result.cpu[name])),
        rounded(result.wal),
        ...[result.commits, result.announcements, result.sends].map(hundredths),
        megabytes(result.memory),
      ]),
    ),
  ]);
}

function pages({ rows, pageSize, cases }) {
  const { upstream, ...columns } = CPU_COLUMNS;
  return cases.flatMap(({ callers, results }) => [
    `### Pages of ${pageSize} from a history of ${howMany(rows, "cancellation")}, ${howMany(callers, "caller")}`,
    table(
      [
        "",
        "pages a second",
        "ours beside it",
        "p50 / p95 / p99 ms",
        ...Object.values(columns),
        "rows a page",
        "MB",
      ],
      results.map((result) => [
        result.name,
        spreadOf(result.rate, rate),
        spreadOf(result.ratio, times),
        latencies(result),
        ...Object.keys(columns).map((name) => rounded(result.cpu[name])),
        hundredths(result.rows),
        megabytes(result.memory),
      ]),
    ),
  ]);
}

function latencies({ p50, p95, p99 }) {
  return [p50, p95, p99].map(milliseconds).join(" / ");
}
