import {
  howMany,
  hundredths,
  megabytes,
  milliseconds,
  percent,
  rate,
  rounded,
  shareOf,
  spreadOf,
  table,
  times,
} from "./format.mjs";

/** All that was measured as Markdown, to be pasted into a document: a table for each case. */
export function toMarkdown({ machine, options, notes, parts }) {
  return [
    describe(machine, options),
    ...(notes.length === 0 ? [] : [notes.map((note) => `- ${note}`).join("\n")]),
    ...Object.entries(parts).flatMap(([name, part]) => WRITERS[name](part)),
  ].join("\n\n");
}

const WRITERS = { cancels, reads, memory, replicas, profile, start };

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

function reads({ rows, pageSize, cases }) {
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

function memory({ callers, readings, growth }) {
  const [, early] = readings;
  const late = readings.at(-1);
  return [
    `### Memory of ours, ${howMany(callers, "caller")}, upstream 0 ms`,
    table(
      ["cancels since the start", "resident MB", "heap in use MB"],
      readings.map(({ cancels: count, resident, heap }) => [
        rounded(count),
        megabytes(resident),
        megabytes(heap),
      ]),
    ),
    `From ${rounded(early.cancels)} to ${rounded(late.cancels)} cancels: ${percent(growth)}.`,
  ];
}

function replicas({ callers, pooler, results }) {
  return [
    `### Processes of ours on one database, ${howMany(callers, "caller")} in all, upstream 0 ms`,
    table(
      [
        "",
        "cancels a second",
        "beside one",
        "p50 / p95 / p99 ms",
        "CPU: services",
        "PostgreSQL",
        "pooler",
        "commits",
        "sent",
      ],
      results.map((result) => [
        result.name,
        spreadOf(result.rate, rate),
        spreadOf(result.ratio, times),
        latencies(result),
        ...["service", "postgres", "pooler"].map((name) => rounded(result.cpu[name])),
        ...[result.commits, result.sends].map(hundredths),
      ]),
    ),
    ...(pooler === null ? [] : [`The pooler: ${pooler}, lending connections by transaction.`]),
  ];
}

function profile({ callers, cpu, areas }) {
  return [
    `### Where the service's own time goes in a cancel, ${howMany(callers, "caller")}, upstream 0 ms`,
    table(
      ["", "share"],
      areas.map(({ name, share }) => [name, shareOf(share)]),
    ),
    `In all ${rounded(cpu)} µs, those of the profiler among them.`,
  ];
}

function start({ starts, ms, memory: atRest, dependencies }) {
  const { packages, bytes, largest, missing } = dependencies;
  return [
    `### Start of ours, ${howMany(starts, "time")}`,
    table(
      ["", "median (least–most)"],
      [
        ["ms until `/readyz` says 200", spreadOf(ms, rounded)],
        ["resident MB, 5 s later", spreadOf(atRest, megabytes)],
      ],
    ),
    `What it runs with: ${howMany(packages, "package")}, ${megabytes(bytes)} MB. The largest:`,
    table(
      ["package", "MB"],
      largest.map(({ name, bytes: size }) => [`\`${name}\``, megabytes(size)]),
    ),
    ...(missing.length === 0 ? [] : [`Not installed, and not counted: ${missing.join(", ")}.`]),
  ];
}

function latencies({ p50, p95, p99 }) {
  return [p50, p95, p99].map(milliseconds).join(" / ");
}
