import { parseArgs } from "node:util";
import { CANCELLING, PAGING } from "./contenders.mjs";

const PARTS = ["cancels", "pages"];
const NAMES = [...CANCELLING, ...PAGING];

const USAGE = `npm run bench -- [options]
  --only <part>         ${PARTS.join(" or ")} (both)
  --contender <name>    beside ours, one of ${NAMES.join(", ")}; may be repeated (all)
  --rounds <n>          how often each contender has its turn in each case (5)
  --seconds <s>         how long a turn is (2)
  --warm-up <n>         how many answers each gives before anything is measured, within 30 s (10000)
  --callers <n,n>       how many ask at a time, for cancels (1,16,64) and for pages (1,16)
  --upstream <ms,ms>    how long the upstream takes to answer (0,50)
  --rows <n>            cancellations in the history that is read (100000)
  --json <file>         writes all that was measured to this file
  --install             installs what the contenders need, where it is missing
  --help                says this`;

/** Null: help was asked for, and given. @throws an Error that says what is wrong and what is not */
export function readOptions(args) {
  try {
    const { values } = parseArgs({
      args,
      options: {
        only: { type: "string", multiple: true, default: [] },
        contender: { type: "string", multiple: true, default: [] },
        rounds: { type: "string", default: "5" },
        seconds: { type: "string", default: "2" },
        "warm-up": { type: "string", default: "10000" },
        callers: { type: "string" },
        upstream: { type: "string", default: "0,50" },
        rows: { type: "string", default: "100000" },
        json: { type: "string" },
        install: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
    if (values.help) {
      console.log(USAGE);
      return null;
    }
    const parts = partsOf(values.only);
    return {
      parts,
      find: {
        only: values.contender.map((name) => oneOf("--contender", name, NAMES)),
        install: values.install,
      },
      rounds: number("--rounds", values.rounds, { least: 1, most: 1_000 }),
      seconds: number("--seconds", values.seconds, { least: 0.1, most: 600, whole: false }),
      warmUp: number("--warm-up", values["warm-up"], { least: 1, most: 1_000_000 }),
      callers: list("--callers", values.callers ?? "1,16,64", { least: 1, most: 1_000 }),
      readers: list("--callers", values.callers ?? "1,16", { least: 1, most: 1_000 }),
      delays: list("--upstream", values.upstream, { least: 0, most: 5_000 }),
      rows: number("--rows", values.rows, { least: 1_000, most: 10_000_000 }),
      json: values.json,
    };
  } catch (error) {
    throw new Error(`${error.message}\n\n${USAGE}`, { cause: error });
  }
}

/** Each once, in the order of all. */
function partsOf(only) {
  const wanted = only.map((part) => oneOf("--only", part, PARTS));
  return PARTS.filter((part) => wanted.length === 0 || wanted.includes(part));
}

function oneOf(name, text, choices) {
  if (choices.includes(text)) return text;
  throw new Error(`${name}: expected one of ${choices.join(", ")}, found ${text}`);
}

function list(name, text, range) {
  return text.split(",").map((one) => number(name, one, range));
}

function number(name, text, { least, most, whole = true }) {
  const value = (whole ? /^\d{1,9}$/u : /^\d{1,9}(?:\.\d{1,3})?$/u).test(text) ? Number(text) : NaN;
  if (value >= least && value <= most) return value;
  throw new Error(
    `${name}: expected a ${whole ? "whole " : ""}number from ${least} to ${most}, found ${text || "nothing"}`,
  );
}
