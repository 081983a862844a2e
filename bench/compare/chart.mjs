import { rate, rounded } from "./format.mjs";

const WIDTH = 760;
const NAMES = 190;
const FIGURES = 150;
const MARGIN = 16;
const BAR = 14;
const ROW = 22;
const TITLE = 64;
const CASE_HEAD = 30;
const AXIS = 44;
const WHISKER = 4;

/** Legible on a light page and on a dark one, whichever the reader has. */
const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #1f2328; }
  .title { font-size: 16px; font-weight: 600; }
  .case { font-weight: 600; }
  .quiet { fill: #59636e; }
  .name, .tick { text-anchor: end; }
  .tick { text-anchor: middle; }
  .bar { fill: #8c959f; }
  .ours { fill: #0969da; }
  .whisker { stroke: #1f2328; stroke-width: 1.2; fill: none; }
  .grid { stroke: #d1d9e0; stroke-width: 1; }
  .page { fill: #ffffff; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .quiet { fill: #9198a1; }
    .bar { fill: #656c76; }
    .ours { fill: #4493f8; }
    .whisker { stroke: #e6edf3; }
    .grid { stroke: #3d444d; }
    .page { fill: #0d1117; }
  }`;

/** Cancels a second of everybody in every case: bars for the medians, whiskers from the least to the most. */
export function toSvg({ machine, options, parts: { cancels } }) {
  const shapes = [];
  let y = TITLE;
  for (const one of cancels.cases) {
    shapes.push(drawCase(one, y));
    y += heightOf(one);
  }
  const subtitle = `Medians of ${options.rounds} rounds of ${options.seconds} s, with the least and the most. ${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, PostgreSQL ${machine.postgres}.`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y + MARGIN}" width="${WIDTH}" height="${y + MARGIN}" role="img" aria-labelledby="title">
<title id="title">Cancels a second, by number of callers and by how long the upstream takes</title>
<style>${STYLE}
</style>
<rect class="page" width="100%" height="100%"/>
${text("title", MARGIN, 28, "Cancels a second")}
${text("quiet", MARGIN, 48, subtitle)}
${shapes.join("\n")}
</svg>
`;
}

function heightOf({ results }) {
  return CASE_HEAD + results.length * ROW + AXIS;
}

/** On a scale of its own: a slow upstream with one caller would be nothing beside a fast one with many. */
function drawCase({ callers, delay, results }, top) {
  const most = Math.max(...results.map(({ rate: { max } }) => max));
  const ticks = ticksUpTo(most);
  const right = WIDTH - MARGIN - FIGURES;
  const x = (value) => round(NAMES + (value / Math.max(most, ticks.at(-1))) * (right - NAMES));
  const bottom = top + CASE_HEAD + results.length * ROW;
  return [
    text(
      "case",
      MARGIN,
      top + 16,
      `${callers} ${callers === 1 ? "caller" : "callers"}, upstream ${delay} ms`,
    ),
    ...ticks.map(
      (
        value,
      ) => `<line class="grid" x1="${x(value)}" x2="${x(value)}" y1="${top + CASE_HEAD - 4}" y2="${bottom}"/>
${text("quiet tick", x(value), bottom + 14, Number.isInteger(value) ? rounded(value) : String(value))}`,
    ),
    text("quiet tick", round((NAMES + right) / 2), bottom + 30, "cancels a second"),
    ...results.map((result, i) => drawBar(result, i, top + CASE_HEAD + i * ROW, x)),
  ].join("\n");
}

function drawBar({ name, rate: { median, min, max } }, index, top, x) {
  const middle = top + BAR / 2;
  return [
    text("name", NAMES - 8, middle + 4, name),
    `<rect class="bar${index === 0 ? " ours" : ""}" x="${NAMES}" y="${top}" width="${round(x(median) - NAMES)}" height="${BAR}" rx="2"/>`,
    `<path class="whisker" d="M${x(min)} ${middle - WHISKER}v${2 * WHISKER}M${x(min)} ${middle}H${x(max)}M${x(max)} ${middle - WHISKER}v${2 * WHISKER}"/>`,
    text("quiet", round(x(max) + 8), middle + 4, `${rate(median)} (${rate(min)}–${rate(max)})`),
  ].join("\n");
}

/** Four to eight round numbers from zero. */
function ticksUpTo(most) {
  const rough = most / 6;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough);
  return Array.from({ length: Math.floor(most / step) + 1 }, (_, i) => i * step);
}

function text(kind, x, y, words) {
  return `<text class="${kind}" x="${x}" y="${y}">${escaped(words)}</text>`;
}

const escaped = (words) => words.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
const round = (number) => Math.round(number * 10) / 10;
