import { parseArgs } from "node:util";

const USAGE = `npm run bench:history -- [options]
  --rows <n>        cancellations in the large history (1000000)
  --small-rows <n>  cancellations in the small one (10000)
  --runs <n>        requests of each case to each (200), as long as its time allows
  --only <text>     only the cases whose name has this text in it
  --seed-only       measure nothing but the seeding
  --json            the results as JSON`;

export function readOptions(args) {
  try {
    const { values } = parseArgs({
      args,
      options: {
        rows: { type: "string", default: "1000000" },
        "small-rows": { type: "string", default: "10000" },
        runs: { type: "string", default: "200" },
        only: { type: "string", default: "" },
        "seed-only": { type: "boolean", default: false },
        json: { type: "boolean", default: false },
      },
    });
    return {
      rows: positive("--rows", values.rows),
      smallRows: positive("--small-rows", values["small-rows"]),
      runs: positive("--runs", values.runs),
      only: values.only,
      seedOnly: values["seed-only"],
      json: values.json,
    };
  } catch (error) {
    throw new Error(`${error.message}\n${USAGE}`, { cause: error });
  }
}

function positive(name, text) {
  if (/^[1-9]\d{0,8}$/u.test(text)) return Number(text);
  throw new Error(`${name}: a number from 1 expected, found ${text}`);
}
