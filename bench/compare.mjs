// node bench/compare.mjs: what a cancel costs here, beside other ways to make one, and what a page of the history does; after
// `npm run build`.
import "../scripts/register-typescript.mjs";
import { setMaxListeners } from "node:events";
import { writeFile } from "node:fs/promises";
import { loadavg } from "node:os";
import { measureCancels } from "./compare/cancels.mjs";
import { readOptions } from "./compare/options.mjs";
import { forkChild, HAS_PROC } from "./compare/processes.mjs";
import { during } from "./compare/progress.mjs";
import { toMarkdown } from "./compare/report.mjs";
import { describeMachine } from "./history/connection.mjs";
import { withTemporaryDatabase } from "../scripts/temporary-database.mjs";

const { prepareService } = await import("./compare/our-service.mjs");
const { measurePages } = await import("./compare/pages.mjs");
const { openServer } = await import("./compare/server.mjs");

const MEASURE = { cancels: measureCancels, pages: measurePages };

try {
  const options = await readOptions(process.argv.slice(2));
  if (options !== null) {
    const load = loadavg()[0].toFixed(1);
    const report = await withTemporaryDatabase((url, interrupted) => run(options, url, interrupted), {
      durable: true,
    });
    report.machine.load = load;
    if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(report, null, 2)}\n`);
    console.log(toMarkdown(report));
  }
} catch (error) {
  console.error(String(error));
  process.exitCode = 1;
}

async function run(options, url, interrupted) {
  // Everything that waits hears of an interruption.
  setMaxListeners(0, interrupted);
  return during(async (defer) => {
    const server = await openServer(url);
    await defer({ stop: () => server.close() });
    const upstream = await startUpstream(interrupted, defer);
    const load = await defer(forkChild(new URL("compare/load.mjs", import.meta.url), interrupted));
    const bench = {
      server,
      upstream,
      load,
      interrupted,
      during,
      runId: Date.now().toString(36),
      ours: await prepareOurs(upstream.url),
    };
    const notes = new Set();
    if (!HAS_PROC) notes.add("This system has no /proc: CPU times and memory are not measured.");
    const machine = { ...(await describeMachine(url)), settings: server.settings };
    const parts = {};
    for (const part of options.parts) parts[part] = await MEASURE[part](bench, options, notes);
    return { machine, options, notes: [...notes], parts };
  });
}

async function startUpstream(interrupted, defer) {
  const child = await defer(forkChild(new URL("compare/upstream.mjs", import.meta.url), interrupted));
  const { url } = await child.ask("listen");
  return {
    url,
    cpu: child.cpu,
    counts: () => child.ask("counts"),
    setDelay: (ms) => child.ask("setDelay", { ms }),
  };
}

async function prepareOurs(upstreamUrl) {
  const service = await prepareService(upstreamUrl);
  return { ...service, contender: { name: "ours", token: service.token } };
}
