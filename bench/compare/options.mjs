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
    const only = values.only.map((part) => oneOf("--only", part, PARTS));
    return {
      parts: PARTS.filter((part) => only.length === 0 || only.includes(part)),
      find: {
        only: values.contender.map((name) => oneOf("--contender", name, NAMES)),
        install: values.install,
      },
      rounds: number("--rounds", values.rounds),
      seconds: number("--seconds", values.seconds),
      warmUp: number("--warm-up", values["warm-up"]),
      callers: list("--callers", values.callers ?? "1,16,64"),
      readers: list("--callers", values.callers ?? "1,16"),
      delays: list("--upstream", values.upstream),
      rows: number("--rows", values.rows),
      json: values.json,
    };
  } catch (error) {
    throw new Error(`${error.message}\n\n${USAGE}`, { cause: error });
  }
}

function oneOf(name, text, choices) {
  if (choices.includes(text)) return text;
  throw new Error(`${name}: expected one of ${choices.join(", ")}, found ${text}`);
}

function list(name, text) {
  return text.split(",").map((one) => number(name, one));
}

function number(name, text) {
  if (/^\d{1,9}(?:\.\d{1,3})?$/u.test(text)) return Number(text);
  throw new Error(`${name}: expected a number, found ${text || "nothing"}`);
}
