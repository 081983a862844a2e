import { afterEach, describe, expect, test } from "@jest/globals";
import { register as globalRegistry } from "prom-client";
import { addMetrics, createMetrics, type Metrics, type OpenCancellations } from "../../src/http/metrics.js";
import { createHttpServer } from "../../src/http/server.js";

const releases: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const release of releases.splice(0).reverse()) await release();
});

async function serve(metrics: Metrics): Promise<string> {
  const app = createHttpServer({ logLevel: "silent" });
  releases.push(() => app.close());
  addMetrics(app, metrics);
  return app.listen({ host: "127.0.0.1", port: 0 });
}

async function scrape(url: string): Promise<string> {
  const response = await fetch(`${url}/metrics`);
  expect(response.status).toBe(200);
  return response.text();
}

/** The samples of one metric, as they are written: `{labels} value`. */
function samples(text: string, name: string): string[] {
  const lines = text.split("\n").filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
  return lines.map((line) => line.slice(name.length).trim());
}

const UNKNOWN: OpenCancellations = { status: "UNKNOWN", count: 2, oldestSeconds: 61.5 };
const PENDING: OpenCancellations = { status: "PENDING", count: 1, oldestSeconds: 0.25 };

test("serves Prometheus' text format, with what there is to know about the process", async () => {
  const url = await serve(createMetrics());
  const response = await fetch(`${url}/metrics`);
  expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  const text = await response.text();
  for (const name of [
    "process_cpu_seconds_total",
    "nodejs_eventloop_lag_seconds",
    "nodejs_heap_size_used_bytes",
  ]) {
    expect(text).toContain(`# TYPE ${name} `);
    expect(samples(text, name).length).toBeGreaterThan(0);
  }
});

test("shows every counter from the start, so that the first of its kind is seen as a change", async () => {
  const text = await scrape(await serve(createMetrics()));
  expect(samples(text, "ebp_webhooks_total")).toEqual([
    '{result="stored"} 0',
    '{result="repeated"} 0',
    '{result="refused"} 0',
  ]);
  expect(samples(text, "ebp_contradictions_total")).toEqual(["0"]);
  expect(samples(text, "ebp_metrics_read_errors_total")).toEqual(["0"]);
  expect(samples(text, "ebp_open_cancellations")).toEqual([]);
});

test("counts webhooks by what became of them, and contradictions", async () => {
  const metrics = createMetrics();
  const url = await serve(metrics);
  for (const result of ["stored", "refused", "stored"] as const) metrics.webhookReceived(result);
  metrics.contradiction();
  const text = await scrape(url);
  expect(samples(text, "ebp_webhooks_total")).toEqual([
    '{result="stored"} 2',
    '{result="repeated"} 0',
    '{result="refused"} 1',
  ]);
  expect(samples(text, "ebp_contradictions_total")).toEqual(["1"]);
});

test("adds up what runs of the reconciler have done", async () => {
  const metrics = createMetrics();
  const url = await serve(metrics);
  metrics.reconciled({ lookedUp: 3, resolved: 0 });
  metrics.reconciled({ lookedUp: 2, failed: 1 });
  expect(samples(await scrape(url), "ebp_reconciled_total")).toEqual([
    '{what="lookedUp"} 5',
    '{what="resolved"} 0',
    '{what="failed"} 1',
  ]);
});

test("keeps each instance's counts apart, and out of the global registry", async () => {
  const [one, other] = [createMetrics(), createMetrics()];
  one.contradiction();
  expect(samples(await scrape(await serve(one)), "ebp_contradictions_total")).toEqual(["1"]);
  expect(samples(await scrape(await serve(other)), "ebp_contradictions_total")).toEqual(["0"]);
  expect(globalRegistry.getMetricsAsArray()).toEqual([]);
});

test("shows how long each store's access key will work, at the moment of each look", async () => {
  const metrics = createMetrics();
  const url = await serve(metrics);
  const name = "ebp_access_key_expires_in_seconds";
  expect(samples(await scrape(url), name)).toEqual([]);
  let passed = 0;
  metrics.accessKeys(() => [
    { storeId: "KR01", expiresInSeconds: 100 - passed },
    { storeId: 'US"01', expiresInSeconds: -1 - passed },
  ]);
  expect(samples(await scrape(url), name)).toEqual(['{store="KR01"} 100', '{store="US\\"01"} -1']);
  passed = 200;
  expect(samples(await scrape(url), name)).toEqual(['{store="KR01"} -100', '{store="US\\"01"} -201']);
});

