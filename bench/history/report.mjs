/** A keyset page takes as long in a history a hundred times as long, save for what a deeper index and a fuller cache cost. */
const MOST_GROWTH = 1.3;
/** Somebody waits for it. */
const MOST_STATS_MS = 1_000;

/** Whether a case keeps to what its kind has to keep to; null when that is nothing, or cannot be said. */
export function keepsGoal({ kind, small, large }) {
  // Sums of nothing would be quick.
  if (kind === "stats") return large.shown > 0 && large.p99 < MOST_STATS_MS;
  if (kind === "page" && small.shown === large.shown) return growthOf({ small, large }) <= MOST_GROWTH;
  return null;
}

export function growthOf({ small, large }) {
  return large.p50 / small.p50;
}

export const GOALS_IN_WORDS = `Goals: no page grows by more than ${MOST_GROWTH}× (p50); stats over a year take less than ${MOST_STATS_MS / 1_000} s (p99).`;

/** The results as Markdown, to be pasted into docs/performance.md. */
export function toMarkdown({ machine, seeded, results }) {
  const [small, large] = seeded;
  return [
    ...describe(machine),
    "",
    ...table(
      ["seeding", ...seeded.map(({ rows }) => `${grouped(rows.cancellation)} rows`)],
      [
        ...Object.keys(large.rows).map((name) => [
          `rows of ${name}`,
          ...seeded.map(({ rows }) => grouped(rows[name])),
        ]),
        ...large.steps.map(({ what, ms }, i) => [what, ...[small.steps[i].ms, ms].map(seconds)]),
        ["all of it", ...seeded.map(({ steps }) => seconds(steps.reduce((sum, { ms }) => sum + ms, 0)))],
      ],
    ),
    ...(results.length === 0 ? [] : ["", GOALS_IN_WORDS, "", ...queries(results, small, large)]),
  ].join("\n");
}

function describe({ date, cpu, cores, memoryGiB, node, postgres, databaseMB }) {
  return [
    `${date}: ${cpu}, ${cores} cores, ${memoryGiB} GiB of memory; Node ${node}; PostgreSQL ${postgres}, embedded, with its default`,
    `settings; the larger database takes ${grouped(databaseMB)} MB.`,
  ];
}

function queries(results, small, large) {
  const [before, after] = [small, large].map(({ rows }) => `${grouped(rows.cancellation)} rows`);
  return table(
    ["asked for", `${before}, p50 / p99 ms`, `${after}, p50 / p99 ms`, "growth", "goal"],
    results.map((result) => {
      if (result.failed !== undefined) return [result.name, `failed: ${result.failed}`, "", "", ""];
      return [
        result.name,
        ...[result.small, result.large].map((side) => times(side, result)),
        `${growthOf(result).toFixed(2)}×`,
        { true: "kept", false: "**missed**", null: "" }[keepsGoal(result)],
      ];
    }),
  );
}

/** How many runs, where they are few; how many rows, where the two sides do not show as many. */
function times({ p50, p99, runs, shown }, { small, large, runsAsked }) {
  const notes = [
    ...(runs < runsAsked ? [`${runs} runs`] : []),
    ...(small.shown === large.shown ? [] : [`${shown} shown`]),
  ];
  return `${milliseconds(p50)} / ${milliseconds(p99)}${notes.length === 0 ? "" : ` (${notes.join(", ")})`}`;
}

function table(head, lines) {
  return [head, head.map((_, i) => (i === 0 ? "---" : "---:")), ...lines].map(
    (cells) => `| ${cells.join(" | ")} |`,
  );
}

const milliseconds = (ms) => (ms < 100 ? ms.toFixed(1) : ms.toFixed(0));
const seconds = (ms) => `${(ms / 1_000).toFixed(1)} s`;
const grouped = (count) => String(count).replace(/\B(?=(\d{3})+$)/gu, " ");
