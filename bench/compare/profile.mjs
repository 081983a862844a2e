import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AREAS, areaOf } from "./areas.mjs";
import { sideOf } from "./cancels.mjs";
import { measure } from "./measure.mjs";
import { createSteps } from "./steps.mjs";

/** Fewer than keep two cores busy: what waits for a core is sampled too, and would look like work of whoever has just woken another. */
const CALLERS = 4;
const SECONDS = 15;

/** Where the service's own time goes in a cancel, as V8's sampling profiler sees it from outside of the start and the warm-up. */
export async function measureProfile(bench, options) {
  const steps = createSteps(process.stderr, "profile", 2);
  const folder = await mkdtemp(join(tmpdir(), "ebp-bench-profile-"));
  try {
    const result = await bench.during(async (defer) => {
      await bench.upstream.setDelay(0);
      const databaseUrl = await bench.server.createDatabase("profile");
      const service = await defer(bench.ours.startProfiled(databaseUrl, folder, bench.interrupted));
      const side = { ...(await sideOf(bench, bench.ours.cancelling, null)), services: [service] };
      steps.step("warming up");
      await measure(bench, side, { callers: 16, seconds: 30, count: options.warmUp });
      await bench.server.analyze(databaseUrl);
      steps.step("profiling");
      return measure(bench, side, { callers: CALLERS, seconds: SECONDS });
    });
    // Written when the service has ended.
    const [name] = (await readdir(folder)).filter((file) => file.endsWith(".cpuprofile"));
    if (name === undefined) throw new Error("the service has left no profile");
    const profile = JSON.parse(await readFile(join(folder, name), "utf8"));
    const areas = summarize(profile, SECONDS);
    return { callers: CALLERS, cpu: result.cpu.service, areas };
  } finally {
    steps.end();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Shares of the time in which something was computed, in the last seconds before the end. */
function summarize({ nodes, samples, timeDeltas, endTime }, seconds) {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])));
  const areas = new Map(nodes.map((node) => [node.id, areaOfNode(node, byId, parents)]));
  const from = endTime - seconds * 1e6;
  const found = new Map(AREAS.map(({ name }) => [name, 0]));
  let [at, total] = [endTime - timeDeltas.reduce((sum, delta) => sum + delta, 0), 0];
  for (const [index, id] of samples.entries()) {
    at += timeDeltas[index];
    const area = areas.get(id);
    if (at < from || area === null) continue;
    found.set(area, (found.get(area) ?? 0) + timeDeltas[index]);
    total += timeDeltas[index];
  }
  return [...found]
    .map(([name, time]) => ({ name, share: time / total }))
    .sort((one, other) => other.share - one.share);
}

/** What has no place in the code is done for whoever called it. */
function areaOfNode(node, byId, parents) {
  for (let at = node; at !== undefined; at = byId.get(parents.get(at.id))) {
    const area = areaOf(at.callFrame);
    if (area !== undefined) return area;
  }
  return null;
}