describe("the open cancellations", () => {
  test("are read anew each time somebody looks", async () => {
    const metrics = createMetrics();
    const answers = [[UNKNOWN, PENDING], [{ ...UNKNOWN, count: 1 }], []];
    let reads = 0;
    metrics.openCancellations(() => Promise.resolve(answers[(reads += 1) - 1] ?? []));
    const url = await serve(metrics);
    expect(reads).toBe(0);
    const first = await scrape(url);
    expect(samples(first, "ebp_open_cancellations")).toEqual([
      '{status="UNKNOWN"} 2',
      '{status="PENDING"} 1',
    ]);
    expect(samples(first, "ebp_oldest_open_cancellation_seconds")).toEqual([
      '{status="UNKNOWN"} 61.5',
      '{status="PENDING"} 0.25',
    ]);
    // A status that is no longer there is not shown as it was.
    expect(samples(await scrape(url), "ebp_open_cancellations")).toEqual(['{status="UNKNOWN"} 1']);
    expect(samples(await scrape(url), "ebp_open_cancellations")).toEqual([]);
    expect(reads).toBe(3);
  });

  test.each<[string, () => Promise<OpenCancellations[]>]>([
    ["fails", () => Promise.reject(new Error("SECRET"))],
    [
      "fails at once",
      () => {
        throw new Error("SECRET");
      },
    ],
    ["gives no numbers", () => Promise.resolve([UNKNOWN, { ...PENDING, count: "SECRET" as never }])],
    ["never ends", () => new Promise(() => undefined)],
  ])("are left out, and the rest is shown, when reading them %s", async (_how, failing) => {
    const metrics = createMetrics({ readTimeoutMs: 50 });
    let read = (): Promise<OpenCancellations[]> => Promise.resolve([UNKNOWN]);
    metrics.openCancellations(() => read());
    const url = await serve(metrics);
    expect(samples(await scrape(url), "ebp_open_cancellations")).toHaveLength(1);
    read = failing;
    const text = await scrape(url);
    expect(samples(text, "ebp_open_cancellations")).toEqual([]);
    expect(samples(text, "ebp_oldest_open_cancellation_seconds")).toEqual([]);
    expect(samples(text, "ebp_metrics_read_errors_total")).toEqual(["1"]);
    expect(samples(text, "ebp_webhooks_total")).toHaveLength(3);
    expect(text).not.toContain("SECRET");
  });

  test("are shown again after a reading that failed", async () => {
    const metrics = createMetrics();
    let reads = 0;
    metrics.openCancellations(() => {
      if ((reads += 1) === 1) throw new Error("the database is away");
      return Promise.resolve([UNKNOWN]);
    });
    const url = await serve(metrics);
    await scrape(url);
    const text = await scrape(url);
    expect(samples(text, "ebp_open_cancellations")).toEqual(['{status="UNKNOWN"} 2']);
    expect(samples(text, "ebp_metrics_read_errors_total")).toEqual(["1"]);
  });

  test("are read once for all who look at the same time", async () => {
    const metrics = createMetrics();
    let reads = 0;
    let answer: (open: OpenCancellations[]) => void = () => undefined;
    const answered = new Promise<OpenCancellations[]>((resolve) => (answer = resolve));
    metrics.openCancellations(() => {
      reads += 1;
      return answered;
    });
    const looks = Array.from({ length: 10 }, () => metrics.expose());
    answer([UNKNOWN]);
    for (const { text } of await Promise.all(looks)) {
      expect(samples(text, "ebp_open_cancellations")).toEqual(['{status="UNKNOWN"} 2']);
    }
    expect(reads).toBe(1);
  });
});

test("has no label with anything a caller sent", async () => {
  const metrics = createMetrics();
  const url = await serve(metrics);
  await fetch(`${url}/metrics?x=SECRET`, { headers: { "user-agent": "SECRET" } });
  await fetch(`${url}/SECRET`, { method: "POST", body: "SECRET" });
  expect(await scrape(url)).not.toContain("SECRET");
});
